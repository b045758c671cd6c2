"""Which numbers get text messages, and how they are shown and kept (SECURITY D2)."""

import pytest
from django.core.exceptions import ValidationError

from mfa.models import Phone
from mfa.sms import numbers
from tests.mfa import texting


@pytest.mark.parametrize(
    "typed",
    [
        "+49 1512 3456789",
        "+49-1512-3456789",
        "0049 1512 3456789",
        "01512/3456789",
        "＋４９ １５１２３４５６７８９",
    ],
)
def test_a_number_has_one_spelling(typed):
    assert numbers.parse(typed, ["DE"]) == "+4915123456789"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("01512 3456789", "with country code"),  # two countries: nobody knows of which it is
        ("not a number", "with country code"),
        ("+49", "with country code"),
        ("+49 1512", "valid phone number"),
        ("+49 1512 3456789 ext. 5", "valid phone number"),
        ("+33 6 12 34 56 78", "to this country"),
        ("+49 30 123456", "Enter a mobile number"),
        ("+49 900 1234567", "Enter a mobile number"),  # premium rate
        ("+49 180 1234567", "Enter a mobile number"),  # shared cost
        ("+49 800 1234567", "Enter a mobile number"),  # toll-free
        ("+1 900 555 0123", "Enter a mobile number"),  # premium rate
        ("+881 6 123 45678", "country"),  # a satellite
    ],
)
def test_what_is_no_mobile_number_of_a_country_that_we_send_to_is_refused(typed, why):
    with pytest.raises(ValidationError, match=why):
        numbers.parse(typed, ["DE", "US"])


def test_a_number_that_may_be_a_mobile_one_is_taken():
    assert numbers.parse("+1 650 253 0000", ["DE", "US"]) == "+16502530000"


def test_it_is_shown_by_its_last_digits():
    assert numbers.masked("+4915123456789") == "+49 ••• ••89"


def test_it_is_encrypted_and_found_by_a_keyed_hash(phone):
    stored = str(Phone.objects.filter(pk=phone.pk).values().get())
    assert texting.NUMBER[1:] not in stored
    assert phone.number == texting.NUMBER
    assert Phone.objects.get(number_hash__in=numbers.hashes(texting.NUMBER)) == phone
