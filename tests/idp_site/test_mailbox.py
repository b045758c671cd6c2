"""The demo's mailbox and its JSON contract."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.core.mail import EmailMultiAlternatives

from idp_site import mailbox


@pytest.fixture(autouse=True)
def empty_mailbox(settings, tmp_path):
    settings.VAR_DIR = tmp_path


def send(subject="Hello", text="See http://localhost:8000/x/?a=1&b=2", to=("a@example.com",)):
    message = EmailMultiAlternatives(subject, text, "no-reply@example.com", list(to))
    message.attach_alternative("<p>html</p>", "text/html")
    return mailbox.EmailBackend().send_messages([message])


def listed(client):
    return client.get("/dev/mailbox/", headers={"Accept": "application/json"}).json()


def test_the_list_is_oldest_first_and_has_exactly_the_agreed_keys(client):
    send("First")
    mailbox.deliver("sms", "+491701234567", "", "@localhost #123456")
    first, second = listed(client)
    assert list(first) == ["channel", "to", "subject", "text", "sent_at"]
    assert (first["channel"], first["to"], first["subject"]) == ("email", "a@example.com", "First")
    assert first["text"] == "See http://localhost:8000/x/?a=1&b=2"
    assert (second["channel"], second["to"]) == ("sms", "+491701234567")
    assert datetime.fromisoformat(first["sent_at"]) <= datetime.fromisoformat(second["sent_at"])


def test_each_recipient_has_a_message_of_their_own(client):
    assert send(to=("a@example.com", "b@example.com")) == 1
    assert [message["to"] for message in listed(client)] == ["a@example.com", "b@example.com"]


@pytest.mark.django_db
def test_the_page_shows_the_newest_first_with_links(client):
    send("First")
    send("Second <script>")
    html = client.get("/dev/mailbox/", headers={"Accept": "text/html"}).content.decode()
    assert html.index("Second &lt;script&gt;") < html.index("First")
    assert 'href="http://localhost:8000/x/?a=1&amp;b=2"' in html


@pytest.mark.django_db
def test_an_empty_mailbox_is_a_page_and_a_list(client):
    assert listed(client) == []
    assert client.get("/dev/mailbox/").status_code == 200


def test_parallel_senders_lose_nothing(client):
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda n: mailbox.deliver("email", "a@example.com", str(n), "x" * 9000), range(64)
            )
        )
    assert sorted(int(message["subject"]) for message in listed(client)) == list(range(64))


def test_only_its_owner_reads_the_file(settings):
    send()
    assert stat.S_IMODE((settings.VAR_DIR / "mailbox.jsonl").stat().st_mode) == 0o600


def test_outside_demo_mode_there_is_no_mailbox(client, settings):
    settings.DEMO = False
    assert client.get("/dev/mailbox/", headers={"Accept": "application/json"}).status_code == 404
