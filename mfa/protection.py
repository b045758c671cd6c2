"""What mfa tells of how well an account is protected."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ostiary import protection
from ostiary.protection import Advice, Fact, Order, Report

from . import recovery_codes
from .kinds import Kind, all_kinds
from .policy import policy_for


def report(request: HttpRequest) -> Report:
    """The person's second factors and backup codes (at most six statements)."""
    user = request.user
    kinds = [kind for kind in all_kinds() if kind.alone]
    had = [kind for kind in kinds if kind.devices(user)]
    is_strong = any(kind.raises for kind in had)
    url = _url()
    names = ", ".join(str(kind.label) for kind in had)
    verification = Fact(
        _("Two-step verification"), names or _("Off"), url, is_good=is_strong, if_weak=not had
    )
    told = Report([verification], is_strong=is_strong)
    if had:
        _tell_of_codes(told, request)
    if not is_strong and _may_set_up(request, kinds):
        told.advice.append(_advised(bool(had), url))
    return told


def _advised(has_weak: bool, url: str) -> Advice:
    if has_weak:
        title = _("Use an authenticator app.")
        reason = _("It’s safer than codes by email.")
    else:
        title = _("Turn on two-step verification.")
        reason = _("Your password alone won’t be enough to sign in to your account.")
    return Advice(Order.SECOND_FACTOR, title, reason, ((_("Set up"), url),), if_weak=True)


def _tell_of_codes(told: Report, request: HttpRequest) -> None:
    left = recovery_codes.left(request.user)
    url = reverse("ostiary_mfa:recovery_codes")
    is_enough = left >= recovery_codes.FEW
    words = ngettext("%d code left", "%d codes left", left) % left if left else _("None")
    told.facts.append(Fact(_("Backup codes"), words, url, is_good=is_enough))
    if is_enough:
        return
    reason = _("If you lose your phone, a backup code lets you sign in.")
    title, action = _("Create new backup codes."), _("Create new codes")
    told.advice.append(Advice(Order.BACKUP_CODES, title, reason, ((action, url),)))


def _may_set_up(request: HttpRequest, kinds: list[Kind]) -> bool:
    if policy_for(request.user).is_off:
        return False
    return any(kind.raises and kind.is_offered(request, request.user) for kind in kinds)


def _url() -> str:
    try:
        return reverse("ostiary_accounts:security")
    except NoReverseMatch:
        return reverse("ostiary_mfa:factors")


def register() -> None:
    """Called once, when the app is ready."""
    protection.register("mfa", report, order=30)
