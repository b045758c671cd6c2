"""Setting up an authenticator app, with authenticators that are not ours (SECURITY D1)."""

import html
import re
import subprocess
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from django.db import connection
from django.test import Client as Browser
from django_otp import DEVICE_ID_SESSION_KEY

from mfa.models import AuthenticatorApp
from ostiary import assurance, events
from ostiary.models import Event
from tests.machine import program
from tests.mfa import flow

pytestmark = pytest.mark.needs("accounts")

BEGIN = "/account/security/app/"
CONFIRM = "/account/security/app/confirm/"


def uri_on(page):
    """The address that the page gives the app on the phone itself."""
    return html.unescape(re.search(r'href="(otpauth://[^"]+)"', page.content.decode())[1])


def key_on(page):
    """The key in text."""
    return re.search(r'<code class="key">([A-Z2-7 ]+)</code>', page.content.decode())[1]


def begin(browser, **query):
    assert browser.post(BEGIN, query_params=query).url == CONFIRM
    return browser.get(CONFIRM)


def confirm(browser, code):
    return browser.post(CONFIRM, {"code": code, "name": "Phone"})


@pytest.fixture
def alice(browser, person):
    """Alice's browser, in which she has just signed in."""
    flow.show_password(browser, person.email)
    return browser


def test_an_app_that_scans_the_address_is_set_up_and_used(alice, person, clock):
    app = pyotp.parse_uri(uri_on(begin(alice)))
    assert (app.name, app.issuer, app.digits, app.interval) == (person.email, "Ostiary", 6, 30)

    answer = confirm(alice, app.now())

    assert answer.status_code == 302
    [kept] = AuthenticatorApp.objects.all()
    assert kept.confirmed
    assert kept.name == "Phone"
    assert alice.session[assurance.SESSION_KEY]["amr"] == ["pwd", "otp", "mfa"]
    assert alice.session[DEVICE_ID_SESSION_KEY] == kept.persistent_id
    assert events.of(person).filter(kind="factor.added").count() == 1
    clock.advance(30)
    elsewhere = Browser()
    flow.show_password(elsewhere, person.email)
    assert flow.enter(elsewhere, app.now()).status_code == 302
    assert flow.is_signed_in(elsewhere)


def test_one_page_has_the_picture_the_key_and_the_field_and_can_be_loaded_anew(alice):
    page = alice.get(BEGIN)
    again = alice.get(BEGIN)
    app = pyotp.parse_uri(uri_on(page))

    assert key_on(page) == key_on(again)
    assert f'action="{CONFIRM}"' in page.content.decode()
    assert confirm(alice, app.now()).status_code == 302
    assert AuthenticatorApp.objects.get().name == "Phone"


def test_who_has_one_sees_it_and_is_shown_no_key_unasked(alice):
    confirm(alice, pyotp.parse_uri(uri_on(begin(alice))).now())

    page = alice.get(BEGIN).content.decode()

    assert "Set up another app" in page
    assert "otpauth://" not in page
    replacing = alice.get(f"{BEGIN}?replaces={AuthenticatorApp.objects.get().pk}")
    assert "The old one stops working then." in replacing.content.decode()
    assert key_on(replacing) != key_on(begin(alice))


def test_an_app_into_which_the_key_is_typed_is_set_up(alice):
    key = key_on(begin(alice))

    made = subprocess.run(
        [program("oathtool"), "--totp", "--base32", "-"],
        input=key.replace(" ", ""),
        capture_output=True,
        text=True,
        check=True,
    )

    assert confirm(alice, made.stdout.strip()).status_code == 302
    assert AuthenticatorApp.objects.get().confirmed


def test_the_key_has_160_bits_and_is_kept_encrypted(alice):
    page = begin(alice)
    app = AuthenticatorApp.objects.get()
    assert len(app.key) == 20
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM ostiary_mfa_authenticatorapp")
        stored = bytes(cursor.fetchone()[0])

    assert app.key not in stored
    assert app.key_in_text() == key_on(page).replace(" ", "")
    assert app.key_in_text() not in repr(app) + str(app) + str(alice.session.items())


