"""The claims of imported people, as the user model has a place for them."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from ..address_policy import check_name
from .person import CLAIMS, Person

NAMES = ("name", "given_name", "family_name", "middle_name", "nickname", "preferred_username")
"""Claims that others see, and that the site's NAME_POLICIES judge."""

OTHER_NAMES = {"given_name": "first_name", "family_name": "last_name"}
"""Claims under the names that Django's own user model has for them."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE | re.ASCII)
_POSIX = re.compile(r"(\.[\w-]+)?(@\w+)?$", re.ASCII)


class Places:
    """The fields of a user model that hold claims."""

    def __init__(self, fields: Mapping[str, models.Field[Any, Any]]) -> None:
        self._fields = fields
        self._zones = zoneinfo.available_timezones()

    def fill(self, person: Person) -> dict[str, Any]:
        """The person's claims by the names of the fields; what an account can't hold is noted."""
        found: dict[str, Any] = {}
        for claim, value in person.claims.items():
            name = claim if claim in self._fields else OTHER_NAMES.get(claim, "")
            place = self._fields.get(name)
            if claim not in CLAIMS or not isinstance(
                place, models.CharField | models.TextField | models.DateField
            ):
                continue
            try:
                found[name] = self._judged(claim, place, value)
            except ValidationError:
                person.note("claim_left", f"“{claim}” has an invalid value.")
        return found

    def _judged(self, claim: str, place: models.Field[Any, Any], value: str) -> Any:
        """The value as it is kept. Raises ``ValidationError``."""
        cleaned = place.clean(language_tag(value) if claim == "locale" else value, None)
        if claim == "zoneinfo" and cleaned not in self._zones:
            raise ValidationError("unknown")
        if isinstance(cleaned, date) and not date(1850, 1, 1) <= cleaned <= timezone.localdate():
            raise ValidationError("not a plausible date of birth")
        if claim in NAMES:
            check_name(cleaned)
        return cleaned


def language_tag(locale: str) -> str:
    """A language as BCP 47 writes it, also of a locale as POSIX does (``de_AT.UTF-8@euro``).

    Raises ``ValidationError`` for what is none, such as ``C``.
    """
    tag = _POSIX.sub("", locale).replace("_", "-")
    if not _LANGUAGE.fullmatch(tag):
        raise ValidationError("not a language")
    return tag
