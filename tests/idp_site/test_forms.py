"""Every form of every app says what is wrong in one way (``ostiary/errors.html``).

The test walks the addresses of the site as people in several situations, sends each form that it
finds there empty and with rubbish, and reads the answers as a browser does.
"""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import URLPattern, get_resolver

from accounts import invitations, support
from accounts.models import Invitation
from mfa.models import AuthenticatorApp, EmailDevice, RecoveryCodes
from ostiary.conf import ostiary_settings
from ostiary.throttling import storage_at
from passkeys.models import Credential
from tests.accounts import flow
from tests.accounts.conftest import make_person
from tests.mfa import flow as mfa_flow
from tests.mfa import texting
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[2]
APPS = ("accounts", "mfa", "oauth", "ostiary", "passkeys")
INCLUDE = '{% include "ostiary/errors.html" %}'
SHOWN = {"text", "password", "email", "tel", "url", "number", "date", "checkbox", "radio", "file"}


class Form:
    def __init__(self, attrs):
        self.attrs = attrs
        self.hidden = {}
        self.shown = []


class Page(HTMLParser):
    """The elements of a page, and its forms."""

    def __init__(self, text):
        super().__init__()
        self.text = text
        self.elements = []
        self.forms = []
        self.errors = {}
        self.alerts = []
        self._form = self._told = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.elements.append((tag, attrs))
        if tag == "form":
            self._form = Form(attrs)
            self.forms.append(self._form)
        elif self._form and tag in ("input", "select", "textarea") and attrs.get("name"):
            kind = attrs.get("type", "text") if tag == "input" else "text"
            if kind in SHOWN and "hidden" not in attrs:
                self._form.shown.append(attrs["name"])
            else:
                self._form.hidden[attrs["name"]] = attrs.get("value") or ""
        classes = (attrs.get("class") or "").split()
        if "field-errors" in classes:
            self._told = self.errors.setdefault(attrs["id"], [])
        elif "alert-error" in classes:
            self.alerts.append([])
            self._told = self.alerts[-1]

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag in ("ul", "div"):
            self._told = None

    def handle_data(self, data):
        if self._told is not None and data.strip():
            self._told.append(data.strip())

    def all(self, name):
        return [attrs for _, attrs in self.elements if name in attrs]


def complaints(page):
    """What is not as the pattern has it in a page that says what is wrong."""
    tied = Counter(
        name for attrs in page.all("aria-describedby") for name in attrs["aria-describedby"].split()
    )
    for name in page.errors:
        if tied[name] < 1:
            yield f"{name} is tied to no field"
    for attrs in page.all("aria-invalid"):
        described = attrs.get("aria-describedby", f"id_{attrs.get('name')}_error")  # of its group
        if not set(described.split()) & page.errors.keys():
            yield f"{attrs.get('name')} is wrong, and nothing says why"
    focus = page.all("autofocus")
    if len(focus) != 1:
        yield f"{len(focus)} elements take the focus"
    elif len(page.errors) == 1 and not page.alerts:
        [of_field] = page.errors
        if of_field not in (focus[0].get("aria-describedby") or ""):
            yield f"the focus is not on the field of {of_field}"
    elif "alert-error" not in (focus[0].get("class") or "") and page.alerts:
        yield "the summary has not the focus"
    if len(page.alerts) > 1:
        yield "there are two summaries"
    if not page.alerts and len(page.errors) > 1:
        yield "several fields are wrong, and nothing above says so"
    ids = [attrs["id"] for attrs in page.all("id")]
    for name, times in Counter(ids).items():
        if times > 1:
            yield f"{name} stands there {times} times"
    for attrs in page.all("href"):
        if attrs["href"].startswith("#") and attrs["href"][1:] not in ids:
            yield f"{attrs['href']} leads nowhere"
    above = {text for alert in page.alerts for text in alert}
    at_fields = {text for told in page.errors.values() for text in told}
    if twice := above & at_fields:
        yield f"told twice: {twice}"


def addresses(resolver=None, prefix=""):
    """Those without a key in them, but for the administration and what programs call."""
    for pattern in (resolver or get_resolver()).url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            if not re.search(r"[<(^$\\]", path):
                yield f"/{path}"
        elif not path.startswith(("admin/", "api/")):
            yield from addresses(pattern, path)


