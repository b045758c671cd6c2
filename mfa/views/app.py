"""Authenticator apps: set up, asked for, renamed, removed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from ostiary.pages import posted

from .. import app_factor, challenge, changes, qr
from ..app_factor import KIND
from ..forms import AppCodeForm, AppSetUpForm, NameForm, RemoveForm
from ..models import AuthenticatorApp
from ..protect import change_of_factors, set_up_done, set_up_of_factors
from . import security_url, show


@sensitive_post_parameters("code")
@challenge.challenge_page(KIND.name)
def app_challenge(request: HttpRequest, user: Any) -> HttpResponse:
    """The second step of a sign-in: the code that the app shows now."""
    form = AppCodeForm(posted(request), digits=app_factor.digits(user))
    if form.is_valid():
        device = app_factor.shown(request, user, form.cleaned_data["code"])
        if device is not None:
            return challenge.passed(request, device, KIND.name)
        challenge.failed(request, user, KIND.name)
        form.add_error("code", _not_the_code())
    told = challenge.told(request, user, KIND.name)
    return show(request, "app_challenge", form, **told)


def _not_the_code() -> str:
    return _("Wrong code, or already used. Wait for the app to show the next one, then enter it.")


@set_up_of_factors
def begin(request: HttpRequest, user: Any) -> HttpResponse:
    """List what there is; who has none, or replaces one, is shown a key at once."""
    devices = KIND.devices(user)
    replaces = next((d.pk for d in devices if str(d.pk) == request.GET.get("replaces")), None)
    if request.method == "POST":
        app_factor.begin(request, user, replaces)
        return redirect("ostiary_mfa:app_confirm")
    if devices and replaces is None:
        return show(request, "app", Form(), devices=devices)
    device = app_factor.begun(request, user, replaces)
    return _set_up_page(request, device, AppSetUpForm(), replaces=replaces)


@sensitive_post_parameters("code")
@set_up_of_factors
def confirm(request: HttpRequest, user: Any) -> HttpResponse:
    """Show the key, and take the first code: from then on it counts."""
    device = app_factor.waiting(request, user)
    if device is None:
        messages.error(request, _("This took too long. Start again."))
        return redirect("ostiary_mfa:app")
    form = AppSetUpForm(posted(request))
    if form.is_valid():
        given = form.cleaned_data
        if app_factor.confirm(request, device, given["code"], name=given["name"]):
            messages.success(request, _("Authenticator app turned on."))
            return set_up_done(request, device)
        form.add_error("code", _not_the_code())
    return _set_up_page(request, device, form, replaces=app_factor.replaced(request))


def _set_up_page(
    request: HttpRequest, device: AuthenticatorApp, form: AppSetUpForm, *, replaces: int | None
) -> HttpResponse:
    return show(
        request,
        "app_confirm",
        form,
        device=device,
        replaces=replaces,
        qr=qr.svg(device.provisioning_uri()),
        key=qr.grouped(device.key_in_text()),
    )


@change_of_factors
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it another name."""
    device = _own(request, pk)
    form = NameForm(posted(request), initial={"name": device.name})
    if not form.is_valid():
        return show(request, "app_change", form, device=device)
    changes.rename(request, device, form.cleaned_data["name"], KIND)
    messages.success(request, _("Name saved."))
    return redirect("ostiary_mfa:app")


@sensitive_post_parameters("password")
@change_of_factors
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, and remove it; who has no factor left shows that their password is long enough."""
    device = _own(request, pk)
    form = RemoveForm(posted(request), request=request)
    if not form.is_valid():
        return show(request, "app_remove", form, device=device)
    changes.remove(request, device, KIND)
    messages.success(request, _("Authenticator app removed."))
    return HttpResponseRedirect(security_url())


def _own(request: HttpRequest, pk: int) -> AuthenticatorApp:
    return get_object_or_404(AuthenticatorApp, pk=pk, user=request.user, confirmed=True)
