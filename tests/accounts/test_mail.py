"""What is mailed: through the outbox, with links of our own address, in words that help."""

import re
from pathlib import Path

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client as Browser

from accounts import invitations
from accounts.models import Invitation
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


@pytest.mark.parametrize("headers", [h for h in FORGED if "@" not in str(h)], ids=str)
def test_the_links_of_a_whole_life_come_from_there_too(settings, alice, headers, rf):
    """A new device, an address that changes and changes back, a lost phone, an invitation."""
    settings.ALLOWED_HOSTS = ["*"]
    settings.OSTIARY = {**settings.OSTIARY, "SIGNIN_STEPS": []}
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    flow.sign_in(Browser(), alice.email)
    forged = Browser(headers=headers)
    flow.sign_in(forged, alice.email)
    forged.post("/account/email/", {"email": "alice@new.example"})
    forged.get(flow.link_in(flow.delivered()[-1]))
    forged.post("/account/email/confirm/")
    forged.get(
        flow.link_in(next(m for m in flow.delivered() if "restore this address" in str(m.body)))
    )
    forged.post("/account/email/undo/")
    forged.post("/signin/email/", {"email": alice.email})
    forged.post("/recover/second-step/", {"email": alice.email})
    request = rf.get("/", headers=headers)
    request.user = alice
    invitations.send(request, Invitation(email="dora@example.com"))

    told = flow.delivered()

    assert len({message.subject for message in told}) == 8
    written = " ".join(
        f"{message.body} {[part[0] for part in message.alternatives]} {message.message()}"
        for message in told
    )
    assert set(re.findall(r"https?://([^/\s\"<]+)", written)) == {"localhost:8000"}
    assert "evil" not in written


MAY_ASK_FOR_THE_HOST = {
    "idp_site/granian_worker.py": "the environ of WSGI, which has it",
    "idp_site/process_environment.py": "the environ of WSGI, which has it",
    "idp_site/kept_answers.py": "whether an answer was to a request like this one",
    "oauth/middleware.py": "whether the host is ours; what it is called is not used",
    "ostiary/signin.py": "whether a way back is on this site",
    "oauth/resource_server/confirmation.py": "the htu of a proof, where an API has no BASE_URL",
}


def test_nothing_else_in_the_code_asks_under_which_host_it_was_called():
    """So no link can come from there, in whichever message. Templates of mail see no request."""
    root = Path(__file__).parents[2]
    words = re.compile(r"build_absolute_uri|get_host\b|get_current_site|HTTP_HOST|SERVER_NAME")
    asking = set()
    for app in ("ostiary", "accounts", "oauth", "mfa", "passkeys", "idp_site"):
        for path in (root / app).rglob("*.py"):
            if words.search(path.read_text()):
                asking.add(path.relative_to(root).as_posix())
        for path in (root / app).rglob("mail/*.txt"):
            assert not re.search(r"\brequest[.|]", path.read_text()), path
            assert "http" not in path.read_text(), path

    assert asking == set(MAY_ASK_FOR_THE_HOST)


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
        "Confirm your email address for Tom & Jerry’s <Gate>",
        "Your account at Tom & Jerry’s <Gate>",
        "Set a new password for Tom & Jerry’s <Gate>",
        "Your password for Tom & Jerry’s <Gate> was changed",
    ]
    for message in messages.values():
        assert message.body.startswith("Hello,\n\n")
        assert "Tom & Jerry’s <Gate>" in message.body
        assert re.search("If (it was not|this wasn’t) you", message.body)
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
