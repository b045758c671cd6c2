"""Projects that keep Django's own LoginView: the middleware asks for the second factor."""

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import Client as Browser
from django_otp import DEVICE_ID_SESSION_KEY

from mfa.middleware import VerifiedSessionMiddleware
from mfa.models import AuthenticatorApp
from ostiary import assurance, factors, notifications, second_step
from ostiary.models import Session
from tests.mfa import flow, texting

CHALLENGE = flow.CHALLENGE
WITH_PASSKEYS = pytest.mark.needs("passkeys")
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
        "mfa.middleware.VerifiedSessionMiddleware",
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
    browser.post("/account/security/app/")
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


@pytest.fixture
def passkey(person):
    """Alice's, who has no other factor."""
    from tests.passkeys.conftest import with_passkey

    return with_passkey(person)


@WITH_PASSKEYS
def test_one_gesture_is_enough_and_django_otp_takes_the_person_for_verified(browser, passkey):
    from tests.passkeys.flow import SIGN_IN, use

    assert use(browser, passkey, f"{SIGN_IN}?next=/guarded/").url == "/guarded/"

    assert browser.get("/guarded/").content == b"guarded"
    assert browser.get("/private/").content == b"private"
    assert browser.get("/account/security/passkeys/").status_code == 200


@WITH_PASSKEYS
@pytest.mark.parametrize("by_json", [False, True])
def test_after_the_password_a_passkey_is_asked_for_and_verifies(browser, person, passkey, by_json):
    from tests.passkeys import flow as passkeys_flow
    from tests.passkeys import test_api

    log_in(browser, person)
    asked = browser.get("/guarded/").url
    assert asked == "/signin/second-step/passkey/?next=%2Fguarded%2F"
    for path in ("/account/security/app/", "/account/security/passkeys/", "/api/passkeys/"):
        assert browser.get(path).url.startswith("/signin/second-step/passkey/")

    if by_json:
        test_api.use(browser, passkey, {"purpose": "step_up"})
    else:
        confirm = browser.get(asked).url
        assert passkeys_flow.use(browser, passkey, confirm).url == "/guarded/"

    assert browser.get("/guarded/").content == b"guarded"
    log_in(browser, person)
    assert browser.get("/guarded/").url == asked


@WITH_PASSKEYS
def test_who_has_no_factor_reaches_every_page_to_set_one_up(browser, person):
    log_in(browser, person)

    for path in ("app/", "phone/", "passkeys/", "factors/"):
        assert browser.get(f"/account/security/{path}").status_code == 200


@WITH_PASSKEYS
def test_who_showed_a_passkey_is_verified_under_asgi_too(browser, person, passkey, rf):
    from tests.passkeys.flow import use

    async def page(request):
        return HttpResponse(str((await request.auser()).is_verified()))

    def seen_by(browser):
        request = rf.get("/")
        request.session = browser.session
        request.session.keys()  # read here, as Django reads it before
        request.user = person

        async def auser():
            return person

        request.auser = auser
        return async_to_sync(VerifiedSessionMiddleware(page))(request).content

    use(browser, passkey)
    assert seen_by(browser) == b"True"
    log_in(browser, person)
    assert seen_by(browser) == b"False"
