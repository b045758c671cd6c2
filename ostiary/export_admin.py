"""The operator's view of copies of personal data: asked for here for people who write in, and never
read here. Only the person gets the file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from . import assurance, exports, privacy
from .by_address import NotOne, person_of
from .models import Export


class AskForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whose data, and why."""

    person = forms.CharField(label=_("Email address of the user"), widget=AdminTextInputWidget)
    why = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=_("What the user asked for, and how. The reason is included in their export."),
    )

    class Meta:
        model = Export
        fields: list[str] = []

    def clean_person(self) -> Any:
        """Somebody whose data isn't being collected already."""
        try:
            found = person_of(self.cleaned_data["person"])
        except NotOne:
            raise ValidationError(
                _("No account has this email address, or more than one does. Check the address.")
            ) from None
        if exports.waiting_of(found) is not None:
            raise ValidationError(_("An export for this user is already in progress."))
        return found


@admin.register(Export)
class ExportAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Copies: how far each is, who asked for it and why. What is in one nobody sees here."""

    list_display = ["id", "user", "state", "requested_by", "requested_at", "expires_at"]
    list_filter = ["state", "requested_by", "requested_at"]
    list_select_related = ["user"]
    search_fields = ["=id"]
    show_full_result_count = False
    shown = [
        *("id", "user", "state", "requested_by", "by_operator", "why", "requested_at"),
        *("attempts", "problem", "size", "finished_at", "fetched_at", "expires_at"),
    ]

    def get_fields(self, request: HttpRequest, obj: Export | None = None) -> Any:
        """What is asked for a new one, or all that is shown."""
        return self.shown if obj else ["person", "why"]

    def get_readonly_fields(self, request: HttpRequest, obj: Export | None = None) -> Any:
        """All of them, once it is there."""
        return self.shown if obj else []

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Ours, for a new one."""
        return super().get_form(request, obj, change, **kwargs) if obj else AskForm

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: it goes by itself."""
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Ask, after a fresh proof of who the operator is (SECURITY C8)."""
        if not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)
        return assurance.step_up()(self._add)(request)

    def _add(self, request: HttpRequest) -> HttpResponse:
        answer: HttpResponse = super().add_view(request)
        return answer

    def save_model(self, request: HttpRequest, obj: Export, form: Any, change: bool) -> None:
        """Ask for it; the person is told."""
        asked = exports.request(
            form.cleaned_data["person"],
            by=exports.By.OPERATOR,
            reason=form.cleaned_data["why"],
            operator=request.user,
        )
        obj.__dict__.update(asked.__dict__)

    @admin.display(description=_("administrator"))
    def by_operator(self, asked: Export) -> str:
        """The user name of who asked for it, where that was an operator who is still here."""
        subject = privacy.subjects_of([asked.operator]).get(asked.operator)
        people = get_user_model()._default_manager
        operator = people.filter(pk=subject).first() if subject else None
        return operator.get_username() if operator else "–"

    @admin.display(description=_("reason"))
    def why(self, asked: Export) -> str:
        """Why it was asked for in the person's place."""
        return asked.reason or "–"

    @admin.display(description=_("last error"))
    def problem(self, asked: Export) -> str:
        """What the job that collects it met with, without anything personal."""
        return (asked.message.last_error if asked.message else "") or "–"
