"""Every message can be looked at, in every language, by operators and by nobody else."""

import copy
import inspect
import re
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.test import Client as Browser

from ostiary import message_samples, notices
from tests.operators import desk_of

ROOT = Path(__file__).parents[2]
PAGE = "/admin/ostiary/outboxmessage/messages/"
LANGUAGES = [code for code, _ in django_settings.LANGUAGES]


def templates() -> set[str]:
    """Every template of mail that an installed app or the site has, by its name."""
    found = set()
    for path in ROOT.glob("*/templates/*/mail/*.txt"):
        if path.parts[len(ROOT.parts)] in {app.partition(".")[0] for app in _installed()}:
            found.add(path.relative_to(path.parents[2]).with_suffix("").as_posix())
    return {name for name in found if not name.endswith("_subject")}


def _installed() -> list[str]:
    return list(django_settings.INSTALLED_APPS)


def test_every_message_has_a_sample():
    names = set(message_samples.names())

    assert templates() - names == {"ostiary/mail/notice"}
    assert {f"notice.{kind}" for kind in notices.kinds()} <= names


@pytest.mark.needs("mfa")
def test_every_text_message_has_a_sample():
    from mfa.sms import sending

    made = [name for name, _ in inspect.getmembers(sending, inspect.isfunction)]
    names = set(message_samples.names())
    assert {f"sms.{name}" for name in made if name.endswith("_text")} <= names


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sample_lacks_a_value(settings, language):
    settings.TEMPLATES = copy.deepcopy(settings.TEMPLATES)
    for engine in settings.TEMPLATES:
        engine.setdefault("OPTIONS", {})["string_if_invalid"] = "nothing for %s"
    for name in message_samples.names():
        shown = message_samples.preview(name, language)
        assert shown.text.strip(), name
        assert bool(shown.subject) == bool(shown.html) == (shown.channel == "email"), name
        for part in (shown.subject, shown.text, shown.html):
            assert not re.search(r"nothing for|%\(|\{\{|\{%", part), name


def test_a_sample_is_in_its_language():
    shown = {message_samples.preview("notice.new_device", each).subject for each in LANGUAGES}

    assert len(shown) == len(LANGUAGES)


def test_there_is_no_other_message():
    with pytest.raises(KeyError):
        message_samples.preview("notice.nothing", "en")


# --- in the admin ------------------------------------------------------------------------------


@pytest.fixture
def desk(db):
    """An operator's browser."""
    people = get_user_model().objects
    return desk_of(people.create(email="op@example.com", is_staff=True, is_superuser=True))


@pytest.mark.parametrize("name", ["notice.password_changed", "ostiary/mail/erased"])
def test_an_operator_sees_a_mail_as_text_and_in_a_frame_that_can_do_nothing(desk, name):
    page = desk.get(PAGE, {"name": name, "language": "de"})
    frame = re.search(r'<iframe[^>]* sandbox src="([^"]+)"', page.text)[1].replace("&amp;", "&")
    assert "frame-src 'self'" in page["Content-Security-Policy"]

    html = desk.get(frame)
    policy = html["Content-Security-Policy"]
    assert policy.endswith("; sandbox")
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert html["X-Frame-Options"] == "SAMEORIGIN"
    assert html.text == message_samples.preview(name, "de").html


@pytest.mark.needs("mfa")
def test_a_text_message_has_text_alone(desk):
    page = desk.get(PAGE, {"name": "sms.code_text", "language": "fr"}).text
    assert "493027" in page
    assert "<iframe" not in page
    assert desk.get(f"{PAGE}html/", {"name": "sms.code_text", "language": "fr"}).status_code == 404


@pytest.mark.parametrize(
    "query", [{}, {"name": "x"}, {"language": "xx"}, {"name": "\0", "language": "../"}]
)
def test_what_there_is_not_is_said(desk, query):
    assert desk.get(PAGE, query).status_code == 200
    assert desk.get(f"{PAGE}html/", query).status_code == 404


def test_nobody_else_sees_them(db):
    clerk = desk_of(get_user_model().objects.create(email="clerk@example.com", is_staff=True))
    for path in (PAGE, f"{PAGE}html/"):
        assert Browser().get(path).status_code == 302
        assert clerk.get(path).status_code == 403


def test_the_outbox_leads_there(desk):
    assert f'href="{PAGE}"' in desk.get("/admin/ostiary/outboxmessage/").text
