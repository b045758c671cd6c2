"""Email through the outbox."""

import smtplib
from email.utils import parsedate_to_datetime

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.template import TemplateDoesNotExist
from django.utils import timezone

from ostiary import mail, outbox
from ostiary.models import OutboxMessage
from ostiary.outbox import State

pytestmark = pytest.mark.django_db

TEMPLATES = {
    "greet_subject.txt": "Hello\n from {{ site_name }}, {{ name }}",
    "greet.txt": "Dear {{ name }},\nopen {{ issuer_url }}/x?a=1&b=2\n\n",
    "rich_subject.txt": "Hello",
    "rich.txt": "Dear {{ name }},\n\n[Open it]({{ issuer_url }}/x?a=1&b=2)\n",
    "broken_subject.txt": "Hello",
    "broken.txt": "{% include 'not_there.txt' %}",
}


class Refusing(BaseEmailBackend):
    """A mail server that refuses."""

    problem: Exception | None = None

    def send_messages(self, messages):
        """Refuse."""
        raise self.problem


@pytest.fixture(autouse=True)
def templates(settings):
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    ("django.template.loaders.locmem.Loader", TEMPLATES),
                    "django.template.loaders.app_directories.Loader",
                ]
            },
        }
    ]


def send(template="greet", to="alice@example.com", **context) -> OutboxMessage:
    mail.send_email(to, template, {"name": "Zoë O'Neill <&>", **context})
    return OutboxMessage.objects.latest("pk")


@pytest.fixture
def refuse(settings, monkeypatch):
    def set_problem(problem):
        settings.EMAIL_BACKEND = "tests.ostiary.test_mail.Refusing"
        monkeypatch.setattr(Refusing, "problem", problem)

    return set_problem


def test_nothing_is_sent_before_a_worker_does_it():
    message = send()
    assert django_mail.outbox == []
    outbox.deliver(message.pk)
    [sent] = django_mail.outbox
    assert sent.to == ["alice@example.com"]


def test_plain_text_is_plain_and_a_subject_is_one_line():
    outbox.deliver(send().pk)
    [sent] = django_mail.outbox
    assert sent.subject == "Hello from Ostiary, Zoë O'Neill <&>"
    assert sent.body == "Dear Zoë O'Neill <&>,\nopen http://localhost:8000/x?a=1&b=2\n"


def test_a_line_break_in_a_name_adds_no_header():
    outbox.deliver(send(name="Eve\nBcc: all@example.com").pk)
    [sent] = django_mail.outbox
    assert sent.subject == "Hello from Ostiary, Eve Bcc: all@example.com"
    assert sent.message()["Bcc"] is None


def test_text_and_html_are_made_of_one_source_and_html_is_escaped():
    outbox.deliver(send("rich").pk)
    [sent] = django_mail.outbox
    assert sent.body == ("Dear Zoë O'Neill <&>,\n\nOpen it:\nhttp://localhost:8000/x?a=1&b=2\n")
    [(html, kind)] = sent.alternatives
    assert kind == "text/html"
    assert "Dear Zoë O&#x27;Neill &lt;&amp;&gt;," in html
    assert 'href="http://localhost:8000/x?a=1&amp;b=2"' in html
    assert ">Open it</a>" in html
    assert "<&>" not in html


def test_a_template_that_is_broken_is_an_error_of_the_caller():
    with pytest.raises(TemplateDoesNotExist, match=r"not_there\.txt"):
        send("broken")


def test_a_machine_is_not_to_answer_it():
    outbox.deliver(send().pk)
    sent = django_mail.outbox[0].message()
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["X-Auto-Response-Suppress"] == "All"
    assert parsedate_to_datetime(sent["Date"]).date() == timezone.now().date()
    assert len(sent.get_all("Message-ID")) == 1


def test_nobody_unsubscribes_from_messages_about_their_safety():
    outbox.deliver(send().pk)
    headers = django_mail.outbox[0].message().keys()
    assert not any(name.lower().startswith("list-") or name == "Precedence" for name in headers)


def test_repeats_of_one_message_have_one_id_and_others_another():
    assert mail.message_id("a") == mail.message_id("a") != mail.message_id("b")
    assert mail.message_id("a").endswith("@localhost>")


def test_with_a_key_an_email_is_asked_for_once():
    for _ in range(2):
        mail.send_email("alice@example.com", "greet", {}, key="welcome:1")
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize(
    ("problem", "state"),
    [
        (smtplib.SMTPRecipientsRefused({"a@example.com": (550, b"unknown")}), State.PARKED),
        (smtplib.SMTPRecipientsRefused({"a@example.com": (450, b"later")}), State.PENDING),
        (smtplib.SMTPDataError(554, b"spam"), State.PARKED),
        (smtplib.SMTPDataError(451, b"later"), State.PENDING),
        (smtplib.SMTPSenderRefused(550, b"no", "no-reply@localhost"), State.PENDING),
        (smtplib.SMTPAuthenticationError(535, b"wrong"), State.PENDING),
        (smtplib.SMTPServerDisconnected("gone"), State.PENDING),
        (ConnectionRefusedError("refused"), State.PENDING),
        (TimeoutError("timed out"), State.PENDING),
        (ValueError("EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other"), State.PENDING),
    ],
)
def test_what_is_refused_for_good_is_parked_and_all_else_tried_again(refuse, problem, state):
    message = send()
    refuse(problem)
    outbox.deliver(message.pk)
    message.refresh_from_db()
    assert message.state == state
    assert "@" not in message.last_error


def test_an_address_that_cannot_be_written_is_parked():
    message = send(to="alice@example.com\nBcc: all@example.com")
    outbox.deliver(message.pk)
    message.refresh_from_db()
    assert message.state == State.PARKED
    assert django_mail.outbox == []


@pytest.mark.parametrize("path", ["x", "//evil.example/x", "https://evil.example/", ""])
def test_a_link_is_to_a_path_of_this_site(path):
    with pytest.raises(ValueError, match="one slash"):
        mail.absolute_url(path)


def test_the_host_of_a_link_comes_from_the_settings():
    assert mail.absolute_url("/verify/") == "http://localhost:8000/verify/"
