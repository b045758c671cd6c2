"""Helping people back in: opened here, approved by another, and told as a story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from ostiary import assurance, events, factors, operators, privacy
from ostiary.email_addresses import canonical
from ostiary.notifications import addresses_of

from .. import support
from ..addresses import email_of, find_user, is_of_another
from ..forms import EmailAddressField
from ..models import SupportCase

PAGES = "admin/ostiary_accounts/supportcase/"


class OpenCaseForm(forms.Form):
    """Whom to help, why, and with what."""

    person = EmailAddressField(autocomplete="off")
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=_("What the user wrote, and where, such as a ticket number."),
    )
    checked = forms.CharField(
        label=_("Identity check"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        help_text=_(
            "How you verified the user’s identity. Stored encrypted. The user can ask to see it."
        ),
    )
    resets_factors = forms.BooleanField(
        label=_("Remove two-step verification and passkeys"),
        required=False,
        help_text=_("Only if the user has lost all of them."),
    )
    email = EmailAddressField(autocomplete="off")

    field_order = ["person", "reason", "checked", "resets_factors", "email"]

    def __init__(self, *args: Any, operator: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.operator = operator
        self.found: Any = None
        self.fields["person"].label = _("Email address of the account")
        self.fields["email"].label = _("New email address")
        self.fields["email"].required = False
        self.fields["email"].help_text = _(
            "Only if the user has lost access to the current one. There is a waiting "
            "period, and the current email address is notified every day. If empty, "
            "the link goes to the current email address."
        )
        if not factors.are_kept():
            del self.fields["resets_factors"]

    def clean_person(self) -> str:
        """Somebody whom this operator may help, and who is not helped already."""
        address: str = self.cleaned_data["person"]
        self.found = find_user(address)
        if self.found is None or not self.found.is_active:
            raise ValidationError(_("No active account has this email address."))
        if self.found.pk == self.operator.pk:
            raise ValidationError(_("This is your own account. Ask another operator."))
        if not support.may_help(self.operator, self.found, support.OPEN):
            raise ValidationError(
                _("This user is an operator. Only a superuser can recover their account.")
            )
        if support.of(self.found) is not None:
            raise ValidationError(
                _("This account already has an open recovery. Stop that one first.")
            )
        return address

    def clean(self) -> dict[str, Any]:
        """A link has somewhere to go, and there is something to remove."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.found is None or self.errors:
            return cleaned
        email = cleaned.get("email", "")
        if not email and not addresses_of(self.found):
            self.add_error(
                "email", _("The current email address was never verified. Enter a new one.")
            )
        elif email and canonical(email) == canonical(email_of(self.found)):
            self.add_error(
                "email", _("The account already has this email address. Leave this empty.")
            )
        elif email and is_of_another(email, self.found):
            self.add_error("email", _("An account with this email address already exists."))
        if cleaned.get("resets_factors") and not factors.factors_of(self.found):
            self.add_error("resets_factors", _("The user has no two-step verification to remove."))
        return cleaned


@dataclass(frozen=True)
class Step:
    """What an operator can do in an open case, after they have confirmed it."""

    label: Any
    words: Any
    permission: str
    do: Callable[[Any, SupportCase], bool]
    done: Any
    danger: bool = False


STEPS = {
    "approve": Step(
        _("Approve"),
        _("By approving, you confirm that you have verified the user’s identity."),
        support.APPROVE,
        support.approve,
        _("You approved the recovery."),
    ),
    "send": Step(
        _("Send the link"),
        _("A link that works for an hour is sent by email. Earlier links stop working."),
        support.CHANGE,
        lambda operator, case: support.send_link(case, operator),
        _("The link was sent by email."),
    ),
    "stop": Step(
        _("Stop"),
        _("The recovery ends, and the user is notified."),
        support.CHANGE,
        lambda operator, case: support.stop(case.user, "operator", operator=operator),
        _("Recovery stopped."),
        danger=True,
    ),
}


def possible_steps(operator: Any, case: SupportCase) -> list[str]:
    """What this operator can do in the case as it is now."""
    if not case.is_open:
        return []
    approvable = (
        operators.takes_two() and case.approved_by_id is None and case.opened_by_id != operator.pk
    )
    fits = {
        "approve": approvable,
        "send": case.is_ready and support.is_backed(case),
        "stop": True,
    }
    return [
        name
        for name, step in STEPS.items()
        if fits[name] and support.may_help(operator, case.user, step.permission)
    ]


