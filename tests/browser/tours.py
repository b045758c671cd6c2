"""Every page that somebody can see. A tour leads a window to each, and says its name there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.test import RequestFactory, override_settings
from playwright.sync_api import Page

from accounts import breached, invitations
from accounts.models import Invitation, SignUpPolicy
from idp_site import mailbox
from oauth.models import Client
from ostiary import events, factors, notices, notifications, outbox
from ostiary.notifications import notify
from ostiary.throttling import Throttled, throttle

from .conftest import PASSWORD, new_person, sign_in, submit

Tour = Callable[[Page, str, Client], Iterator[str]]


def mailed_link(to: str) -> str:
    """The first link of the newest message to this address."""
    while outbox.deliver_due():
        pass
    text = [message["text"] for message in mailbox.messages() if message["to"] == to][-1]
    found = re.search(r"https?://\S+", text)
    assert found, text
    return found[0]


def authorization_url(issuer: str, client: Client, **more: str) -> str:
    """A request for all that the client may ask for (OIDC Core §3.1.2.1).

    ``more`` adds parameters, sets them otherwise, or with ``""`` leaves them out.
    """
    query = {
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uris,
        "response_type": "code",
        "scope": " ".join(client.scopes),
        "resource": client.audiences[0],
        "state": "af0ifjsldkj",
        # RFC 7636 appendix B
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        **more,
    }
    sent = {name: value for name, value in query.items() if value}
    return f"{issuer}/oauth/authorize?{urlencode(sent)}"


def invitation_link(email: str) -> str:
    """The link of an invitation that an operator has sent to this address."""
    request = RequestFactory().get("/")
    request.user = new_person("ida@example.com", is_staff=True)
    invitations.send(request, Invitation(email=email, name="Erin", message="Welcome to the team."))
    return mailed_link(email)


def visitor(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone whom nobody knows yet."""
    page.goto(f"{issuer}/")
    yield "start"
    page.goto(f"{issuer}/signin/")
    yield "sign-in"
    sign_in(page, "nobody@example.com", "not the password")
    yield "sign-in-refused"
    page.goto(f"{issuer}/signup/")
    yield "sign-up"
    page.locator("input[name=email]").fill("carol@example.com")
    page.locator("input[name=password]").fill("short")
    submit(page)
    yield "sign-up-refused"
    page.locator("input[name=password]").fill(PASSWORD)
    submit(page)
    yield "check-mail"
    page.locator("input[name=code]").fill("1234")
    submit(page)
    yield "check-mail-refused"
    page.goto(mailed_link("carol@example.com"))
    yield "verify"
    page.goto(f"{issuer}/signup/verify/?token=stale")
    yield "dead-link"
    page.goto(invitation_link("erin@example.com"))
    yield "invitation"
    page.goto(f"{issuer}/signup/invitation/?token=stale")
    yield "dead-invitation"
    SignUpPolicy.objects.create(mode="invited", contact="the service desk, help@example.com")
    page.goto(f"{issuer}/signup/")
    yield "sign-up-by-invitation"
    SignUpPolicy.objects.all().delete()
    new_person("dave@example.com")
    page.goto(f"{issuer}/recover/")
    yield "recover"
    page.locator("input[name=email]").fill("dave@example.com")
    submit(page)
    yield "recover-sent"
    page.goto(mailed_link("dave@example.com"))
    yield "recover-set"
    gina = new_person("gina@example.com")
    notify(gina, "password_changed")
    page.goto(mailed_link(gina.email))
    yield "not-me"
    submit(page)
    yield "not-me-done"
    for name, path in {
        "mailbox": "dev/mailbox/",
        "authorization-refused": "oauth/authorize?client_id=unknown",
        "404": "nowhere/",
        "400": "fails/bad-request/",
        "500": "fails/mistake/",
        "503": "fails/outage/",
    }.items():
        page.goto(f"{issuer}/{path}")
        yield name
    frank = new_person("frank@example.com")
    events.record("signin.succeeded", user=frank)
    for _ in range(30):
        throttle("signin", user=frank.email)
    page.goto(f"{issuer}/signin/")
    sign_in(page, frank.email)
    yield "confirm-sign-in"
    page.goto(f"{issuer}/signin/")
    spend_tries("erin@example.com")
    sign_in(page, "erin@example.com")
    yield "throttled"


