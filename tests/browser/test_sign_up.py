"""Signing up in a real browser: by code, by link, in two tabs, on another device, by invitation."""

import pytest
from django.contrib.auth import get_user_model

from accounts.models import SignUpPolicy

from .conftest import (
    PASSWORD,
    authorization_url,
    enter_code,
    invitation_link,
    mailed_code,
    mailed_link,
    new_person,
    sign_in,
    submit,
)

pytestmark = pytest.mark.django_db(transaction=True)

CAROL = "carol@example.com"


def ask(page, email=CAROL):
    """Fill in the sign-up page that is shown."""
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    submit(page)
    page.get_by_role("heading", name="Check your email").wait_for()


def is_at_consent(page, client):
    page.get_by_role("button", name="Allow", exact=True).wait_for()
    return client.name in page.get_by_role("heading", level=1).inner_text()


def test_prompt_create_leads_through_the_code_to_the_application(page, issuer, client):
    page.goto(authorization_url(issuer, client, prompt="create"))
    page.wait_for_url(f"{issuer}/signup/**")
    ask(page)
    enter_code(page, "0000 0000")
    assert "Wrong code." in page.locator(".field-errors").inner_text()

    enter_code(page, mailed_code(CAROL))

    assert is_at_consent(page, client)


def test_from_the_sign_in_page_through_the_link_in_another_tab(page, issuer, client):
    page.goto(authorization_url(issuer, client))
    page.get_by_role("link", name="Create an account").click()
    ask(page)

    tab = page.context.new_page()
    tab.goto(mailed_link(CAROL))
    submit(tab)
    assert is_at_consent(tab, client)

    page.reload()  # the first tab goes on to where the person was going, too
    assert is_at_consent(page, client)


def test_on_another_device_the_password_is_asked_for_and_the_first_goes_on_by_sign_in(
    open_window, issuer, client
):
    desk, phone = open_window(), open_window(viewport={"width": 320, "height": 640})
    desk.goto(authorization_url(issuer, client, prompt="create"))
    ask(desk)

    phone.goto(mailed_link(CAROL))
    phone.locator("input[name=password]").fill(PASSWORD)
    submit(phone)
    assert is_at_consent(phone, client)

    desk.reload()
    desk.get_by_role("heading", name="Your sign-up has ended").wait_for()
    desk.get_by_role("link", name="Sign in").click()
    sign_in(desk, CAROL)
    assert is_at_consent(desk, client)


def test_two_tabs_with_two_addresses_and_one_corrected(page, issuer):
    page.goto(f"{issuer}/signup/?next=/account/profile/")
    ask(page, "carol@example.con")
    tab = page.context.new_page()
    tab.goto(f"{issuer}/signup/")
    ask(tab, "dave@example.com")

    page.get_by_role("link", name="Wrong email address? Change it").click()
    assert page.locator("input[name=email]").input_value() == "carol@example.con"
    ask(page)
    enter_code(page, mailed_code(CAROL))

    assert page.url == f"{issuer}/account/profile/"
    assert CAROL in page.inner_text("header")
    assert not get_user_model().objects.filter(email="dave@example.com").exists()


def test_it_all_works_without_scripts_and_by_keyboard(open_window, issuer):
    page = open_window(java_script_enabled=False)
    page.goto(f"{issuer}/signup/")
    page.locator("input[name=email]").fill(CAROL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator("input[name=code]").focus()
    page.keyboard.type(mailed_code(CAROL))
    page.keyboard.press("Enter")

    page.wait_for_url(f"{issuer}/account/")


def test_an_invited_person_comes_in_where_nobody_else_may_sign_up(page, issuer):
    SignUpPolicy.objects.create(mode="invited", contact="help@example.com")
    page.goto(f"{issuer}/signup/")
    assert "contact help@example.com" in page.inner_text("main")

    page.goto(invitation_link(CAROL))
    page.locator("input[name=password]").fill(PASSWORD)
    submit(page)

    assert page.url == f"{issuer}/account/"


def test_who_meets_new_terms_accepts_them_and_goes_on(page, issuer, client, settings):
    new_person(CAROL)
    steps = ["accounts.terms.TermsStep"]
    settings.OSTIARY = {**settings.OSTIARY, "SIGNIN_STEPS": steps, "TERMS_URL": "/"}
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "TERMS_VERSION": "2"}
    page.goto(authorization_url(issuer, client))
    sign_in(page, CAROL)
    page.get_by_role("button", name="Accept").click()

    assert is_at_consent(page, client)
