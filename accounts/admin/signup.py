"""Who may sign up, and who is invited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ostiary import events
from ostiary.email_addresses import has_address

from .. import invitations
from ..addresses import find_user, normal_domains, normalize_email, only_domains
from ..models import Invitation, SignUpPolicy
from .addresses import AddressesMixin


class SignUpPolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    """Domains where there must be some."""

    class Meta:
        model = SignUpPolicy
        fields = ["mode", "domains", "contact"]

    def clean_domains(self) -> str:
        """One a line, in the form in which addresses have theirs."""
        return "\n".join(sorted(normal_domains(self.cleaned_data["domains"].split())))

    def clean(self) -> dict[str, Any]:
        """“The domains below” are some."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("mode") == SignUpPolicy.Mode.DOMAINS and not cleaned.get("domains"):
            self.add_error("domains", _("Enter at least one domain."))
        return cleaned


@admin.register(SignUpPolicy)
class SignUpPolicyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One row, which stands in the place of the settings; deleting it lets them hold again."""

    form = SignUpPolicyForm
    list_display = ["mode", "contact"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Once."""
        return super().has_add_permission(request) and not SignUpPolicy.objects.exists()

    def save_model(self, request: HttpRequest, obj: SignUpPolicy, form: Any, change: bool) -> None:
        """Save, and tell the log."""
        super().save_model(request, obj, form, change)
        self._record(request, {name: form.cleaned_data[name] for name in ("mode", "domains")})

    def delete_model(self, request: HttpRequest, obj: SignUpPolicy) -> None:
        """Delete, and tell the log."""
        super().delete_model(request, obj)
        self._record(request, {"mode": "as in the settings"})

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SignUpPolicy]) -> None:
        """There is one at most."""
        for policy in queryset:
            self.delete_model(request, policy)

    @staticmethod
    def _record(request: HttpRequest, details: dict[str, Any]) -> None:
        events.record("signup_policy.changed", user=request.user, request=request, details=details)


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new invitation."""

    days = forms.IntegerField(
        label=_("valid for (days)"),
        min_value=1,
        max_value=invitations.LONGEST_DAYS,
        initial=invitations.LONGEST_DAYS,
    )

    class Meta:
        model = Invitation
        fields = ["email", "name", "message", "group"]

    def clean_email(self) -> str:
        """Of somebody who has neither an account nor an invitation yet."""
        email = normalize_email(self.cleaned_data["email"])
        only_domains(email)
        if find_user(email) is not None:
            raise ValidationError(_("An account with this email address already exists."))
        if Invitation.objects.filter(invitations.OPEN, has_address("email", [email])).exists():
            raise ValidationError(
                _(
                    "This email address already has an invitation. Send that one again, or "
                    "withdraw it."
                )
            )
        return email


_ENDED = Q(accepted_at__isnull=False) | Q(revoked_at__isnull=False)
STATES: dict[str, tuple[Any, Callable[[], Q]]] = {
    "open": (_("open"), lambda: ~_ENDED & Q(expires_at__gt=timezone.now())),
    "expired": (_("expired"), lambda: ~_ENDED & Q(expires_at__lte=timezone.now())),
    "accepted": (_("accepted"), lambda: Q(accepted_at__isnull=False)),
    "withdrawn": (_("withdrawn"), lambda: Q(revoked_at__isnull=False)),
}


class StateFilter(admin.SimpleListFilter):
    """What has become of an invitation."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The states."""
        return [(name, label) for name, (label, _) in STATES.items()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Invitation]
    ) -> QuerySet[Invitation]:
        """Those in the state chosen."""
        chosen = self.value()
        return queryset.filter(STATES[chosen][1]()) if chosen in STATES else queryset


@admin.register(Invitation)
class InvitationAdmin(AddressesMixin):
    """Invitations: sent by saving them, sent again, withdrawn; the worker removes ended ones."""

    form = InvitationForm
    list_display = ["email_address", "state", "sent_at", "expires_at", "invited_by", "accepted_by"]
    list_filter = [StateFilter, "sent_at"]
    list_select_related = ["invited_by", "accepted_by"]
    search_fields = ["email", "name"]
    ordering = ["-id"]
    actions = ["send_again", "withdraw"]
    fields = ["email", "name", "message", "group", "days"]
    told = [
        "email_address",
        "name",
        "message",
        "group",
        "state",
        "created_at",
        "sent_at",
        "expires_at",
        "invited_by",
        "accepted_at",
        "accepted_by",
        "revoked_at",
    ]

    @admin.display(description=_("state"))
    def state(self, invitation: Invitation) -> str:
        """What has become of it."""
        if invitation.accepted_at:
            name = "accepted"
        elif invitation.revoked_at:
            name = "withdrawn"
        else:
            name = "expired" if invitation.expires_at <= timezone.now() else "open"
        return str(STATES[name][0])

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> list[Any]:
        """To fill in, and once it is sent, to read. Only a superuser gives a group."""
        if obj is not None:
            return self.told
        may_give_groups = getattr(request.user, "is_superuser", False)
        return [name for name in self.fields if may_give_groups or name != "group"]

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """What was mailed is not changed; the permission stands for the actions."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """Nobody: an invitation is withdrawn, and stays to be seen for a while."""
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The form; where another operator invited the address at this very moment, it says so."""
        try:
            return super().add_view(request, form_url, extra_context)
        except IntegrityError:  # now the form finds the other invitation
            return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        """To save it is to send it."""
        invitations.send(request, obj, form.cleaned_data["days"])

    @admin.action(description=_("Send again"), permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """A new link for another week; the one before is dead."""
        sent = [each for each in queryset if invitations.may_be_sent(each)]
        for invitation in sent:
            invitations.send(request, invitation)
        text = ngettext("%d invitation was sent.", "%d invitations were sent.", len(sent))
        self.message_user(request, text % len(sent), messages.SUCCESS)

    @admin.action(description=_("Withdraw"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """The link is dead."""
        count = sum(invitations.revoke(request, invitation) for invitation in queryset)
        text = ngettext("%d invitation was withdrawn.", "%d invitations were withdrawn.", count)
        self.message_user(request, text % count, messages.SUCCESS)
