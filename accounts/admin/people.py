"""The operator's view of people. No password, not even its hash, is shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ostiary import events, operators, privacy, sessions
from ostiary.admin import FreshOperatorMixin
from ostiary.notifications import notify

from .. import email_change, support
from ..models import User
from .addresses import AddressesMixin
from .erasing import ErasedNotDeletedMixin

PRIVILEGES: list[Any] = ["is_staff", "is_superuser", "groups", "user_permissions"]


@admin.register(User)
class UserAdmin(ErasedNotDeletedMixin, FreshOperatorMixin, AddressesMixin):  # type: ignore[type-arg]
    """People: found by address, switched off, signed out everywhere.

    Only a superuser gives privileges, and changes people who have some: whoever could change an
    operator's address could become that operator by “forgot password”.
    """

    list_display = [
        "email_address",
        "name",
        "is_active",
        "is_staff",
        "email_verified_at",
        "last_login",
    ]
    list_filter = ["is_active", "is_staff", "date_joined"]
    search_fields = ["email", "name", "=id"]
    ordering = ["-id"]
    show_full_result_count = False
    readonly_fields = ["id", "home_region", "last_login", "date_joined", "updated_at"]
    filter_horizontal = ["groups", "user_permissions"]
    actions = ["deactivate", "end_sessions"]
    fieldsets = [
        (None, {"fields": ["id", "email", "email_verified_at", "is_active", "home_region"]}),
        (
            _("Profile"),
            {
                "fields": [
                    "name",
                    "given_name",
                    "family_name",
                    "middle_name",
                    "nickname",
                    "preferred_username",
                    "picture",
                    "profile",
                    "website",
                    "gender",
                    "birthdate",
                    "street_address",
                    "postal_code",
                    "locality",
                    "region",
                    "country",
                    "locale",
                    "zoneinfo",
                ]
            },
        ),
        (_("Permissions"), {"fields": PRIVILEGES}),
        (_("Dates"), {"fields": ["last_login", "date_joined", "updated_at"]}),
    ]

    # --- who may do it ---------------------------------------------------------------------------

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Privileges are given by superusers. So is another address, where it takes two operators
        to help a person back in: whoever writes one here needs nobody's approval."""
        if _is_superuser(request):
            return [*self.readonly_fields]
        address = ["email", "email_verified_at"] if obj and operators.takes_two() else []
        return [*self.readonly_fields, *PRIVILEGES, *address]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Operators are changed by superusers."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who may delete people may have one erased; operators are by superusers."""
        may = super().has_delete_permission(request, obj)
        return obj is not None and may and _may_touch(request, obj)

    # --- what is done ----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Where Django has a form that sets somebody's password: nobody sets another's here."""
        view = self.admin_site.admin_view(self.password_view)
        return [
            path("<uuid:pk>/password/", view, name="auth_user_password_change"),
            *super().get_urls(),
        ]

    def password_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Lead to how a person is helped back in, by a link that is mailed to them: there it takes
        a reason, and as many operators as the site wants."""
        name = f"{self.admin_site.name}:ostiary_accounts_supportcase_add"
        return HttpResponseRedirect(reverse(name))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save what the form says.

        A person made here has no password yet: they set one by “forgot password”. A new address
        is not verified.
        """
        if not change:
            obj.set_unusable_password()
        elif "email" in form.changed_data and "email_verified_at" not in form.changed_data:
            obj.email_verified_at = None
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the groups and permissions too, and tell the log the whole of it.

        The person is told what matters to their safety, an old address with a way to take it back.
        """
        changed = set(form.changed_data)
        if "email" in changed:
            changed.add("email_verified_at")
        before = _told(form.initial, changed) if change else {}
        super().save_related(request, form, formsets, change)
        _record(
            request,
            "person.changed" if change else "person.created",
            form.instance,
            before=before,
            after=_told({**form.cleaned_data, **vars(form.instance)}, changed),
        )
        if change and "email" in changed:
            support.stop(form.instance, "email")
            if form.initial["email_verified_at"]:
                email_change.tell_old_address(form.instance, form.initial["email"])
        if change and not changed.isdisjoint(PRIVILEGES):
            notify(form.instance, "privileges_changed")

    @admin.action(description=_("Deactivate and sign out everywhere"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """The people can't sign in; the register of sessions signs them out when it hears of it."""
        count = 0
        for person in self._changeable(request, queryset.filter(is_active=True)):
            with transaction.atomic():
                person.is_active = False
                person.save(update_fields=["is_active", "updated_at"])
                _record(
                    request,
                    "person.deactivated",
                    person,
                    before={"is_active": "True"},
                    after={"is_active": "False"},
                )
            count += 1
        text = ngettext("%d user was deactivated.", "%d users were deactivated.", count) % count
        self.message_user(request, text, messages.SUCCESS)

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Every session of the people ends."""
        ended = 0
        for person in self._changeable(request, queryset):
            with transaction.atomic():
                ended += sessions.end_all(person, "operator")
                _record(request, "person.signed_out", person, before={}, after={})
        text = ngettext("%d session was ended.", "%d sessions were ended.", ended) % ended
        self.message_user(request, text, messages.SUCCESS)

    def _changeable(self, request: HttpRequest, people: Iterable[User]) -> list[User]:
        return [person for person in people if self.has_change_permission(request, person)]


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _may_touch(request: HttpRequest, person: User | None) -> bool:
    privileged = person is not None and (person.is_staff or person.is_superuser)
    return _is_superuser(request) or not privileged


def _told(values: dict[str, Any], names: Iterable[str]) -> dict[str, str]:
    """The values of a form as text, groups and permissions by name."""
    told = {}
    for name in names:
        value: Any = values.get(name)
        several = isinstance(value, (QuerySet, list))
        told[name] = ", ".join(sorted(map(str, value))) if several else str(value)
    return told


def _record(
    request: HttpRequest,
    kind: str,
    person: User,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    """Who did what to whom: the operator in plain, the values under the person's own key.

    The operator's address and browser are no business of the person, who reads this event too.
    """
    events.record(
        kind,
        user=person,
        details={"operator": privacy.pseudonym_of(request.user), "fields": sorted(after)},
        personal={"before": before, "after": after},
    )
