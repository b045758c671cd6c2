"""What people see of their second factors, and what is told and erased of them."""

import pytest

from mfa import personal_data
from mfa.models import AuthenticatorApp
from tests.mfa import flow


@pytest.mark.needs("accounts")
def test_the_kinds_are_listed_the_best_first(browser, person):
    flow.show_password(browser, person.email)

    page = browser.get("/account/security/").content.decode()

    assert page.index("With a second step") < page.index("Authenticator app")


@pytest.mark.needs("accounts")
@pytest.mark.needs("passkeys")
def test_a_passkey_is_recommended_to_who_has_nothing_yet(browser, person):
    flow.show_password(browser, person.email)
    page = browser.get("/account/security/").content.decode()

    assert page.index("A passkey is better") < page.index("/account/security/app/")


@pytest.mark.needs("accounts")
def test_who_has_an_app_sees_its_name_and_not_its_key(browser, app):
    flow.sign_in(browser, app)

    page = browser.get("/account/security/").content.decode()

    assert "Phone" in page
    assert "A passkey is better" not in page
    assert app.key_in_text() not in page


def test_an_app_is_told_in_an_export_without_its_key(app):
    told = personal_data.export(app.user)

    [factor] = told["second_factors"]
    assert (factor["kind"], factor["name"]) == ("app", "Phone")
    assert app.key_in_text() not in str(told)
    assert app.key.hex() not in str(told)


def test_erasing_a_person_forgets_apps_that_are_confirmed_or_not(app, other_person):
    for user in (app.user, other_person):
        AuthenticatorApp.objects.create(user=user, key=AuthenticatorApp.new_key())

    personal_data.erase(app.user)

    assert AuthenticatorApp.objects.get().user == other_person
