"""What people see of their second factors, and what is told and erased of them."""

import uuid

import pytest
from django.apps import apps
from django.template.loader import render_to_string
from django.test import RequestFactory

from mfa import panels, personal_data
from mfa.models import AuthenticatorApp
from tests.mfa import flow


@pytest.mark.needs("accounts")
def test_the_kinds_are_listed_the_best_first(browser, person):
    flow.show_password(browser, person.email)

    page = browser.get("/account/security/").content.decode()

    assert page.index("Two-step verification") < page.index("shows a new code every 30 seconds")


@pytest.mark.needs("accounts")
@pytest.mark.needs("passkeys")
def test_a_passkey_is_recommended_to_who_has_nothing_yet(browser, person):
    flow.show_password(browser, person.email)
    page = browser.get("/account/security/").content.decode()

    assert page.index("A passkey is the safest") < page.index("/account/security/app/")
    assert page.index("/account/security/passkeys/") < page.index("/account/security/app/")


@pytest.mark.needs("accounts")
@pytest.mark.needs("passkeys")
def test_who_has_a_passkey_and_no_password_is_told_of_no_password(browser, person):
    flow.show_password(browser, person.email)
    Credential = apps.get_model("ostiary_passkeys", "Credential")
    Credential.objects.create(
        user=person,
        credential_id=b"1",
        public_key=b"1",
        aaguid=uuid.uuid4(),
        backed_up=False,
        user_verified=True,
    )
    person.set_unusable_password()
    request = RequestFactory().get("/")
    request.user, request.session = person, {}

    told = panels.told(request)
    text = render_to_string("ostiary_mfa/panels/factors.html", {"panel": told}, request)

    assert "have no password, so you’re protected" in text
    assert "learns your password" not in text


@pytest.mark.needs("accounts")
def test_who_has_an_app_sees_its_name_and_not_its_key(browser, app):
    flow.sign_in(browser, app)

    page = browser.get("/account/security/").content.decode()

    assert "Phone" in page
    assert "A passkey is the safest" not in page
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