def spend_tries(email: str) -> None:
    """Have somebody guess until they must wait."""
    try:
        while True:
            throttle("signin", ip="127.0.0.1", user=email)
    except Throttled:
        pass


def terms(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who meets new terms of use."""
    new_person("dave@example.com")
    steps = {**settings.OSTIARY, "SIGNIN_STEPS": ["accounts.terms.TermsStep"]}
    rules = {**settings.OSTIARY_ACCOUNTS, "TERMS_VERSION": "2026-11", "TERMS_URL": "/"}
    with override_settings(OSTIARY=steps, OSTIARY_ACCOUNTS=rules):
        page.goto(f"{issuer}/signup/")
        yield "sign-up-terms"
        page.goto(f"{issuer}/signin/")
        sign_in(page, "dave@example.com")
        yield "terms"
        page.get_by_role("button", name="I don’t accept").click()
        page.get_by_role("heading", name="You are not signed in").wait_for()
        yield "terms-declined"


def person(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone with an account."""
    new_person("alice@example.com", name="Alice Archer", given_name="Alice", family_name="Archer")
    page.goto(authorization_url(issuer, client))
    sign_in(page)
    yield "consent"
    page.goto(authorization_url(issuer, client, prompt="select_account"))
    yield "select-account"
    # Without the script that sends it, the page stays.
    page.route("**/form_post.js", lambda route: route.abort())
    page.goto(authorization_url(issuer, client, response_mode="form_post"))
    submit(page)
    yield "form-post"
    page.goto(f"{issuer}/account/")
    yield "account"
    for name in ("profile", "security", "sessions", "activity", "privacy", "applications"):
        page.goto(f"{issuer}/account/{name}/")
        yield f"account-{name}"
    page.goto(f"{issuer}/account/profile/")
    page.locator("input[name=preferred_username]").fill("Al")
    submit(page)
    yield "account-profile-saved"
    page.goto(f"{issuer}/account/email/")
    page.locator("main input[name=email]").fill("alice@new.example")
    submit(page)
    yield "account-email"
    page.goto(mailed_link("alice@new.example"))
    yield "email-confirm"
    submit(page)
    page.goto(mailed_link("alice@example.com"))
    yield "email-undo"
    submit(page)
    yield "email-undone"
    page.goto(mailed_link("alice@example.com"))
    page.locator("input[name=password]").fill(PASSWORD)
    submit(page)
    sign_in(page)
    page.goto(f"{issuer}/signin/?reauthenticate=1&next=/account/security/")
    yield "sign-in-again"
    page.goto(f"{issuer}/admin/")
    yield "403"
    page.goto(f"{issuer}/account/profile/")
    page.context.clear_cookies(name="ostiary_csrf")
    submit(page)
    yield "403-form-too-old"
    page.goto(f"{issuer}/oauth/logout?client_id={client.client_id}")
    yield "logout"
    page.goto(f"{issuer}/signout/")
    yield "sign-out"
    submit(page)
    yield "signed-out"
    page.goto(f"{issuer}/oauth/logout")
    yield "logged-out"


class LostPhone:
    """The second factor of everybody, which nobody can use."""

    def factors_of(self, user: Any) -> list[str]:
        """One."""
        return ["Authenticator app"]

    def reset(self, user: Any) -> None:
        """Nothing is kept."""


def by_email(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who signs in by mail, on a site that programs are trying."""
    gail = new_person("gail@example.com").email
    of_accounts = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}
    with override_settings(OSTIARY_ACCOUNTS=of_accounts):
        page.goto(f"{issuer}/signin/")
        yield "sign-in-with-other-ways"
        page.goto(f"{issuer}/signin/email/")
        yield "sign-in-email"
        page.locator("input[name=email]").fill(gail)
        submit(page)
        yield "sign-in-code"
        link = mailed_link(gail)
        page.locator("input[name=code]").fill("0000 0000")
        submit(page)
        yield "sign-in-code-refused"
        page.goto(link)
        yield "sign-in-link"
        page.context.clear_cookies()
        page.goto(link)
        yield "sign-in-link-elsewhere"
        page.goto(f"{issuer}/signin/email/link/?token=stale")
        yield "sign-in-link-dead"
    with override_settings(OSTIARY_ACCOUNTS={**of_accounts, "CHALLENGE_ACCOUNTS_PER_SOURCE": 1}):
        page.goto(f"{issuer}/signin/")
        for email in ("nobody@example.com", gail):
            sign_in(page, email, "not the password")
        page.get_by_text("The sum is done").wait_for()
        yield "challenge"
        page.locator("button[name=challenge_by_mail]").click()
        page.locator("input[name=challenge_code]").wait_for()
        yield "challenge-by-mail"
    page.goto(f"{issuer}/signup/")
    page.locator("input[name=password]").fill("iloveyou")
    page.get_by_text("Very easy to guess").wait_for()
    yield "sign-up-advised"


def stolen(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone whose password is in a list of stolen ones."""
    hank = new_person("hank@example.com")
    lists = settings.VAR_DIR / "stolen.txt"
    lists.write_text(hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).hexdigest().upper())
    of_accounts = {**settings.OSTIARY_ACCOUNTS, "BREACHED_PASSWORDS_FILE": str(lists)}
    steps = {**settings.OSTIARY, "SIGNIN_STEPS": [breached.STEP]}
    with override_settings(OSTIARY_ACCOUNTS=of_accounts):
        page.goto(f"{issuer}/signin/")
        sign_in(page, hank.email)
        yield "account-password-stolen"
        page.context.clear_cookies()
        with override_settings(OSTIARY=steps):
            page.goto(f"{issuer}/signin/")
            sign_in(page, hank.email)
            yield "sign-in-new-password"


def locked_out(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who can't use their second factor."""
    new_person("fay@example.com")
    factors.register_keeper("tour", LostPhone())
    try:
        page.goto(f"{issuer}/recover/second-step/")
        yield "second-step"
        page.locator("input[name=email]").fill("fay@example.com")
        submit(page)
        yield "second-step-sent"
        page.goto(mailed_link("fay@example.com"))
        yield "second-step-go-on"
        submit(page)
        yield "second-step-begun"
        stop = mailed_link("fay@example.com")
        page.goto(f"{issuer}/signin/")
        sign_in(page, "fay@example.com")
        page.goto(f"{issuer}/account/security/")
        yield "account-security-recovery"
        page.goto(stop)
        yield "second-step-stop"
        submit(page)
        yield "second-step-stopped"
    finally:
        factors._keepers.pop("tour")


def operator(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who looks after the site."""
    ada = new_person("admin@example.com", name="Ada Operator", is_staff=True, is_superuser=True)
    page.goto(f"{issuer}/admin/")
    sign_in(page, ada.email)
    yield "admin"
    page.goto(f"{issuer}/")
    yield "start-operator"
    for name, path in {
        "people": "ostiary_accounts/user/",
        "invitations": "ostiary_accounts/invitation/",
        "invite": "ostiary_accounts/invitation/add/",
        "sign-up-policy": "ostiary_accounts/signuppolicy/add/",
        "person": f"ostiary_accounts/user/{ada.pk}/change/",
        "clients": "ostiary_oauth/client/",
        "client": f"ostiary_oauth/client/{client.pk}/change/",
        "keys": "ostiary_oauth/signingkey/",
        "events": "ostiary/event/",
        "sessions": "ostiary/session/",
        "outbox": "ostiary/outboxmessage/",
    }.items():
        page.goto(f"{issuer}/admin/{path}")
        yield f"admin-{name}"


def messages(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Whoever reads their mail: each kind of message, as HTML."""
    for kind in notices.kinds():
        page.set_content(notifications.example(kind).html)
        yield f"message-{kind}"


TOURS: list[Tour] = [visitor, terms, person, by_email, stolen, locked_out, operator, messages]
