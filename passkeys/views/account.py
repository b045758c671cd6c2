"""A person's passkeys: added, renamed, removed."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from fido2.utils import websafe_encode

from ostiary.pages import posted

from .. import changes, policy
from ..ceremonies import Purpose, begin_registration, finish_registration, user_entity
from ..conf import rp_id
from ..forms import AnswerForm, NameForm
from ..models import Credential
from ..verification import CeremonyRefused
from . import MESSAGES, asks_for_options, change_of_passkeys, next_url, options, show, tell


@sensitive_post_parameters("answer")
@change_of_passkeys
def passkeys(request: HttpRequest) -> HttpResponse:
    """The person's passkeys, and another."""
    user: Any = request.user
    if asks_for_options(request):
        return options(request, lambda: begin_registration(request, user))
    form = AnswerForm(posted(request))
    made = added(request, user, form, Purpose.REGISTER)
    if isinstance(made, Credential):
        return HttpResponseRedirect(next_url(request) or request.path)
    own = list(Credential.objects.filter(user=user))
    full = MESSAGES["too_many"] if policy.is_full(len(own)) else ""
    # Where the answer was refused, the list of those that count tells of it too: not every browser
    # knows both signals.
    signals = {**_signals(user, own), **(json.loads(made) if made else {})}
    return show(request, "passkeys", form, passkeys=own, full=full, signals=json.dumps(signals))


def added(request: HttpRequest, user: Any, form: AnswerForm, purpose: Purpose) -> Credential | str:
    """The passkey that the form brought, which is the person's now; if it brought none, what our
    script is to signal."""
    if not form.is_valid():
        return ""
    try:
        credential = finish_registration(request, user, form.cleaned_data["answer"], purpose)
    except CeremonyRefused as refused:
        changes.refused(request, refused, user)
        return tell(form, refused)
    messages.success(request, _("Passkey saved as “%(name)s”.") % {"name": credential.name})
    return credential


def _signals(user: Any, own: list[Credential]) -> dict[str, Any]:
    """What our script has the browser tell the person's password managers (WebAuthn Level 3
    §5.1.10), in JSON: which passkeys there are, and what the person is called."""
    entity = user_entity(user)
    whose = {"rpId": rp_id(), "userId": entity["id"]}
    ids = [websafe_encode(bytes(each.credential_id)) for each in own]
    return {
        "signalAllAcceptedCredentials": {**whose, "allAcceptedCredentialIds": ids},
        "signalCurrentUserDetails": {
            **whose,
            "name": entity["name"],
            "displayName": entity["displayName"],
        },
    }


@change_of_passkeys
def rename(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Give one another name."""
    credential = _own(request, pk)
    form = NameForm(posted(request), initial={"name": credential.name})
    if not form.is_valid():
        return show(request, "rename", form, passkey=credential)
    changes.rename(request, credential, form.cleaned_data["name"])
    messages.success(request, _("Name saved."))
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
    messages.success(request, _("Passkey removed."))
    return redirect("ostiary_passkeys:passkeys")


def _own(request: HttpRequest, pk: uuid.UUID) -> Credential:
    return get_object_or_404(Credential.objects.select_related("user"), pk=pk, user=request.user)