def test_the_label_of_the_address_can_be_read_by_any_app(alice, person, settings):
    settings.OSTIARY = {**settings.OSTIARY, "SITE_NAME": "Café: & Söhne"}
    parts = urlsplit(uri_on(begin(alice)))

    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == f"/Café  & Söhne:{person.email}"
    query = parse_qs(parts.query)
    assert query["issuer"] == ["Café  & Söhne"]
    assert "+" not in parts.query


def test_the_picture_has_neither_style_nor_script_and_the_page_is_not_kept(alice):
    page = begin(alice)
    drawn = re.search(r"<svg.*?</svg>", page.content.decode(), re.DOTALL)[0]

    assert "style" not in drawn
    assert "script" not in drawn
    assert "no-store" in page["Cache-Control"]


def test_a_key_counts_only_once_its_code_was_shown(alice, person):
    begin(alice)
    assert confirm(alice, "000000").status_code == 400
    assert not AuthenticatorApp.objects.filter(confirmed=True).exists()
    elsewhere = Browser()

    flow.show_password(elsewhere, person.email)

    assert flow.is_signed_in(elsewhere)


def test_the_code_that_confirms_passes_no_second_step(alice, person, clock):
    app = pyotp.parse_uri(uri_on(begin(alice)))
    code = app.now()
    confirm(alice, code)
    elsewhere = Browser()
    flow.show_password(elsewhere, person.email)

    assert flow.enter(elsewhere, code).status_code == 400


def test_a_key_that_is_not_confirmed_within_an_hour_is_worth_nothing(alice):
    uri = uri_on(begin(alice))
    AuthenticatorApp.objects.update(created_at="2026-01-01T00:00:00Z")

    assert confirm(alice, pyotp.parse_uri(uri).now()).url == BEGIN
    assert alice.get(CONFIRM).url == BEGIN
    assert not AuthenticatorApp.objects.filter(confirmed=True).exists()


def test_a_key_is_confirmed_in_the_browser_that_was_shown_it(alice, person):
    uri = uri_on(begin(alice))
    elsewhere = Browser()
    flow.show_password(elsewhere, person.email)

    assert elsewhere.get(CONFIRM).url == BEGIN
    assert confirm(elsewhere, pyotp.parse_uri(uri).now()).url == BEGIN


def test_a_key_is_shown_once(alice):
    confirm(alice, pyotp.parse_uri(uri_on(begin(alice))).now())

    assert alice.get(CONFIRM).url == BEGIN
    key = AuthenticatorApp.objects.get().key_in_text()
    for path in (BEGIN, "/account/security/", f"{BEGIN}{AuthenticatorApp.objects.get().pk}/"):
        page = alice.get(path).content.decode()
        assert key not in page.replace(" ", "")


def test_beginning_again_throws_the_first_key_away(alice):
    first = pyotp.parse_uri(uri_on(begin(alice)))
    begin(alice)

    assert confirm(alice, first.now()).status_code == 400
    assert AuthenticatorApp.objects.count() == 1


def test_guesses_at_the_first_code_are_throttled(alice):
    begin(alice)

    answers = [confirm(alice, "000000").status_code for _ in range(21)]

    assert answers == [400] * 20 + [429]


def test_a_new_phone_takes_the_place_of_the_old(alice, person, clock):
    confirm(alice, pyotp.parse_uri(uri_on(begin(alice))).now())
    old = AuthenticatorApp.objects.get()
    clock.advance(30)

    confirm(alice, pyotp.parse_uri(uri_on(begin(alice, replaces=old.pk))).now())

    new = AuthenticatorApp.objects.get()
    assert new.pk != old.pk
    kinds = Event.objects.filter(kind__startswith="factor.").order_by("id")
    told = [event.kind for event in kinds]
    assert told == ["factor.added", "factor.added", "factor.removed"]


def test_a_visitor_is_sent_to_sign_in(browser, db):
    for path in (BEGIN, CONFIRM, f"{BEGIN}1/", f"{BEGIN}1/remove/"):
        assert browser.get(path).url == f"/signin/?next={path}"
