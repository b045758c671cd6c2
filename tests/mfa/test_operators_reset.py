"""Operators remove one factor or all, with as many operators as the site wants (SECURITY D4)."""

import itertools

import pytest
from django.contrib.auth.models import Permission
from django.core import mail

from mfa.models import AuthenticatorApp, EmailDevice, RecoveryCodes
from ostiary import cleanup, events, factor_resets, factors, operators, outbox, privacy
from ostiary.models import Event, FactorReset, Session
from tests.mfa import flow
from tests.mfa.conftest import make_person
from tests.operators import desk_of
from tests.parallel import at_once

pytestmark = pytest.mark.needs("accounts")

PERMISSION = "ostiary_mfa.reset_factors"
REASON = "Ticket 4711: the phone is lost."


def clerk(name, **fields):
    """An operator who may remove factors, and no superuser."""
    user = make_person(f"{name}@example.com")
    user.is_staff = True
    for field, value in fields.items():
        setattr(user, field, value)
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename="reset_factors"))
    return type(user)._default_manager.get(pk=user.pk)


def page_of(person):
    return f"/admin/ostiary_mfa/grouppolicy/person/{person.pk}/"


def decide_page(asked):
    return f"/admin/ostiary/factorreset/{asked.pk}/decide/"


def key_of(device, kind="app"):
    return f"ostiary_mfa:{kind}:{device.pk}"


@pytest.fixture
def two(settings):
    """The site wants two operators."""
    settings.OSTIARY = {**settings.OSTIARY, "SUPPORT_RECOVERY_OPERATORS": 2}


@pytest.fixture
def second_app(app):
    return AuthenticatorApp.objects.create(
        user=app.user, name="Tablet", key=AuthenticatorApp.new_key(), confirmed=True
    )


def test_one_factor_is_removed_and_the_others_stay(app, second_app, browser):
    RecoveryCodes.replace(app.user)
    flow.sign_in(browser, app)
    desk = desk_of(clerk("first"))
    page = desk.get(page_of(app.user)).content.decode()
    assert "Remove Authenticator app: Phone" in page
    assert "Remove Authenticator app: Tablet" in page

    desk.post(page_of(app.user), {"reason": REASON, "factor": key_of(app)})

    assert AuthenticatorApp.objects.get() == second_app
    assert RecoveryCodes.objects.exists()
    assert Session.objects.get(user=app.user).end_reason == "factor_reset"
    event = Event.objects.get(kind="factor.reset")
    assert events.personal_details(event)["factors"] == ["Authenticator app: Phone"]
    while outbox.deliver_due():
        pass
    [told] = [m for m in mail.outbox if app.user.email in m.to and "was reset" in m.subject]
    assert "Phone" in told.body
    assert REASON in told.body


def test_with_the_last_one_go_recovery_codes_and_one_is_set_up_anew_if_asked(
    app, browser, settings
):
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, "SECOND_FACTOR": "required"}
    RecoveryCodes.replace(app.user)
    desk = desk_of(clerk("first"))
    desk.post(page_of(app.user), {"reason": REASON, "factor": key_of(app)})
    assert factors.factors_of(app.user) == []
    assert not RecoveryCodes.objects.exists()
    answer = flow.show_password(browser, app.user.email)
    assert "/signin/" in answer.url, "led to set one up"
    assert not flow.is_signed_in(browser)


@pytest.mark.parametrize(
    "key", ["ostiary_mfa:app:0", "ostiary_mfa:app:x", "nobody:1", ":", "x" * 500, "\x00", "app"]
)
def test_a_factor_that_is_not_there_removes_nothing(app, key):
    desk = desk_of(clerk("first"))
    assert desk.post(page_of(app.user), {"reason": REASON, "factor": key}).status_code == 302
    assert AuthenticatorApp.objects.exists()
    assert not Event.objects.filter(kind="factor.reset").exists()


def test_nobody_reaches_the_factor_of_another_person_through_the_page_of_one(app, other_person):
    desk = desk_of(clerk("first"))
    desk.post(page_of(other_person), {"reason": REASON, "factor": key_of(app)})
    assert AuthenticatorApp.objects.exists()


