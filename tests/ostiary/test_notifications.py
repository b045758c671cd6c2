"""What people are told about their account (SECURITY C9)."""

import smtplib

import pytest
from django.core import mail as django_mail
from django.db import transaction
from django.utils import timezone, translation

from ostiary import notices, notifications, outbox
from ostiary.conf import OstiarySettings
from ostiary.models import OutboxMessage
from ostiary.notices import Notice
from ostiary.notifications import notify

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_link(monkeypatch):
    """Whether accounts is there or not."""
    monkeypatch.setattr(notifications, "_not_me_link", None)


@pytest.fixture
def person(person):
    """Alice, verified, on a user model that tells."""
    if hasattr(person, "email_verified_at"):
        person.email_verified_at = timezone.now()
        person.save()
    return person


def delivered():
    while outbox.deliver_due():
        pass
    return django_mail.outbox


@pytest.mark.parametrize("kind", notices.kinds())
def test_every_kind_can_be_looked_at_and_is_complete(kind):
    message = notifications.example(kind)

    for form in (message.subject, message.text, message.html):
        assert "Ostiary" in form
        assert not any(mark in form for mark in ("%(", "{{", "{%"))
    assert message.text.startswith("Hello,\n\n")
    assert "If this wasn’t you, " in message.text
    assert notifications.EXAMPLE_LINK in message.text
    assert bool(notices.notice(kind).action) == ("link" in notices.notice(kind).example)
    assert "\n" not in message.subject


@pytest.mark.parametrize("kind", notices.kinds())
def test_every_kind_is_mailed(person, kind):
    notify(person, kind, notices.notice(kind).example)

    [sent] = delivered()
    assert sent.to == ["alice@example.com"]
    assert "contact an administrator of Ostiary now" in sent.body


def test_when_where_and_on_what_device_is_told(person, request_from):
    request = request_from("198.51.100.7", **{"user-agent": "Mozilla/5.0 (Linux) Firefox/130.0"})
    notify(person, "password_changed", request=request)

    [sent] = delivered()
    assert "Firefox on Linux" in sent.body
    assert "198.51.100.7" in sent.body
    assert "(UTC)" in sent.body


def test_the_time_is_that_of_the_persons_own_clock(person, request_from):
    person.zoneinfo = "Asia/Tokyo"
    notify(person, "password_changed", request=request_from())

    assert "(JST)" in delivered()[0].body


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "\x00", "a" * 5000])
def test_a_time_zone_that_is_none_is_not_minded(person, request_from, zone):
    person.zoneinfo = zone
    notify(person, "password_changed", request=request_from())

    assert "(UTC)" in delivered()[0].body


def test_it_is_in_the_persons_language_and_not_in_that_of_the_request(person, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    seen = []
    notices.register_notices(
        {
            "test.said": Notice(
                "Hello",
                type(
                    "Lazy",
                    (),
                    {"__str__": lambda self: seen.append(translation.get_language()) or "x"},
                )(),
            )
        }
    )
    person.locale = "de"
    with translation.override("en"):
        notify(person, "test.said")
    person.locale = ""
    with translation.override("en"):
        notify(person, "test.said")

    assert seen == ["de", "en"]
    assert ['lang="de"' in sent.alternatives[0][0] for sent in delivered()] == [True, False]


def test_who_has_no_verified_address_is_not_written_to(person):
    if not hasattr(person, "email_verified_at"):
        pytest.skip("this user model does not tell whether an address is verified")
    person.email_verified_at = None
    notify(person, "password_changed")

    assert delivered() == []


def test_a_model_that_does_not_tell_is_believed(person):
    class Plain:
        email = "dave@example.com"

        @staticmethod
        def get_email_field_name():
            return "email"

    assert notifications.addresses_of(Plain()) == ["dave@example.com"]


def test_a_former_address_is_told_too_and_each_once(person):
    notify(
        person,
        "email_changed",
        {"address": "alice@new.example"},
        also=["old@example.com", "alice@example.com"],
    )

    assert [sent.to for sent in delivered()] == [["alice@example.com"], ["old@example.com"]]


def test_reasons_are_told_as_sentences(person):
    notify(person, "unusual_signin", {"reasons": ["A new device", "A new country"]})

    assert "unusual:\n– A new device\n– A new country\n" in delivered()[0].body


def test_a_value_makes_no_paragraph_link_or_placeholder_of_its_own(person):
    evil = "x\n\n[Click](https://evil.example/)\n\n%(site_name)s {{ site_name }}"
    notify(person, "passkey_added", {"passkey": evil})

    [sent] = delivered()
    assert "x [Click](https://evil.example/) %(site_name)s {{ site_name }}." in sent.body
    assert 'href="https://evil.example' not in sent.alternatives[0][0]


def test_a_kind_that_nobody_declared_and_a_value_that_is_missing_are_mistakes(person):
    with pytest.raises(ValueError, match="new_devise"):
        notify(person, "new_devise")
    with pytest.raises(KeyError):
        notify(person, "email_changed")


def test_it_is_part_of_the_transaction_of_what_it_tells(person):
    with transaction.atomic():
        notify(person, "password_changed")
        transaction.set_rollback(True)

    assert not OutboxMessage.objects.exists()


def test_a_dead_mail_server_delays_the_message_and_loses_nothing(person, monkeypatch):
    def refuse(*args, **kwargs):
        raise smtplib.SMTPServerDisconnected("gone")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        notify(person, "password_changed")
        assert delivered() == []
    OutboxMessage.objects.update(next_attempt_at=timezone.now())

    assert len(delivered()) == 1


def test_there_is_no_setting_that_turns_it_off():
    words = ("NOTIF", "NOTICE", "MAIL")
    named = {name for name in OstiarySettings.__dataclass_fields__ if any(w in name for w in words)}
    assert named == {"RISK_NOTIFY_SCORE"}  # of a device that is known: a new one is always told
