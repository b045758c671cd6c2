"""Signs that a passkey was copied or its person was led astray: each is logged and told."""

import pytest
from django.core import mail
from django.test import Client as Browser

from ostiary import outbox
from ostiary.models import Event
from tests.passkeys import flow
from tests.passkeys.authenticator import VERIFIED, Authenticator
from tests.passkeys.conftest import with_passkey

pytestmark = pytest.mark.django_db


@pytest.fixture
def passkey(person):
    """Alice's, on a security key that counts and has been used with the count 9."""
    passkey = with_passkey(person, counter=5)
    flow.use(Browser(), passkey, counter=9)
    outbox.deliver_due()
    mail.outbox.clear()
    return passkey


def misused(passkey, **lies):
    """What is logged and mailed of an answer that is not taken."""
    before = set(Event.objects.values_list("pk", flat=True))
    browser = Browser()
    assert flow.use(browser, passkey, **lies).status_code == 400
    assert flow.amr(browser) is None
    outbox.deliver_due()
    events = Event.objects.exclude(pk__in=before).filter(kind__startswith="passkey.")
    return [event.kind for event in events], [message.subject for message in mail.outbox]


def test_a_count_that_was_there_before_is_told_as_a_copy(passkey):
    kinds, subjects = misused(passkey, counter=9)

    assert kinds == ["passkey.counter_went_back"]
    assert ["may have been copied" in subject for subject in subjects] == [True]
    assert flow.use(Browser(), passkey, counter=10).status_code == 302


def test_a_key_that_may_be_copied_all_at_once_is_told(passkey):
    kinds, subjects = misused(passkey, flags=VERIFIED | 0x08, counter=10)

    assert kinds == ["passkey.eligibility_changed"]
    assert ["has changed" in subject for subject in subjects] == [True]


@pytest.mark.parametrize(
    "lies",
    [
        {"client": {"origin": "https://localhost.example.com"}},
        {"client": {"crossOrigin": True}},
        {"rp_id": "example.com"},
    ],
)
def test_a_passkey_that_was_used_on_another_page_is_told(passkey, lies):
    kinds, subjects = misused(passkey, counter=10, **lies)

    assert kinds == ["passkey.used_elsewhere"]
    assert ["on a page that isn’t" in subject for subject in subjects] == [True]


def test_who_does_not_hold_the_key_raises_no_alarm(passkey):
    forged = Authenticator(
        credential_id=passkey.credential_id, user_handle=passkey.user_handle, counter=1
    )
    for lies in ({}, {"flags": VERIFIED | 0x08}, {"client": {"origin": "https://example.com"}}):
        kinds, subjects = misused(forged, **lies)
        assert (kinds, subjects) == (["passkey.refused"], [])
