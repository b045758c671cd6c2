"""Telephone numbers: what is one that we send to, and how it is written and kept."""

from __future__ import annotations

import hashlib
import hmac

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from ostiary.encryption import ring

MAX_LENGTH = 40
"""Of what people type; E.164 has at most 15 digits."""

# In some countries nobody can tell a mobile number from its digits.
_SENT_TO = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def parse(typed: str, countries: list[str]) -> str:
    """The number in E.164, of whatever spelling.

    ``countries`` are the two-letter codes of those that we send to; of one only, the number may be
    written as people write it there. Raises ``ValidationError`` for what is no mobile number, such
    as one that costs its caller or its receiver, and for other countries.
    """
    home = countries[0] if len(countries) == 1 else None
    try:
        number = phonenumbers.parse(typed, home)
    except NumberParseException:
        raise ValidationError(
            _("Enter a mobile number with country code, such as +49 1512 3456789.")
        ) from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise ValidationError(_("This isn’t a valid phone number. Check each digit."))
    if phonenumbers.region_code_for_number(number) not in countries:
        raise ValidationError(_("We don’t send text messages to this country."))
    if phonenumbers.number_type(number) not in _SENT_TO:
        raise ValidationError(_("Enter a mobile number. We can’t text landlines."))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def country_of(e164: str) -> str:
    """The country whose number it is, in two letters; ``""`` for none."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(e164)) or ""


def ending(e164: str) -> str:
    """The digits by which people recognise it and nobody else can call it."""
    return e164[-2:]


def masked(e164: str) -> str:
    """The number as it is shown: its country and its last digits."""
    return f"+{phonenumbers.parse(e164).country_code} ••• ••{ending(e164)}"


def hashes(e164: str) -> list[str]:
    """What the number is found by, under each key of the ring, newest first."""
    return [
        hmac.new(key, e164.encode(), hashlib.sha256).hexdigest()
        for key in ring().derive_all("mfa.phone")
    ]


def hashes_of(typed: str) -> list[str]:
    """The same of a number in whatever spelling, with its country; none of what is no number."""
    try:
        number = phonenumbers.parse(typed, None)
    except NumberParseException:
        return []
    return hashes(phonenumbers.format_number(number, PhoneNumberFormat.E164))
