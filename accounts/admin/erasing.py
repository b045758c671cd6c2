"""Erasing a person who writes in: what *Delete* means in the administration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ostiary import assurance, erasure, retention
from ostiary.conf import ostiary_settings


class ErasePersonForm(forms.Form):
    """Why somebody is erased who didn't ask for it here."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=_("What the user wrote, and where. Deleted together with the account."),
    )


class ErasedNotDeletedMixin:
    """For the ``ModelAdmin`` of people: *Delete* asks for a reason and starts an erasure, after a
    fresh proof of who the operator is. Nobody's row is deleted by itself, nor many at once."""

    admin_site: admin.AdminSite
    opts: Any

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Ask for the reason, then for the erasure."""
        here: Any = self
        person = here.get_object(request, unquote(object_id))
        if person is None:
            raise Http404
        if not here.has_delete_permission(request, person):
            raise PermissionDenied
        return assurance.step_up()(self._erase_view)(request, person)

    def _erase_view(self, request: HttpRequest, person: Any) -> HttpResponse:
        form = ErasePersonForm(request.POST if request.method == "POST" else None)
        waiting = erasure.of(person)
        if waiting is not None or not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Delete user"),
                "person": person,
                "form": form,
                "waiting": waiting,
                "days": ostiary_settings.ERASURE_GRACE_DAYS,
                "kept": retention.kept_of(person),
                "back": self._page_of(person),
            }
            return TemplateResponse(request, "admin/ostiary_accounts/user/erase.html", context)
        erasure.request(
            person,
            by=erasure.By.OPERATOR,
            reason=form.cleaned_data["reason"],
            operator=request.user,
        )
        words = _("The deletion is scheduled, and the user has been notified.")
        messages.success(request, words)
        return HttpResponseRedirect(self._page_of(person))

    def _page_of(self, person: Any) -> str:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
        return reverse(name, args=[person.pk])
