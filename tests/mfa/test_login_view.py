"""Projects that keep Django's own LoginView: the middleware asks for the second factor."""

import pytest
from django.test import Client as Browser
from django_otp import DEVICE_ID_SESSION_KEY

from mfa.models import AuthenticatorApp
from ostiary import assurance, factors, notifications, second_step
from ostiary.models import Session
from tests.mfa import flow, texting

CHALLENGE = flow.CHALLENGE
CONTRIB = "django.contrib"
PROCESSORS = [
    "django.template.context_processors.request",
    f"{CONTRIB}.auth.context_processors.auth",
    f"{CONTRIB}.messages.context_processors.messages",
]


@pytest.fixture(autouse=True)
def djangos_own_sign_in(settings, monkeypatch):
    """Nothing of accounts is there, whose pages this project doesn't mount."""
    monkeypatch.setattr(factors, "_last_resort", {})
    monkeypatch.setattr(notifications, "_not_me_link", None)
    settings.ROOT_URLCONF = "tests.mfa.login_view_urls"
    settings.LOGIN_URL = settings.OTP_LOGIN_URL = "/login/"
    settings.LOGIN_REDIRECT_URL = "/private/"
    settings.MIDDLEWARE = [
        f"{CONTRIB}.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        f"{CONTRIB}.auth.middleware.AuthenticationMiddleware",
        "ostiary.sessions.SessionRegisterMiddleware",
        "django_otp.middleware.OTPMiddleware",
        "mfa.middleware.SecondStepMiddleware",
        f"{CONTRIB}.messages.middleware.MessageMiddleware",
    ]
    settings.TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": PROCESSORS},
        }
    ]
    settings.OSTIARY = {**settings.OSTIARY, "SIGNIN_STEPS": []}


def log_in(browser, person, **query):
    told = {"username": person.get_username(), "password": flow.PASSWORD}
    return browser.post("/login/", told, query_params=query)


def test_who_has_no_second_factor_is_not_asked(browser, person):
    assert log_in(browser, person).url == "/private/"

    assert browser.get("/private/").content == b"private"
    assert browser.get("/guarded/").url == "/login/?next=/guarded/"


def test_every_page_leads_to_the_challenge_until_the_code_is_shown(browser, app):
    log_in(browser, app.user)
    for path in ("/private/", "/public/", "/guarded/", "/login/", "/account/security/app/"):
        assert browser.get(path).url == f"{CHALLENGE}?next={path.replace('/', '%2F')}"
    assert browser.get("/nowhere/").status_code == 302
    assert browser.post("/private/").url == CHALLENGE
    assert browser.get("/open/").content == b"open"

    answer = browser.post(f"{CHALLENGE}?next=/guarded/", {"code": flow.code_of(app)})

    assert answer.url == "/guarded/"
    assert browser.get("/guarded/").content == b"guarded"
    assert browser.get("/private/").content == b"private"
    assert browser.get(CHALLENGE).url == "/login/"


def test_the_session_says_what_was_shown_under_a_new_key(browser, app):
    log_in(browser, app.user)
    first = browser.session

    browser.post(CHALLENGE, {"code": flow.code_of(app)})

    assert browser.session[DEVICE_ID_SESSION_KEY] == app.persistent_id
    assert browser.session[assurance.SESSION_KEY]["amr"] == ["pwd", "otp", "mfa"]
    assert browser.session.session_key != first.session_key
    assert Session.objects.get().session_key == browser.session.session_key


def test_the_way_out_is_open(browser, app):
    log_in(browser, app.user)

    assert browser.post("/logout/").status_code == 302
    assert browser.get("/public/").content == b"public"


def test_a_wrong_code_opens_nothing_and_a_strange_address_is_not_followed(browser, app):
    log_in(browser, app.user)

    assert browser.post(CHALLENGE, {"code": "000000"}).status_code == 400
    assert browser.get("/private/").status_code == 302

    answer = browser.post(f"{CHALLENGE}?next=//evil.example/", {"code": flow.code_of(app)})
    assert answer.url == "/private/"


def test_who_can_use_no_way_gets_no_further(browser, person, monkeypatch):
    """Such as while no text messages are sent, where accounts brings no way back in."""
    AuthenticatorApp.objects.create(user=person, key=AuthenticatorApp.new_key(), confirmed=True)
    monkeypatch.setattr(second_step, "_challenges", {})
    log_in(browser, person)

    assert browser.get("/private/").status_code == 403


def test_a_step_up_asks_for_password_and_code_again(browser, app, clock):
    log_in(browser, app.user)
    browser.post(CHALLENGE, {"code": flow.code_of(app)})
    clock.advance(3600)
    path = "/account/security/app/"
    asked = browser.get(path).url
    assert asked.startswith("/login/?")

    log_in(browser, app.user, next=path)

    assert browser.get(path).url.startswith(CHALLENGE)
    browser.post(CHALLENGE, {"code": flow.code_of(app)})
    assert browser.get(path).status_code == 200


def test_an_app_is_set_up_where_accounts_is_not_mounted(browser, person, clock):
    log_in(browser, person)
    page = browser.get("/account/security/factors/").content.decode()
    assert 'href="/account/security/app/"' in page
    browser.post("/account/security/app/", {"name": "Phone"})
    app = AuthenticatorApp.objects.get()

    confirmed = browser.post("/account/security/app/confirm/", {"code": flow.code_of(app)})

    assert confirmed.status_code == 302
    assert browser.get("/guarded/").content == b"guarded"
    clock.advance(30)
    elsewhere = Browser()
    log_in(elsewhere, person)
    elsewhere.post(CHALLENGE, {"code": flow.code_of(app)})
    assert elsewhere.get("/guarded/").content == b"guarded"
    assert elsewhere.get("/account/security/factors/").status_code == 200


def test_a_code_by_text_message_is_asked_for_too(browser, person, phone):
    log_in(browser, person, next="/guarded/")
    asked = browser.get("/guarded/").url
    assert asked == f"{texting.CHALLENGE}?next=%2Fguarded%2F"
    assert browser.get(asked).status_code == 200
    code = texting.code_in(texting.delivered()[-1])

    assert browser.post(asked, {"code": texting.wrong(code)}).status_code == 400
    assert browser.post(asked, {"code": code}).url == "/guarded/"

    assert browser.session[DEVICE_ID_SESSION_KEY] == phone.persistent_id
