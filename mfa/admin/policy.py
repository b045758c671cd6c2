"""Who has to have a second factor, how many have one, and helping who lost theirs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from ostiary import assurance, events, factor_resets, factors
from ostiary.admin import FreshOperatorMixin
from ostiary.operators import may_act_on, takes_two

from ..adoption import adoption
from ..models import GroupPolicy, TrustedDevice
from ..policy import policy_for

PERMISSION = "ostiary_mfa.reset_factors"
PAGES = "admin/ostiary_mfa/grouppolicy/"


class ResetForm(forms.Form):
    """Why a person's second factors are removed: the person reads it."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=_("Shown to the user, such as “You told us that your phone is lost.”"),
    )


TOLD = {
    factor_resets.Outcome.DONE: (_("Removed. The user was notified."), messages.SUCCESS),
    factor_resets.Outcome.WAITS: (
        _("Another administrator has to approve this."),
        messages.WARNING,
    ),
    factor_resets.Outcome.NOTHING: (_("There is nothing left to remove."), messages.WARNING),
}


@admin.register(GroupPolicy)
class GroupPolicyAdmin(FreshOperatorMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    """What is asked of the members of groups; every change is told to the log."""

    list_display = ["group", "requirement", "grace_days"]
    list_select_related = ["group"]
    change_list_template = f"{PAGES}change_list.html"
    actions = None

    def get_readonly_fields(
        self, request: HttpRequest, obj: GroupPolicy | None = None
    ) -> list[str]:
        """A policy stays that of its group."""
        return ["group"] if obj else []

    # --- what is done ---------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: GroupPolicy, form: Any, change: bool) -> None:
        """Save what the form says."""
        before = GroupPolicy.objects.filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)
        self._record(request, before, obj)

    def delete_model(self, request: HttpRequest, obj: GroupPolicy) -> None:
        """From now on what is asked of everybody counts for the group."""
        self._record(request, obj, None)
        super().delete_model(request, obj)

    @staticmethod
    def _record(
        request: HttpRequest, before: GroupPolicy | None, after: GroupPolicy | None
    ) -> None:
        """About the operator, whom it tells of."""
        group = (after or before).group  # type: ignore[union-attr]
        details = {"group": group.pk, "before": _told(before), "after": _told(after)}
        events.record(
            "second_step_policy.changed", user=request.user, request=request, details=details
        )

    # --- pages ----------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The policies, below how many people have what."""
        everybody, rows = adoption()
        told = {"everybody": everybody, "adoption": rows}
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        """The page of a person, before those of single rows."""
        view = self.admin_site.admin_view(self.person_view)
        return [path("person/<path:pk>/", view, name="ostiary_mfa_person"), *super().get_urls()]

    def person_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """All factors of a person, passkeys too; who may remove one, or all, gives a reason."""
        operator: Any = request.user
        if not self.has_view_permission(request) and not operator.has_perm(PERMISSION):
            raise PermissionDenied
        person = _person(pk)
        if request.method == "POST" and not may_act_on(operator, person, PERMISSION):
            raise PermissionDenied
        if may_act_on(operator, person, PERMISSION):
            return assurance.step_up(assurance.Level.AAL1)(self._resetting)(request, person)
        return self._page(request, person, None)

    def _resetting(self, request: HttpRequest, person: Any) -> HttpResponse:
        form = ResetForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self._page(request, person, form)
        outcome = factor_resets.ask(
            request.user,
            person,
            form.cleaned_data["reason"],
            permission=PERMISSION,
            factor=request.POST.get("factor", ""),
        )
        words, level = TOLD[outcome]
        self.message_user(request, words, level)
        return HttpResponseRedirect(
            reverse(f"{self.admin_site.name}:ostiary_mfa_person", args=[person.pk])
        )

    def _page(self, request: HttpRequest, person: Any, form: ResetForm | None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Two-step verification of a user"),
            "person": person,
            "own": factors.each_of(person),
            "waiting": factor_resets.waiting(person),
            "takes_two": takes_two(),
            "factors": factors.factors_of(person),
            "trusted": TrustedDevice.objects.filter(user=person).count(),
            "policy": policy_for(person),
            "form": form,
        }
        return TemplateResponse(request, f"{PAGES}person.html", context)


def _person(pk: str) -> Any:
    model = get_user_model()
    try:
        return model._default_manager.get(pk=model._meta.pk.to_python(pk))
    except (model.DoesNotExist, ValidationError):
        raise Http404 from None


def _told(policy: GroupPolicy | None) -> dict[str, Any]:
    if policy is None:
        return {}
    return {"requirement": policy.requirement, "grace_days": policy.grace_days}
