"""The admin site: Django's own, behind the site's own sign-in page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ostiary import sessions, signin
from ostiary.admin_site import VerifiedOperatorMixin


class SiteSignIn(admin.AdminSite):
    """Every way in ends in the one gate of ``ostiary.signin``, the operators' too (SECURITY H8)."""

    site_title = site_header = _("Administration")
    index_title = _("Overview")

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send the visitor to the sign-in page and back. Who is no operator is told so: 403."""
        index = reverse("admin:index", current_app=self.name)
        wanted = signin.safe_next_url(request, request.GET.get(REDIRECT_FIELD_NAME)) or index
        if self.has_permission(request):
            return HttpResponseRedirect(wanted)
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(wanted, resolve_url(settings.LOGIN_URL))

    def logout(  # type: ignore[override]  # stubs: the page that Django would show
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sign out of the whole site, in the register too."""
        sessions.sign_out(request)
        return HttpResponseRedirect(resolve_url(settings.LOGOUT_REDIRECT_URL or "/"))


class AdminSite(VerifiedOperatorMixin, SiteSignIn):  # type: ignore[misc]  # stubs: as for logout
    """Operators show two factors."""
