"""Removals of second factors that wait for another operator: approved or stopped here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from . import factor_resets
from .assurance import step_up
from .models import FactorReset
from .read_only_admin import ReadOnlyAdmin


@admin.register(FactorReset)
class FactorResetAdmin(ReadOnlyAdmin):
    """What waits; each leads to the page on which it is decided."""

    list_display = ["decide", "requested_by", "requested_at", "expires_at"]
    list_display_links = None
    list_select_related = ["user", "requested_by"]
    fields = ["user", "requested_by", "requested_at", "expires_at"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[FactorReset]:
        """Those that are not over."""
        return super().get_queryset(request) & FactorReset.objects.filter(
            pk__in=factor_resets.waiting().values("pk")
        )

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """By the person's id and address."""
        return ["=user__pk", f"user__{get_user_model().get_email_field_name()}"]

    @admin.display(description=_("user"))
    def decide(self, asked: FactorReset) -> str:
        """Leads to the page of the removal."""
        name = f"{self.admin_site.name}:ostiary_factorreset_decide"
        return format_html('<a href="{}">{}</a>', reverse(name, args=[asked.pk]), asked.user)

    def get_urls(self) -> list[URLPattern]:
        """The page of a removal, before those of single rows."""
        view = self.admin_site.admin_view(step_up()(self.decide_view))
        name = "ostiary_factorreset_decide"
        return [path("<uuid:pk>/decide/", view, name=name), *super().get_urls()]

    def decide_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """What is asked for, by whom and why, with what this operator may do about it."""
        operator: Any = request.user
        asked = factor_resets.waiting().filter(pk=pk).first()
        if asked is None:
            raise Http404
        if not factor_resets.may_stop(operator, asked):
            raise PermissionDenied
        if request.method == "POST":
            return self._decide(request, asked)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Remove two-step verification"),
            "asked": asked,
            "factors": factor_resets.named(asked),
            "may_approve": factor_resets.may_approve(operator, asked),
        }
        return TemplateResponse(request, "admin/ostiary/factorreset/decide.html", context)

    def _decide(self, request: HttpRequest, asked: FactorReset) -> HttpResponse:
        if "stop" in request.POST:
            is_done, words = factor_resets.stop(request.user, asked.pk), _("Removal stopped.")
        else:
            is_done = factor_resets.approve(request.user, asked.pk)
            words = _("Removed. The user was notified.")
        if is_done:
            self.message_user(request, words, messages.SUCCESS)
        else:
            words = _("Nothing was removed: the request ended, or its author lost the permission.")
            self.message_user(request, words, messages.WARNING)
        name = f"{self.admin_site.name}:ostiary_factorreset_changelist"
        may_list = self.has_view_permission(request)
        return HttpResponseRedirect(reverse(name if may_list else f"{self.admin_site.name}:index"))