def visitor():
    return Browser(), []


def person():
    browser = Browser()
    flow.sign_in(browser, make_person("alice@example.com").email)
    return browser, []


def give_passkey(user):
    facts = {"public_key": b"1", "aaguid": uuid4(), "backed_up": False, "user_verified": True}
    return Credential.objects.create(user=user, credential_id=b"1", name="Key", **facts)


def person_with_factors():
    user = make_person("bob@example.com")
    app = AuthenticatorApp.objects.create(
        user=user, name="Phone", key=AuthenticatorApp.new_key(), confirmed=True
    )
    RecoveryCodes.replace(user)
    key = give_passkey(user)
    browser = Browser()
    mfa_flow.sign_in(browser, app)
    return browser, [
        f"/account/security/app/{app.pk}/",
        f"/account/security/app/{app.pk}/remove/",
        f"/account/security/passkeys/{key.pk}/rename/",
    ]


def person_whose_app_is_the_only_factor():
    app = AuthenticatorApp.objects.create(
        user=make_person("carla@example.com"), key=AuthenticatorApp.new_key(), confirmed=True
    )
    browser = Browser()
    mfa_flow.sign_in(browser, app)
    return browser, [f"/account/security/app/{app.pk}/remove/"]


def person_with_a_telephone():
    user = make_person("dora@example.com")
    texting.make_phone(user)
    browser = Browser()
    mfa_flow.show_password(browser, user.email)
    browser.get("/signin/second-step/sms/")
    browser.post("/signin/second-step/sms/", {"code": texting.code_in(texting.delivered()[-1])})
    return browser, []


def person_with_codes_by_email():
    user = make_person("emil@example.com")
    EmailDevice.objects.create(user=user, confirmed=True)
    browser = Browser()
    browser.force_login(user)
    return browser, []


def at_the_second_step():
    user = make_person("finn@example.com")
    AuthenticatorApp.objects.create(user=user, key=AuthenticatorApp.new_key(), confirmed=True)
    RecoveryCodes.replace(user)
    browser = Browser()
    mfa_flow.show_password(browser, user.email)
    return browser, []


def at_a_text_message():
    user = make_person("gina@example.com")
    texting.make_phone(user)
    browser = Browser()
    mfa_flow.show_password(browser, user.email)
    return browser, []


def at_a_code_by_email():
    user = make_person("hans@example.com")
    EmailDevice.objects.create(user=user, confirmed=True)
    browser = Browser()
    mfa_flow.show_password(browser, user.email)
    return browser, []


def signing_up():
    browser = Browser()
    return browser, [flow.ask_for_account(browser, "ines@example.com")["Location"]]


def signing_up_elsewhere():
    flow.ask_for_account(Browser(), "jana@example.com")
    browser = Browser()
    browser.get(flow.link_in(flow.delivered()[-1]))
    return browser, []


def recovering():
    browser = Browser()
    browser.get(flow.recovery_link(make_person("karl@example.com").email))
    return browser, []


def signing_in_by_email():
    browser = Browser()
    browser.post("/signin/email/", {"email": make_person("lena@example.com").email})
    return browser, []


def asked_for_a_passkey():
    user = make_person("nora@example.com")
    browser = Browser()
    return browser, [mfa_flow.show_password(browser, user.email, acr_values="phr")["Location"]]


def at_a_passkey():
    user = make_person("olaf@example.com")
    give_passkey(user)
    browser = Browser()
    mfa_flow.show_password(browser, user.email)
    return browser, []


def with_a_short_password():
    user = make_person("paul@example.com", password=make_password("a short one"))
    browser = Browser()
    flow.sign_in(browser, user.email, "a short one")
    return browser, []


def invited():
    request = RequestFactory().get("/")
    request.user = make_person("quin@example.com", is_staff=True)
    invitations.send(request, Invitation(email="rosa@example.com", name="Rosa"))
    browser = Browser()
    browser.get(flow.link_in(flow.delivered()[-1]))
    return browser, []


