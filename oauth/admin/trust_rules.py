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
        help_text=_("Allowed signing algorithms. Most platforms use RS256."),
    )
    uses = SetField(
        choices=TrustRule.Use.choices,
        initial=[TrustRule.Use.JWT_BEARER],
        help_text=_("Where the token may be used."),
    )
    scopes = SetField(
        choices=scope_choices,
        required=False,
        help_text=_("Maximum scopes, of those the application may have."),
    )
    audiences = LinesField(
        required=False,
        label=_("APIs"),
        help_text=_(
            "One per line. Tokens are issued for one of these; the first is the default. Empty: "
            "any API of the application."
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
        help_text=_("A JWT from the outside issuer. It isn’t stored."),
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
            _("Issuer"),
            {
                "fields": ["issuer", "jwks_uri", "jwks", "algorithms"],
                "description": _(
                    "A workload presents a token that its own platform signed. You trust the "
                    "platform to identify its workloads, so choose it with care."
                ),
            },
        ),
        (
            _("Matching tokens"),
            {
                "fields": ["audience", "subject", "conditions", "max_age", "single_use"],
                "description": _(
                    "All of these must match. Anyone with an account at a public platform can get "
                    "its tokens: only subject and conditions restrict them to you."
                ),
            },
        ),
        (
            _("Issued token"),
            {
                "fields": ["client", "uses", "scopes", "audiences", "lifetime"],
                "description": _(
                    "A token that matches two rules is refused, unless the request’s client_id "
                    "names the application of one of them."
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
