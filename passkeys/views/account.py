"""A person's passkeys: added, renamed, removed."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from fido2.utils import websafe_encode

from ostiary import signin as signins
from ostiary.pages import form_page, posted
from ostiary.second_step import SecondStep

from .. import changes
from ..ceremonies import Purpose, begin_registration, finish_registration, user_entity
from ..conf import rp_id
from ..forms import AnswerForm, NameForm
from ..models import Credential
from ..offer import PasskeyOffer, decline
from ..verification import CeremonyRefused
from . import asks_for_options, change_of_passkeys, next_url, options, show, tell


@sensitive_post_parameters("answer")
@change_of_passkeys
def passkeys(request: HttpRequest) -> HttpResponse:
    """The person's passkeys, and another."""
    user: Any = request.user
    if asks_for_options(request):
        return options(request, lambda: begin_registration(request, user))
    form = AnswerForm(posted(request))
    if _added(request, user, form, Purpose.REGISTER):
        return HttpResponseRedirect(next_url(request) or request.path)
    own = list(Credential.objects.filter(user=user))
    return show(request, "passkeys", form, passkeys=own, signals=_signals(user, own))


def _added(request: HttpRequest, user: Any, form: AnswerForm, purpose: Purpose) -> bool:
    """Whether the form brought a passkey, which is the person's now."""
    if not form.is_valid():
        return False
    try:
        credential = finish_registration(request, user, form.cleaned_data["answer"], purpose)
    except CeremonyRefused as refused:
        changes.refused(request, refused, user)
        tell(form, refused)
        return False
    messages.success(request, _("Your passkey is saved as “%(name)s”.") % {"name": credential.name})
    return True


@sensitive_post_parameters("answer")
@form_page
def offer(request: HttpRequest) -> HttpResponse:
    """The step that offers a passkey after a password; with ``automatic`` the browser makes one by
    itself, where it does."""
    found = signins.pending(request)
    if found is None or not PasskeyOffer().is_required(request, found[1], found[0]):
        return HttpResponseRedirect(resolve_url(settings.LOGIN_URL))
    user = found[1]
    if "later" in request.POST:
        return decline(signins.advance(request, PasskeyOffer.name))
    purpose = Purpose.UPGRADE if "automatic" in request.GET else Purpose.REGISTER
    if asks_for_options(request):
        return options(request, lambda: begin_registration(request, user, purpose))
    form = AnswerForm(posted(request))
    if _added(request, user, form, purpose):
        # It is a second factor from now on, and made by who was to show one: it isn't asked for.
        return signins.advance(request, SecondStep.name)
    return show(request, "offer", form)


def _signals(user: Any, own: list[Credential]) -> str:
    """What our script has the browser tell the person's password managers (WebAuthn Level 3
    §5.1.10), in JSON: which passkeys there are, and what the person is called."""
    entity = user_entity(user)
    whose = {"rpId": rp_id(), "userId": entity["id"]}
    ids = [websafe_encode(bytes(each.credential_id)) for each in own]
    return json.dumps(
        {
            "signalAllAcceptedCredentials": {**whose, "allAcceptedCredentialIds": ids},
            "signalCurrentUserDetails": {
                **whose,
                "name": entity["name"],
                "displayName": entity["displayName"],
            },
        }
    )


@change_of_passkeys
def rename(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give one another name."""
    credential = _own(request, pk)
    form = NameForm(posted(request), initial={"name": credential.name})
    if not form.is_valid():
        return show(request, "rename", form, passkey=credential)
    changes.rename(request, credential, form.cleaned_data["name"])
    messages.success(request, _("The name is saved."))
    return redirect("ostiary_passkeys:passkeys")


@change_of_passkeys
def remove(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask, and remove one; the last way in stays."""
    credential = _own(request, pk)
    if request.method != "POST":
        last = changes.is_last_way_in(credential)
        return show(request, "remove", NameForm(), passkey=credential, is_last_way_in=last)
    try:
        changes.remove(request, credential)
    except changes.LastWayIn:
        return redirect("ostiary_passkeys:remove", pk=pk)
    messages.success(request, _("The passkey is removed."))
    return redirect("ostiary_passkeys:passkeys")


def _own(request: HttpRequest, pk: uuid.UUID) -> Credential:
    return get_object_or_404(Credential.objects.select_related("user"), pk=pk, user=request.user)
