"""Which workloads of other platforms count as which application, and a place to try it out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from .. import workload
from ..client_metadata import SIGNING_ALGS
from ..models import TrustRule
from ..workload import OutsideTokenRefused
from .forms import LinesField, SetField, names, scope_choices
from .told import RuleAdmin


class TrustRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Sets as check boxes, lists as lines."""

    algorithms = SetField(
        choices=names(SIGNING_ALGS),
        initial=["RS256"],
        help_text=_("That its tokens may be signed with: RS256 with most platforms."),
    )
    uses = SetField(
        choices=TrustRule.Use.choices,
        initial=[TrustRule.Use.JWT_BEARER],
        help_text=_("Where the token may be shown."),
    )
    scopes = SetField(
        choices=scope_choices,
        required=False,
        help_text=_("The most that it gets, of those the application may have."),
    )
    audiences = LinesField(
        required=False,
        label=_("APIs"),
        help_text=_(
            "One a line: it gets tokens for one of these, the first where it names none. Empty: "
            "for any that the application may have tokens for."
        ),
    )

    class Meta:
        model = TrustRule
        fields = "__all__"  # noqa: DJ007  (the admin's fieldsets choose)

    def clean_conditions(self) -> Any:
        """An empty text is no condition."""
        return self.cleaned_data["conditions"] or {}


class TryForm(forms.Form):
    """A token to look at."""

    token = forms.CharField(
        label=_("Token"),
        strip=True,
        max_length=workload.MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8, "class": "vLargeTextField", "spellcheck": "false"}),
        help_text=_("A JWT of the outside issuer. It is looked at, and kept nowhere."),
    )


@admin.register(TrustRule)
class TrustRuleAdmin(RuleAdmin):
    """Which workloads of other platforms count as which application (RFC 7523, RFC 8693)."""

    form = TrustRuleForm
    kind = "trust_rule"
    list_display = ["name", "enabled", "issuer", "subject", "client"]
    list_filter = ["enabled", "issuer"]
    list_select_related = ["client"]
    search_fields = ["name", "issuer", "subject"]
    change_list_template = "admin/ostiary_oauth/trustrule/change_list.html"
    fieldsets = [
        (None, {"fields": ["name", "enabled"]}),
        (
            _("Whose tokens"),
            {
                "fields": ["issuer", "jwks_uri", "jwks", "algorithms"],
                "description": _(
                    "A workload shows a token that its own platform signed. The platform is "
                    "trusted to say who its workloads are: name one that you would trust with it."
                ),
            },
        ),
        (
            _("Which of them"),
            {
                "fields": ["audience", "subject", "conditions", "max_age", "single_use"],
                "description": _(
                    "All of this has to hold. Everybody with an account at a public platform can "
                    "get tokens of it: only subject and conditions say that it is you."
                ),
            },
        ),
        (
            _("What it gets"),
            {
                "fields": ["client", "uses", "scopes", "audiences", "lifetime"],
                "description": _(
                    "A token that two rules take is refused, unless the request names the "
                    "application of one of them by client_id."
                ),
            },
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        """The place to try a token, before the pages of single rules."""
        here = self.admin_site.admin_view(
            sensitive_post_parameters("token")(never_cache(self.try_view))
        )
        return [path("try/", here, name="ostiary_oauth_trustrule_try"), *super().get_urls()]

    def try_view(self, request: HttpRequest) -> HttpResponse:
        """Which rule takes a token, and why the others don't."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = TryForm(request.POST or None)
        looked_at: dict[str, Any] = {}
        if request.method == "POST" and form.is_valid():
            try:
                looked_at = workload.look_at(form.cleaned_data["token"])
            except OutsideTokenRefused as refused:
                form.add_error("token", str(refused))
        return TemplateResponse(
            request,
            "admin/ostiary_oauth/trustrule/try.html",
            {
                **self.admin_site.each_context(request),
                "title": _("Try a token"),
                "opts": self.opts,
                "form": form,
                **looked_at,
            },
        )
