"""Addresses as operators type, search and read them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ostiary.email_addresses import for_people

from ..addresses import normalize_email
from ..forms import AddressInput


class AddressesMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Of rows with an ``email``: it is taken as it is typed, found in whichever form, and shown in
    the letters of its people."""

    formfield_overrides = {
        models.EmailField: {"widget": AddressInput(**{"class": "vTextField"})},
    }

    @admin.display(description=_("email address"), ordering="email")
    def email_address(self, row: Any) -> str:
        """The address of the row."""
        return for_people(row.email)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """As Django does it, by the form in which addresses are kept."""
        words = (normalize_email(word) if "@" in word else word for word in search_term.split())
        return super().get_search_results(request, queryset, " ".join(words))