@pytest.mark.usefixtures("two")
def test_another_operator_approves_and_never_the_first(app):
    first, second = clerk("first"), clerk("second")
    desk = desk_of(first)
    desk.post(page_of(app.user), {"reason": REASON, "factor": key_of(app)})
    desk.post(page_of(app.user), {"reason": "again", "factor": key_of(app)})
    assert AuthenticatorApp.objects.exists()
    asked = FactorReset.objects.get()
    assert asked.reason == REASON
    while outbox.deliver_due():
        pass
    told = [m for m in mail.outbox if app.user.email in m.to and "may be removed" in m.subject]
    assert len(told) == 1
    assert "Approve" not in desk.get(decide_page(asked)).content.decode()
    assert desk.post(decide_page(asked), {"approve": "1"}).status_code == 403
    assert AuthenticatorApp.objects.exists()

    desk = desk_of(second)
    page = desk.get(decide_page(asked)).content.decode()
    assert "Phone" in page
    assert REASON in page
    assert desk.post(decide_page(asked), {"approve": "1"}).status_code == 302
    assert not AuthenticatorApp.objects.exists()
    assert not FactorReset.objects.exists()
    event = Event.objects.get(kind="factor.reset")
    assert event.details["operator"] == privacy.pseudonym_of(first)
    assert event.details["approved_by"] == privacy.pseudonym_of(second)
    assert desk.post(decide_page(asked), {"approve": "1"}).status_code == 404


def test_the_setting_of_accounts_counts_as_before(app, settings):
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "SUPPORT_RECOVERY_OPERATORS": 2}
    assert operators.takes_two()
    desk_of(clerk("first")).post(page_of(app.user), {"reason": REASON})
    assert AuthenticatorApp.objects.exists()
    asked = FactorReset.objects.get()
    assert factor_resets.approve(clerk("second"), asked.pk)
    assert not AuthenticatorApp.objects.exists()


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("lost", ["switched off", "no operator", "no permission", "made operator"])
def test_who_asked_is_looked_at_again_when_it_is_approved(app, lost):
    first, second = clerk("first"), clerk("second", is_superuser=True)
    factor_resets.ask(first, app.user, REASON, permission=PERMISSION)
    asked = FactorReset.objects.get()
    if lost == "switched off":
        first.is_active = False
    elif lost == "no operator":
        first.is_staff = False
    elif lost == "no permission":
        first.user_permissions.clear()
    else:
        app.user.is_staff = True
        app.user.save()
    first.save()
    assert not factor_resets.approve(second, asked.pk)
    assert AuthenticatorApp.objects.exists()
    assert not FactorReset.objects.exists()
    assert Event.objects.filter(kind="factor.reset_refused").exists()


@pytest.mark.usefixtures("two")
def test_it_can_be_stopped_and_runs_out(app):
    first, second = clerk("first"), clerk("second")
    factor_resets.ask(first, app.user, REASON, permission=PERMISSION)
    desk = desk_of(second)
    assert desk.post(decide_page(FactorReset.objects.get()), {"stop": "1"}).status_code == 302
    assert not FactorReset.objects.exists()
    factor_resets.ask(first, app.user, REASON, permission=PERMISSION)
    FactorReset.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert not factor_resets.approve(second, FactorReset.objects.get().pk)
    factor_resets.ask(first, app.user, REASON, permission=PERMISSION)
    assert factor_resets.waiting(app.user).count() == 1
    FactorReset.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert cleanup.remove_factor_resets() == 1
    assert AuthenticatorApp.objects.exists()


@pytest.mark.usefixtures("two")
def test_a_clerk_decides_nothing_about_operators_or_themselves(app):
    first, second, boss = clerk("first"), clerk("second"), clerk("boss", is_superuser=True)
    AuthenticatorApp.objects.create(user=second, key=AuthenticatorApp.new_key(), confirmed=True)
    factor_resets.ask(boss, second, REASON, permission=PERMISSION)
    asked = FactorReset.objects.get()
    for desk in (desk_of(first), desk_of(second)):
        assert desk.get(decide_page(asked)).status_code == 403
        assert desk.post(decide_page(asked), {"approve": "1"}).status_code == 403
    assert AuthenticatorApp.objects.filter(user=second).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("two")
def test_of_two_who_approve_at_once_one_did(app):
    first, second, third = clerk("first"), clerk("second"), clerk("third")
    factor_resets.ask(first, app.user, REASON, permission=PERMISSION)
    pk = FactorReset.objects.get().pk
    turns = itertools.cycle([second, third])
    done = at_once(lambda: factor_resets.approve(next(turns), pk), 8)
    assert sorted(done) == [False] * 7 + [True]
    assert Event.objects.filter(kind="factor.reset").count() == 1


def test_codes_by_email_are_one_of_the_methods(person):
    device = EmailDevice.objects.create(user=person, confirmed=True)
    desk = desk_of(clerk("first"))
    assert 'value="ostiary_mfa:email:' in desk.get(page_of(person)).content.decode()
    desk.post(page_of(person), {"reason": REASON, "factor": key_of(device, "email")})
    assert not EmailDevice.objects.exists()
