"""Who gets into an administration: operators who have shown two factors (SECURITY G1)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from . import assurance, factors
from .signin import safe_next_url

OPERATOR_SECONDS = 12 * 3600
"""After so long an operator shows both factors again, also in a session that lasts longer."""


def is_verified(request: HttpRequest) -> bool:
    """Whether the session was begun by two factors, within ``OPERATOR_SECONDS``.

    On a site that keeps no second factors one is enough.
    """
    shown = assurance.current(request)
    return not factors.are_kept() or (
        shown is not None
        and shown.level.satisfies(assurance.Level.AAL2)
        and shown.is_fresh(OPERATOR_SECONDS)
    )


class VerifiedOperatorMixin:
    """For an ``AdminSite``: lets in whom that lets in, if they have shown two factors.

    The rest are led to show a second one, or told how to set one up. A password is changed where
    everybody changes theirs::

        class AdminSite(VerifiedOperatorMixin, admin.AdminSite): ...
    """

    name: str

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the visitor gets in."""
        return super().has_permission(request) and is_verified(request)  # type: ignore[misc]

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask an operator who is signed in by one factor for a second one."""
        if not super().has_permission(request) or is_verified(request):  # type: ignore[misc]
            answer: HttpResponse = super().login(request, extra_context)  # type: ignore[misc]
            return answer
        index = reverse("admin:index", current_app=self.name)
        wanted = safe_next_url(request, request.GET.get(REDIRECT_FIELD_NAME)) or index
        again = assurance.reauthentication_url(wanted, acr=assurance.Level.AAL2.value)
        if factors.has_strong(request.user):
            return HttpResponseRedirect(again)
        told = {"again": again, "ways": factors.ways_to_set_up(request, request.user)}
        return render(request, "ostiary/second_step_needed.html", told, status=403)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to where people change their password, whoever they are: there it is confirmed,
        logged and told. Without ``ostiary.accounts`` Django's own page, after a fresh sign-in."""
        try:
            return HttpResponseRedirect(reverse("ostiary_accounts:security"))
        except NoReverseMatch:
            return assurance.step_up()(super().password_change)(request, extra_context)  # type: ignore[misc]

    def password_change_done(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say that it is done, where it was done here."""
        try:
            return HttpResponseRedirect(reverse("ostiary_accounts:security"))
        except NoReverseMatch:
            answer: HttpResponse = super().password_change_done(request, extra_context)  # type: ignore[misc]
            return answer