def helped():
    boss = make_person("sara@example.com", is_staff=True, is_superuser=True)
    user = make_person("theo@example.com")
    given = {"reason": "Ticket 7", "checked": "Badge", "resets_factors": True}
    support.open_case(boss, user, **given)
    browser = Browser()
    [link] = [flow.link_in(m) for m in flow.delivered() if user.email in m.to][-1:]
    browser.get(link)
    return browser, []


def operator():
    user = make_person("mara@example.com", is_staff=True, is_superuser=True)
    return desk_of(user), []


SITUATIONS = [
    visitor,
    person,
    person_with_factors,
    person_whose_app_is_the_only_factor,
    person_with_a_telephone,
    person_with_codes_by_email,
    at_the_second_step,
    at_a_text_message,
    at_a_code_by_email,
    signing_up,
    signing_up_elsewhere,
    recovering,
    signing_in_by_email,
    asked_for_a_passkey,
    at_a_passkey,
    with_a_short_password,
    invited,
    helped,
    operator,
]


BEYOND = {
    "ostiary_accounts/change_breached.html",  # of a password that a service knows
    "ostiary_passkeys/offer.html",  # in a browser that can make a passkey
    "ostiary_passkeys/rename.html",  # by who has shown one
}
"""Whose forms no situation leads to. They have the same place for errors (see below)."""


@pytest.fixture(autouse=True)
def no_tries_spent():
    """Of whoever is tested next."""
    yield
    cache.clear()
    if ostiary_settings.THROTTLE_STORAGE != "database://":
        storage_at(ostiary_settings.THROTTLE_STORAGE).reset()


@pytest.fixture
def everything_on(settings):
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    settings.OSTIARY_MFA = {**texting.SETTINGS, "EMAIL_CODES": True}


def walk(browser, further):
    """The answers to each form at each address, sent empty and with rubbish."""
    for path in [*further, *addresses()]:
        opened = browser.get(path)
        if opened.status_code != 200 or "text/html" not in opened.get("Content-Type", ""):
            continue
        for form in Page(opened.content.decode()).forms:
            shown = [*form.shown, *form.hidden.keys() & {"answer"}]  # of a passkey
            if not shown or form.attrs.get("action", "").startswith("/language/"):
                continue
            send = browser.post if form.attrs.get("method") == "post" else browser.get
            for typed in ("", "x", "\0"):
                cache.clear()  # nobody has tried too often
                answer = send(
                    form.attrs.get("action") or path,
                    {**form.hidden, **dict.fromkeys(shown, typed)},
                )
                if "text/html" in answer.get("Content-Type", ""):
                    yield path, answer


@pytest.fixture(scope="module")
def reached():
    """The templates whose form was shown with something wrong in it."""
    return set()


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.__name__)
def test_what_is_wrong_is_said_once_and_tied_to_its_field(everything_on, situation, reached):
    browser, further = situation()
    wrong, seen = {}, 0
    for path, answer in walk(browser, further):
        page = Page(answer.content.decode())
        if not page.errors and not page.alerts:
            continue
        seen += 1
        reached.update(template.name for template in answer.templates)
        if found := list(complaints(page)):
            wrong[path] = found

    assert not wrong
    assert seen


def templates():
    for app in APPS:
        yield from (ROOT / app / "templates").glob("ostiary*/**/*.html")


def test_every_form_with_fields_has_the_place_for_what_is_wrong_before_them():
    without = []
    for template in templates():
        for form in re.findall(r"<form.*?</form>", template.read_text(), re.DOTALL):
            has_fields = "ostiary/field.html" in form or "new_password_fields.html" in form
            if has_fields and not 0 <= form.find(INCLUDE) < form.find("field"):
                without.append(str(template.relative_to(ROOT)))

    assert not without


def test_that_was_every_form(reached, request):
    walked = {
        f"test_what_is_wrong_is_said_once_and_tied_to_its_field[{each.__name__}]"
        for each in SITUATIONS
    }
    if not walked <= {item.name for item in request.session.items}:
        pytest.skip("not every situation was walked")
    names = [str(t).partition("/templates/")[2] for t in templates() if INCLUDE in t.read_text()]

    assert set(names) - reached == BEYOND
