"""What is mailed: through the outbox, with links of our own address, in words that help."""

import re

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client as Browser

from ostiary.models import OutboxMessage
from tests.accounts import flow

pytestmark = pytest.mark.django_db

FORGED = [
    {"host": "evil.example"},
    {"host": "localhost:8000@evil.example"},
    {"x-forwarded-host": "evil.example"},
    {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "x-forwarded-port": "443"},
    {"forwarded": "host=evil.example;proto=https"},
    {"x-original-host": "evil.example", "x-host": "evil.example", "origin": "https://evil.example"},
]


@pytest.mark.parametrize("headers", FORGED, ids=str)
@pytest.mark.parametrize("hosts", [["testserver"], ["*"]], ids=str)
def test_links_come_from_the_issuer_url_under_forged_headers(settings, person, headers, hosts):
    settings.ALLOWED_HOSTS = hosts
    forged = Browser(headers=headers)

    forged.post("/recover/", {"email": person.email})
    flow.ask_for_account(forged, "carol@example.com")
    flow.ask_for_account(forged, person.email)

    for message in flow.delivered():
        hosts_named = re.findall(r"https?://([^/\s]+)", str(message.body))
        assert set(hosts_named) == {"localhost:8000"}
        assert "evil" not in str(message.message())


def every_message(person) -> dict[str, mail.EmailMessage]:
    """One of each kind, by its subject."""
    flow.ask_for_account(Browser(), "carol@example.com")
    flow.ask_for_account(Browser(), person.email)
    flow.recover(Browser(), flow.recovery_link(person.email))
    return {message.subject: message for message in flow.delivered()}


def test_each_message_has_a_subject_of_one_line_and_text_that_says_what_to_do(person, settings):
    settings.OSTIARY = {**settings.OSTIARY, "SITE_NAME": "Tom & Jerry’s <Gate>"}

    messages = every_message(person)

    assert list(messages) == [
        "Confirm your address for Tom & Jerry’s <Gate>",
        "Your account at Tom & Jerry’s <Gate>",
        "Set a new password for Tom & Jerry’s <Gate>",
        "Your password for Tom & Jerry’s <Gate> was changed",
    ]
    for message in messages.values():
        assert message.body.startswith("Hello,\n\n")
        assert "Tom & Jerry’s <Gate>" in message.body
        assert "If it was not you, " in message.body
        assert "http://localhost:8000/" in message.body
        assert not re.search(r"\n{3}|&amp;|&lt;|\{|%\(", message.body)


def test_no_message_greets_with_what_a_stranger_typed(person):
    """A name in a mail from us would be an advertisement that anyone could send to anyone."""
    flow.ask_for_account(Browser(), "carol@example.com", name="Win at https://evil.example/")

    assert "evil" not in flow.delivered()[0].body


def test_nothing_is_sent_but_by_the_outbox(person):
    Browser().post("/recover/", {"email": person.email})
    flow.ask_for_account(Browser(), "carol@example.com")

    assert mail.outbox == []
    waiting = OutboxMessage.objects.filter(state="pending")
    assert {message.kind for message in waiting} == {"accounts.recovery_link", "email.send"}


@pytest.mark.django_db(transaction=True)
def test_what_waits_holds_neither_address_nor_token_in_plain(person):
    Browser().post("/recover/", {"email": person.email})
    flow.ask_for_account(Browser(), "carol@example.com")

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ostiary_outboxmessage")
        rows = str([[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in cursor])
    assert "alice" not in rows
    assert "carol" not in rows
    assert "token" not in rows


def test_a_request_that_fails_leaves_no_message(person, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("after the message was written")

    monkeypatch.setattr("accounts.registration.events.record", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        flow.ask_for_account(Browser(), "carol@example.com")

    assert flow.delivered() == []
