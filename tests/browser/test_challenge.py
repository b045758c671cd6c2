"""The sum that a browser does before a form is taken, under the site's Content Security Policy."""

import re

import pytest
from django.utils import timezone

from idp_site import mailbox
from ostiary import outbox
from ostiary.models import Event, OutboxMessage

from .conftest import sign_in, submit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def attacked(settings, issuer):
    """One account that was tried from here is too many already."""
    settings.OSTIARY_ACCOUNTS = {
        **settings.OSTIARY_ACCOUNTS,
        "CHALLENGE_ACCOUNTS_PER_SOURCE": 1,
        "PASSWORDLESS_EMAIL": True,
    }


def be_asked(page, issuer):
    page.goto(f"{issuer}/signin/")
    sign_in(page, "nobody@example.com", "not the password")
    sign_in(page)
    assert "We’re seeing unusual activity" in page.locator(".alert-error").inner_text()


def test_the_browser_does_the_sum_says_so_and_signs_in(page, issuer, alice):
    be_asked(page, issuer)
    page.locator("[role=status]", has_text="Check complete").wait_for()

    sign_in(page)

    assert page.url == f"{issuer}/account/"
    assert Event.objects.filter(kind="attack.suspected").count() == 1


def test_a_form_that_is_sent_at_once_goes_when_the_sum_is_done(page, issuer, alice, settings):
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "CHALLENGE_WORK": 2000}
    be_asked(page, issuer)
    assert "Checking your browser" in page.locator("[data-challenge] [role=status]").inner_text()

    page.locator("input[name=password]").fill("correct horse battery staple")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{issuer}/account/")


@pytest.mark.parametrize("path", ["signup", "recover", "signin/email"])
def test_other_forms_are_sent_with_the_sum_too(page, issuer, path):
    for number in range(3):
        page.goto(f"{issuer}/{path}/")
        for _ in range(2):
            page.locator("input[name=email]").fill(f"carol{number}@example.com")
            if path == "signup":
                page.locator("input[name=password]").fill("correct horse battery staple")
            submit(page)
            if page.url != f"{issuer}/{path}/":
                break
        assert page.url != f"{issuer}/{path}/"


def test_without_scripts_a_mailed_code_does(open_window, issuer, alice):
    page = open_window(java_script_enabled=False)
    be_asked(page, issuer)
    page.locator("button[name=challenge_by_mail]").click()
    OutboxMessage.objects.filter(kind="accounts.mailed_code").update(next_attempt_at=timezone.now())
    while outbox.deliver_due():
        pass
    code = re.search(r"\d{4} \d{4}", mailbox.messages()[-1]["text"])[0]

    page.locator("input[name=challenge_code]").fill(code)
    sign_in(page)

    assert page.url == f"{issuer}/account/"
