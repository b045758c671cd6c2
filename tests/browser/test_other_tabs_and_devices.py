"""Recovery and sign-in by mail that go on in another tab or on another device."""

import pytest

from ostiary.models import Session

from .conftest import authorization_url, enter_code, mailed_code, mailed_link, sign_in, submit

pytestmark = pytest.mark.django_db(transaction=True)

NEW_PASSWORD = "another correct horse battery"
NARROW = {"width": 320, "height": 640}


def ask(page):
    """Fill in the page that asks for an address."""
    page.locator("input[name=email]").fill("alice@example.com")
    submit(page)


def is_at_consent(page, client):
    page.get_by_role("button", name="Allow", exact=True).wait_for()
    return client.name in page.get_by_role("heading", level=1).inner_text()


# --- recovery -----------------------------------------------------------------------------------


def forget(page, issuer, client):
    """On the way to the application, ask for a link to set a new password."""
    page.goto(authorization_url(issuer, client))
    page.get_by_role("link", name="Forgot your password?").click()
    ask(page)
    page.get_by_role("heading", name="Check your email").wait_for()


def recover(page):
    """Open the link, set a password, and sign in with it."""
    page.goto(mailed_link("alice@example.com", "/recover/"))
    page.locator("input[name=password]").fill(NEW_PASSWORD)
    submit(page)
    assert page.locator("input[name=identifier]").input_value() == "alice@example.com"
    page.locator("input[name=password]").fill(NEW_PASSWORD)
    submit(page)


def test_recovery_in_another_tab_leads_back_to_the_application(page, issuer, client, alice):
    forget(page, issuer, client)
    tab = page.context.new_page()

    recover(tab)

    assert is_at_consent(tab, client)
    page.goto(authorization_url(issuer, client))  # the first tab is signed in with it
    assert is_at_consent(page, client)


def test_recovery_on_another_device_leads_to_the_application_there(
    open_window, issuer, client, alice
):
    desk, phone = open_window(), open_window(viewport=NARROW)
    forget(desk, issuer, client)

    recover(phone)

    assert is_at_consent(phone, client)
    desk.goto(authorization_url(issuer, client))  # the link signed nobody in here
    sign_in(desk, password=NEW_PASSWORD)
    assert is_at_consent(desk, client)


def test_recovery_signs_out_the_device_that_is_signed_in(open_window, issuer, client, alice):
    lost, desk = open_window(), open_window()
    lost.goto(f"{issuer}/signin/")
    sign_in(lost)
    forget(desk, issuer, client)

    recover(desk)

    lost.goto(f"{issuer}/account/")
    assert lost.url.startswith(f"{issuer}/signin/")


# --- two tabs at the sign-in page ---------------------------------------------------------------


@pytest.mark.parametrize("how", ["its form", "a reload"])
def test_who_signs_in_in_one_tab_goes_on_in_the_other(page, issuer, client, alice, how):
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(authorization_url(issuer, client))
    sign_in(page)
    assert is_at_consent(page, client)

    if how == "its form":
        sign_in(other)
    else:
        other.reload()

    assert is_at_consent(other, client)
    assert Session.objects.count() == 1


# --- sign-in by mail ----------------------------------------------------------------------------


@pytest.fixture
def by_mail(settings):
    """The operator's option."""
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "PASSWORDLESS_EMAIL": True}


def ask_for_mail(page, issuer, client):
    """On the way to the application, ask for a code and a link."""
    page.goto(authorization_url(issuer, client))
    page.locator(".other-ways a[href*='/signin/email/']").click()
    ask(page)
    page.get_by_role("heading", name="Enter the code").wait_for()


def test_the_code_is_read_on_another_device_and_typed_here(page, issuer, client, alice, by_mail):
    ask_for_mail(page, issuer, client)

    enter_code(page, mailed_code("alice@example.com"))

    assert is_at_consent(page, client)


def test_the_link_in_another_tab_leads_to_the_application(page, issuer, client, alice, by_mail):
    ask_for_mail(page, issuer, client)
    tab = page.context.new_page()
    tab.goto(mailed_link("alice@example.com", "/signin/email/link/"))

    submit(tab)

    assert is_at_consent(tab, client)


def test_the_link_on_another_device_asks_first_and_works_once(
    open_window, issuer, client, alice, by_mail
):
    desk, phone = open_window(), open_window(viewport=NARROW)
    ask_for_mail(desk, issuer, client)
    link = mailed_link("alice@example.com", "/signin/email/link/")
    phone.goto(link)
    phone.get_by_role("heading", name="Did you request this link?").wait_for()

    submit(phone)

    assert is_at_consent(phone, client)
    desk.goto(link)
    assert not desk.get_by_role("button", name="Sign in", exact=True).count()
    desk.goto(f"{issuer}/account/")
    assert desk.url.startswith(f"{issuer}/signin/")


def test_a_code_does_not_work_in_a_browser_that_did_not_ask(
    open_window, issuer, client, alice, by_mail
):
    desk, phone = open_window(), open_window()
    ask_for_mail(desk, issuer, client)
    code = mailed_code("alice@example.com")

    phone.goto(f"{issuer}/signin/email/code/")
    if phone.locator("input[name=code]").count():
        enter_code(phone, code)

    phone.goto(f"{issuer}/account/")
    assert phone.url.startswith(f"{issuer}/signin/")
    enter_code(desk, code)
    assert is_at_consent(desk, client)
