"""Browsers that a person trusts for some days (SECURITY D5, G1)."""

import pytest
from django.core import mail
from django.test import Client as Browser

from mfa import cleanup, kinds, trusted_devices
from mfa.models import AuthenticatorApp, TrustedDevice
from ostiary import assurance, cookies, outbox
from ostiary.models import Event
from ostiary.risk import Assessment
from ostiary.signals import password_changed
from tests.mfa import flow

pytestmark = pytest.mark.needs("accounts")

AAL2 = assurance.Level.AAL2.value


@pytest.fixture
def trusting(browser, app):
    """A browser that Alice trusts, and in which she has signed out again."""
    flow.show_password(browser, app.user.email)
    browser.post(flow.CHALLENGE, {"code": flow.code_of(app), "trust": "on"})
    browser.post("/signout/")
    return browser


def asks(browser, person, **query):
    """Whether a sign-in there asks for the second step."""
    answer = flow.show_password(browser, person.email, **query)
    browser.post("/signout/")
    return answer.url == flow.CHALLENGE


def test_d5_a_trusted_browser_is_not_asked_again_and_the_truth_is_told(trusting, person):
    answer = flow.show_password(trusting, person.email)
    assert answer.url == "/account/"
    assert trusting.session[assurance.SESSION_KEY]["amr"] == ["pwd"]
    assert asks(Browser(), person)
    while outbox.deliver_due():
        pass
    assert any(
        "won’t ask for two-step verification on this device for 30 days" in m.body
        for m in mail.outbox
    )
    assert Event.objects.filter(kind="trusted_device.added").count() == 1


def test_unless_the_person_says_so_no_browser_is_trusted(browser, app):
    page = flow.show_password(browser, app.user.email).url
    assert "on this device for 30 days" in browser.get(page).content.decode()
    flow.enter(browser, flow.code_of(app))
    assert not TrustedDevice.objects.exists()
    browser.post("/signout/")
    assert asks(browser, app.user)


def test_d5_the_cookie_is_signed_and_for_this_host_alone(trusting, person):
    cookie = trusting.cookies[cookies.name_of("trusted-device")]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["domain"]
    value = cookie.value
    trusting.cookies[cookie.key] = value[:-1] + ("A" if value[-1] != "A" else "B")
    assert asks(trusting, person)
    for said in ("", "x", "a:b:c", "\u00e9"):
        trusting.cookies[cookie.key] = said
        assert asks(trusting, person)
    trusting.cookies[cookie.key] = value
    assert not asks(trusting, person)


def test_d5_the_trust_of_one_person_is_worth_nothing_to_another(trusting, person, other_person):
    AuthenticatorApp.objects.create(
        user=other_person, key=AuthenticatorApp.new_key(), confirmed=True
    )
    assert asks(trusting, other_person)
    assert not asks(trusting, person)


def a_new_password(person):
    person.set_password("a different long passphrase")
    person.set_password(flow.PASSWORD)
    person.save()


def another_factor(person):
    AuthenticatorApp.objects.create(user=person, key=AuthenticatorApp.new_key(), confirmed=True)


def factors_reset_and_set_up_anew(person):
    kinds.Keeper().reset(person)
    another_factor(person)


def a_password_change_that_is_told(person):
    password_changed.send(None, user=person, request=None)


@pytest.mark.parametrize(
    "change",
    [
        a_new_password,
        another_factor,
        factors_reset_and_set_up_anew,
        a_password_change_that_is_told,
    ],
)
def test_d5_it_ends_with_any_change_of_password_or_factors(trusting, person, change):
    change(person)
    assert asks(trusting, person)


def test_it_ends_after_its_days(trusting, person):
    TrustedDevice.objects.update(expires_at=TrustedDevice.objects.get().created_at)
    assert asks(trusting, person)
    assert cleanup.remove_past_trust() == 1


def test_d5_it_never_stands_for_a_second_factor_where_one_is_wanted(trusting, person):
    assert asks(trusting, person, acr_values=AAL2)
    assert asks(trusting, person, acr_values="phr")
    flow.show_password(trusting, person.email)
    again = trusting.post(
        "/signin/?reauthenticate=1", {"identifier": person.email, "password": flow.PASSWORD}
    )
    assert again.url == flow.CHALLENGE


def test_an_unusual_sign_in_is_asked_there_too(trusting, person, monkeypatch):
    monkeypatch.setattr("ostiary.risk.assess", lambda *_, **__: Assessment({"new_country": 100}))
    assert asks(trusting, person)


def test_g1_an_operator_trusts_no_browser(browser, app):
    app.user.is_staff = True
    app.user.save()
    page = flow.show_password(browser, app.user.email).url
    assert "trust" not in browser.get(page).content.decode()
    browser.post(page, {"code": flow.code_of(app), "trust": "on"})
    assert not TrustedDevice.objects.exists()


def test_g1_who_becomes_an_operator_is_asked_again(trusting, person):
    person.is_staff = True
    person.save()
    assert asks(trusting, person)


def test_where_it_is_turned_off_no_browser_is_trusted(trusting, person, settings):
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, "TRUSTED_DEVICE_DAYS": 0}
    assert asks(trusting, person)


def test_a_recovery_code_makes_no_browser_trusted(browser, app):
    from mfa.models import RecoveryCodes

    [code, *_] = RecoveryCodes.replace(app.user)
    flow.show_password(browser, app.user.email)
    browser.post("/signin/second-step/recovery-code/", {"code": code, "trust": "on"})
    assert flow.is_signed_in(browser)
    assert not TrustedDevice.objects.exists()


def test_d5_the_person_sees_them_and_ends_one_or_all(trusting, person, other_person):
    flow.show_password(trusting, person.email)
    page = trusting.get("/account/security/").content.decode()
    assert "Trusted devices" in page
    assert "This device" in trusting.get("/account/security/trusted-devices/").content.decode()
    device = TrustedDevice.objects.get()
    other = Browser()
    other.force_login(other_person)
    other.post(f"/account/security/trusted-devices/{device.pk}/end/")
    other.post("/account/security/trusted-devices/end/")
    assert TrustedDevice.objects.exists()
    assert trusting.get(f"/account/security/trusted-devices/{device.pk}/end/").status_code == 405
    trusting.post(f"/account/security/trusted-devices/{device.pk}/end/")
    assert not TrustedDevice.objects.exists()
    assert "Trusted devices" not in trusting.get("/account/security/").content.decode()
    assert "no trusted devices" in trusting.get("/account/security/trusted-devices/").text
    trusting.post("/signout/")
    assert asks(trusting, person)


def test_what_stands_in_the_table_lets_nobody_in(trusting, person):
    from django.core import signing

    row = TrustedDevice.objects.get()
    told = {trusted_devices._mark(person): row.token_hash}
    forged = signing.dumps(told, salt=trusted_devices.SALT)
    trusting.cookies[cookies.name_of("trusted-device")] = forged
    assert asks(trusting, person)
