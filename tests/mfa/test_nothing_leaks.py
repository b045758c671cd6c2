"""Neither a key nor a code nor a trusted cookie is to be read in a table, a cache, a log, a page of
the admin or the report of an error (SECURITY D1, D3, D5, G1, H9)."""

import base64
import logging
import re
import sys

import pytest
from django.contrib.sessions.models import Session as StoredSession
from django.core import signing
from django.core.signals import got_request_exception
from django.test import Client as Browser
from django.urls import reverse
from django.views.debug import ExceptionReporter

from mfa import challenge, trusted_devices
from mfa.models import AuthenticatorApp, RecoveryCodes
from ostiary import cookies, outbox
from tests.kept import kept, tables
from tests.mfa import flow
from tests.mfa.conftest import make_person
from tests.operators import desk_of

pytestmark = pytest.mark.needs("accounts")

MODELS = [
    *("authenticatorapp", "recoverycodes", "trusteddevice", "phone", "emaildevice"),
    *("textmessage", "grouppolicy"),
]
RECOVERY_CODES = "/account/security/recovery-codes/"


def spellings(secret: bytes) -> list[str]:
    """A secret as a table or a line of a log may have it."""
    return [
        secret.decode("latin-1"),
        str(secret),
        secret.hex(),
        secret.hex().upper(),
        base64.b64encode(secret).decode().rstrip("="),
        base64.urlsafe_b64encode(secret).decode().rstrip("="),
        base64.b32encode(secret).decode().rstrip("="),
        base64.b32encode(secret).decode().rstrip("=").lower(),
    ]


def of_text(text: str) -> list[str]:
    """The same of a code, with and without what stands between its groups."""
    plain = text.replace("-", "")
    return [text, plain.lower(), *spellings(plain.encode()), *spellings(text.encode())]


def stored_sessions() -> str:
    """What the sessions hold, which the table has in Base64."""
    return "\n".join(str(session.get_decoded()) for session in StoredSession.objects.all())


def live_secrets(browser: Browser, person) -> dict[str, list[str]]:
    """Go through every page on which there is a secret; each, in every spelling."""
    live: dict[str, list[str]] = {}
    flow.show_password(browser, person.email)
    browser.post("/account/security/app/")
    page = browser.get("/account/security/app/confirm/").content.decode()
    app = AuthenticatorApp.objects.get()
    assert base64.b32encode(app.key).decode()[:4] in page
    live["the key of the app"] = spellings(app.key)
    live["a wrong code"] = of_text("MARKED-WRONG-CODE-77")
    browser.post("/account/security/app/confirm/", {"code": "MARKED-WRONG-CODE-77"})
    browser.post("/account/security/app/confirm/", {"code": flow.code_of(app)})
    page = browser.post(RECOVERY_CODES).content.decode()
    codes = re.findall(r"<code>([^<]+)</code>", page)
    browser.post(f"{RECOVERY_CODES}download/", {"codes": " ".join(codes)})
    live |= {f"recovery code {n}": of_text(code) for n, code in enumerate(codes)}
    live["the key of the codes"] = spellings(RecoveryCodes.objects.get().key)
    browser.post("/signout/")

    flow.show_password(browser, person.email)
    browser.post("/signin/second-step/recovery-code/", {"code": "MARKED-WRONG-CODE-77"})
    browser.post("/signin/second-step/recovery-code/", {"code": codes[0]})
    browser.post("/signout/")
    AuthenticatorApp.objects.update(last_t=-1)
    flow.show_password(browser, person.email)
    browser.post(flow.CHALLENGE, {"code": flow.code_of(app), "trust": "on"})
    cookie = browser.cookies[cookies.name_of("trusted-device")].value
    [token] = signing.loads(cookie, salt=trusted_devices.SALT).values()
    live["the trusted cookie"] = [cookie]
    live["what it says"] = of_text(token)
    return live


def assert_nowhere(live: dict[str, list[str]], **places: str) -> None:
    """None of them stands in any of these places."""
    found = [
        f"{name} in {place}"
        for place, told in places.items()
        for name, texts in live.items()
        if any(text in told for text in texts)
    ]
    assert not found


def test_h9_no_key_or_code_is_in_a_table_a_cache_a_log_or_a_page_of_the_admin(
    browser, person, caplog
):
    caplog.set_level(logging.DEBUG)
    live = live_secrets(browser, person)
    while outbox.deliver_due():
        pass
    admin = make_person("operator@example.com")
    admin.is_staff = admin.is_superuser = True
    admin.save()
    desk = desk_of(admin)
    pages = [desk.get(f"{reverse('admin:index')}ostiary_mfa/{model}/") for model in MODELS]
    pages += [
        desk.get(reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[pk]))
        for row in (AuthenticatorApp, RecoveryCodes)
        for pk in row.objects.values_list("pk", flat=True)
    ]
    pages += [desk.get("/admin/ostiary/event/"), desk.get("/admin/ostiary/outboxmessage/")]
    assert {page.status_code for page in pages} == {200}

    assert_nowhere(
        live,
        tables=tables(),
        sessions=stored_sessions(),
        cache=kept(),
        log=caplog.text,
        admin="\n".join(page.content.decode() for page in pages),
    )


def report_of(browser: Browser, path: str, sent: dict[str, str]) -> str:
    """What Django reports of the error that this request meets: as text, and as a page."""
    told = []

    def note(sender, request, **_):
        reporter = ExceptionReporter(request, *sys.exc_info())
        told.extend([reporter.get_traceback_text(), reporter.get_traceback_html()])

    got_request_exception.connect(note)
    browser.raise_request_exception = False
    try:
        assert browser.post(path, sent).status_code == 500
    finally:
        got_request_exception.disconnect(note)
    return "\n".join(told)


@pytest.mark.parametrize("kind", ["app", "recovery_code"])
def test_the_report_of_an_error_tells_no_code(browser, app, kind, monkeypatch, settings):
    def fail(*_, **__):
        raise RuntimeError("the disk is full")

    settings.DEBUG = False
    [code, *_] = RecoveryCodes.replace(app.user)
    flow.show_password(browser, app.user.email)
    monkeypatch.setattr(challenge.events, "record", fail)
    if kind == "app":
        path, code = flow.CHALLENGE, flow.code_of(app)
    else:
        path = "/signin/second-step/recovery-code/"
    report = report_of(browser, path, {"code": code})
    assert "the disk is full" in report
    assert not re.search(rf"(?<!\w){code}(?!\w)", report)
    assert_nowhere({"the key": spellings(app.key)}, report=report)