@admin.register(SupportCase)
class SupportCaseAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Cases: opened and gone on with by pages that ask first; no field is ever edited."""

    list_display = ["user", "progress", "opened_at", "opened_by", "approved_by", "expires_at"]
    list_filter = ["state", "opened_at"]
    list_select_related = ["user", "opened_by", "approved_by"]
    search_fields = ["=id", "=user__pk"]
    ordering = ["-id"]
    show_full_result_count = False
    change_form_template = f"{PAGES}change_form.html"
    fields = [
        *("user", "progress", "resets_factors", "email", "opened_by", "opened_at"),
        *("approved_by", "approved_at", "ready_at", "expires_at", "link_sent_at"),
    ]
    readonly_fields = ["progress"]

    @admin.display(description=_("state"))
    def progress(self, case: SupportCase) -> str:
        """What it waits for, or what came of it."""
        if not case.is_open:
            ended = SupportCase.State.EXPIRED if case.state == case.State.OPEN else case.state
            return str(SupportCase.State(ended).label)
        if not support.is_backed(case):
            return str(_("waiting for approval"))
        if not case.is_ready:
            return str(_("in the waiting period"))
        return str(_("waiting for the user"))

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """By id, and by the person's address, whatever field that is."""
        return [*self.search_fields, f"user__{get_user_model().get_email_field_name()}"]

    def has_change_permission(self, request: HttpRequest, obj: SupportCase | None = None) -> bool:
        """Nobody edits a case; the permission stands for the steps."""
        return obj is None and super().has_change_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: SupportCase | None = None) -> bool:
        """Who may do anything about cases sees them."""
        label, user = self.opts.app_label, request.user
        each = ("view_supportcase", support.OPEN, support.APPROVE, support.CHANGE)
        return any(user.has_perm(f"{label}.{permission}") for permission in each)

    def has_delete_permission(self, request: HttpRequest, obj: SupportCase | None = None) -> bool:
        """Nobody: a case is stopped, and its story stays."""
        return False

    # --- pages ----------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """The page of each step, before those of single rows."""
        here = self.admin_site.admin_view(assurance.step_up()(self.step_view))
        name = "ostiary_accounts_supportcase_step"
        return [path("<uuid:pk>/<slug:step>/now/", here, name=name), *super().get_urls()]

    @method_decorator(sensitive_post_parameters("reason", "checked"))
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Open a case: fill in, look at what will happen, confirm."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return assurance.step_up()(self._open_view)(request)

    def _open_view(self, request: HttpRequest) -> HttpResponse:
        posted = request.POST if request.method == "POST" else None
        form = OpenCaseForm(posted, operator=request.user)
        context = {"title": _("Start a recovery"), "form": form}
        if not form.is_valid() or "change" in request.POST:
            return self._page(request, "open", **context)
        given = form.cleaned_data
        if "confirmed" not in request.POST:
            removes = given.get("resets_factors", False)
            told = {"person": form.found, "email": given["email"], "removes": removes}
            told |= {"what": support.WORDS[removes], "two": operators.takes_two()}
            return self._page(request, "open_confirm", **context, **told)
        case = support.open_case(
            request.user,
            form.found,
            reason=given["reason"],
            checked=given["checked"],
            resets_factors=given.get("resets_factors", False),
            email=given["email"],
        )
        if case is None:
            form.add_error(
                "person", _("This account already has an open recovery. Stop that one first.")
            )
            return self._page(request, "open", **context)
        self.message_user(
            request,
            _("The recovery has started, and the user has been notified."),
            messages.SUCCESS,
        )
        return HttpResponseRedirect(self._url(case))

    def step_view(self, request: HttpRequest, pk: Any, step: str) -> HttpResponse:
        """Ask, then do one step. What is not possible (any more) is refused."""
        case = self.get_queryset(request).select_related("user", "opened_by", "approved_by")
        found = case.filter(pk=pk).first()
        if not self.has_view_permission(request):
            raise PermissionDenied
        if found is None or step not in STEPS:
            raise Http404
        chosen = STEPS[step]
        if not support.may_help(request.user, found.user, chosen.permission):
            raise PermissionDenied
        if step not in possible_steps(request.user, found):
            return self._too_late(request, found)
        if request.method != "POST":
            told = {"title": chosen.label, "step": chosen, "story": _story(found)}
            return self._page(request, "step", case=found, back=self._url(found), **told)
        if not chosen.do(request.user, found):
            return self._too_late(request, found)
        self.message_user(request, chosen.done, messages.SUCCESS)
        return HttpResponseRedirect(self._url(found))

    def _too_late(self, request: HttpRequest, case: SupportCase) -> HttpResponse:
        words = _("That’s not possible any more. Check the state of the recovery.")
        self.message_user(request, words, messages.WARNING)
        return HttpResponseRedirect(self._url(case))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The case with its story, and the steps that are possible."""
        case: SupportCase = kwargs["obj"]
        context["story"] = _story(case)
        context["steps"] = [
            (self._step_url(case, name), STEPS[name].label)
            for name in possible_steps(request.user, case)
        ]
        return super().render_change_form(request, context, *args, **kwargs)

    def _page(self, request: HttpRequest, page: str, **context: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"{PAGES}{page}.html", context)

    def _url(self, case: SupportCase) -> str:
        return reverse(
            f"{self.admin_site.name}:ostiary_accounts_supportcase_change", args=[case.pk]
        )

    def _step_url(self, case: SupportCase, step: str) -> str:
        name = f"{self.admin_site.name}:ostiary_accounts_supportcase_step"
        return reverse(name, args=[case.pk, step])


def _story(case: SupportCase) -> list[dict[str, Any]]:
    """What has happened, oldest first: when, what, by whom, and what was written down."""
    steps = support.steps(case)
    operators = {each.details["operator"] for each in steps if "operator" in each.details}
    subjects = privacy.subjects_of(operators)
    people = get_user_model()._default_manager.in_bulk(subjects.values())
    by_id = {str(key): found.get_username() for key, found in people.items()}
    names = {name: by_id.get(subject, "") for name, subject in subjects.items()}
    story = []
    for each in steps:
        told = events.personal_details(each)
        by = each.details.get("operator", "")
        story.append(
            {
                "at": timezone.localtime(each.at),
                "words": events.sentence(each.kind),
                "by": names.get(by, by) or BY.get(each.details.get("by", ""), ""),
                "reason": told.get("reason", ""),
                "checked": told.get("checked", ""),
                "email": told.get("email", ""),
            }
        )
    return story


BY = {
    "person": _("the user"),
    "signin": _("the user, by signing in"),
    "not_me": _("the user, who reported that it wasn’t them"),
    "email": _("a change of the email address"),
}
"""What else than an operator stops a case."""
