"""The operator's view of second factors (SECURITY D4, G1)."""

from base64 import b32encode

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail

from mfa.models import AuthenticatorApp, GroupPolicy, RecoveryCodes, TrustedDevice
from mfa.trusted_devices import _bound_to
from ostiary import events, outbox, privacy
from ostiary.models import Event, Session
from tests.mfa import flow
from tests.mfa.conftest import make_person
from tests.operators import desk_of

pytestmark = pytest.mark.needs("accounts")

POLICIES = "/admin/ostiary_mfa/grouppolicy/"


def operator(*permissions, **fields):
    """Somebody who looks after the site, with these permissions."""
    user = make_person("operator@example.com")
    user.is_staff = True
    for name, value in fields.items():
        setattr(user, name, value)
    user.save()
    user.user_permissions.set(
        Permission.objects.filter(codename__in=permissions, content_type__app_label="ostiary_mfa")
    )
    return user


def page_of(person):
    return f"{POLICIES}person/{person.pk}/"


@pytest.fixture
def desk(db):
    """The browser of a superuser."""
    return desk_of(operator(is_superuser=True))


def test_d4_an_operator_removes_a_lost_factor_with_a_reason_and_the_person_is_told(
    desk, browser, app
):
    RecoveryCodes.replace(app.user)
    flow.sign_in(browser, app)
    page = desk.get(page_of(app.user)).content.decode()
    assert "Authenticator app: Phone" in page

    assert desk.post(page_of(app.user), {"reason": ""}).status_code == 200
    assert AuthenticatorApp.objects.exists()
    desk.post(page_of(app.user), {"reason": "Ticket 4711: the phone is lost."})

    assert not AuthenticatorApp.objects.exists()
    assert not RecoveryCodes.objects.exists()
    assert not flow.is_signed_in(browser)
    assert Session.objects.get(user=app.user).end_reason == "factor_reset"
    event = Event.objects.get(kind="factor.reset", subject=privacy.pseudonym_of(app.user))
    assert "operator" in event.details
    assert events.personal_details(event)["reason"] == "Ticket 4711: the phone is lost."
    while outbox.deliver_due():
        pass
    [told] = [m for m in mail.outbox if app.user.email in m.to and "was reset" in m.subject]
    assert "Ticket 4711" in told.body
    assert flow.show_password(browser, app.user.email).url == "/account/"


def test_d4_it_takes_the_permission(app):
    desk = desk_of(operator("view_grouppolicy"))
    assert "Remove" not in desk.get(page_of(app.user)).content.decode()
    assert desk.post(page_of(app.user), {"reason": "I like to"}).status_code == 403
    assert AuthenticatorApp.objects.exists()


def test_d4_nobody_resets_their_own_and_only_a_superuser_those_of_an_operator(app):
    clerk = operator("reset_factors")
    AuthenticatorApp.objects.create(user=clerk, key=AuthenticatorApp.new_key(), confirmed=True)
    desk = desk_of(clerk)
    assert desk.post(page_of(clerk), {"reason": "Mine"}).status_code == 403
    app.user.is_staff = True
    app.user.save()
    assert desk.post(page_of(app.user), {"reason": "Theirs"}).status_code == 403
    assert AuthenticatorApp.objects.count() == 2
    app.user.is_staff = False
    app.user.save()
    assert desk.post(page_of(app.user), {"reason": "Lost"}).status_code == 302
    assert AuthenticatorApp.objects.get().user == clerk


def test_d4_it_takes_a_fresh_sign_in(desk, app, settings):
    settings.OSTIARY = {**settings.OSTIARY, "STEP_UP_SECONDS": 1}
    session = desk.session
    shown = session["ostiary.assurance"]
    session["ostiary.assurance"] = {**shown, "auth_time": shown["auth_time"] - 60}
    session.save()
    answer = desk.post(page_of(app.user), {"reason": "Lost"})
    assert "reauthenticate=1" in answer.url
    assert AuthenticatorApp.objects.exists()


@pytest.mark.parametrize("pk", ["nobody", "1", "00000000-0000-0000-0000-000000000000", "a/b"])
def test_who_is_not_there_is_not_found(desk, pk):
    assert desk.get(f"{POLICIES}person/{pk}/").status_code == 404


def test_g1_no_operator_reads_a_secret(desk, app, person):
    codes = RecoveryCodes.replace(person)
    kept = RecoveryCodes.objects.get()
    trusted = TrustedDevice.objects.create(
        user=person,
        token_hash="f" * 64,
        bound_to=_bound_to(person),
        expires_at=app.created_at,
    )
    hidden = [
        app.key.hex(),
        b32encode(app.key).decode(),
        kept.key.hex(),
        *(code.replace("-", "") for code in codes),
        *(kept.hash_of(code) for code in codes),
        trusted.token_hash,
        trusted.bound_to,
    ]
    pages = [
        desk.get(address).content.decode()
        for row, model in (
            (app, "authenticatorapp"),
            (kept, "recoverycodes"),
            (trusted, "trusteddevice"),
        )
        for address in (
            f"/admin/ostiary_mfa/{model}/",
            f"/admin/ostiary_mfa/{model}/{row.pk}/change/",
            f"/admin/ostiary_mfa/{model}/?q=alice",
            page_of(person),
        )
    ]
    for page in pages:
        assert person.email in page
        assert not [secret for secret in hidden if secret in page]


def test_factors_are_added_and_changed_by_nobody(desk, app):
    address = "/admin/ostiary_mfa/authenticatorapp/"
    assert desk.get(f"{address}add/").status_code == 403
    assert desk.post(f"{address}{app.pk}/change/", {"name": "Mine"}).status_code == 403
    assert desk.post(f"{address}{app.pk}/delete/", {"post": "yes"}).status_code == 403


def test_an_operator_ends_the_trust_in_a_browser(desk, browser, app):
    flow.show_password(browser, app.user.email)
    browser.post(flow.CHALLENGE, {"code": flow.code_of(app), "trust": "on"})
    device = TrustedDevice.objects.get()
    desk.post(
        "/admin/ostiary_mfa/trusteddevice/",
        {"action": "end_trust", "_selected_action": [str(device.pk)]},
    )
    assert not TrustedDevice.objects.exists()
    assert Event.objects.filter(
        kind="trusted_device.removed", subject=privacy.pseudonym_of(app.user)
    ).exists()


def test_the_policy_of_a_group_is_written_here_and_every_change_is_told(desk):
    group = Group.objects.create(name="Accounting")
    given = {"group": group.pk, "requirement": "required", "grace_days": "7"}
    assert desk.post(f"{POLICIES}add/", given).status_code == 302
    changed = {"requirement": "optional", "grace_days": "7"}
    desk.post(f"{POLICIES}{group.pk}/change/", changed)
    assert GroupPolicy.objects.get().requirement == "optional"
    desk.post(f"{POLICIES}{group.pk}/delete/", {"post": "yes"})
    assert not GroupPolicy.objects.exists()
    told = [
        (e.details["before"].get("requirement"), e.details["after"].get("requirement"))
        for e in Event.objects.filter(kind="second_step_policy.changed").order_by("id")
    ]
    assert told == [(None, "required"), ("required", "optional"), ("optional", None)]


def test_it_is_told_how_many_people_have_what(desk, app, other_person):
    AuthenticatorApp.objects.create(
        user=other_person, key=AuthenticatorApp.new_key(), confirmed=False
    )
    page = desk.get(POLICIES).content.decode()
    assert "3 active users" in page
    assert "33.3" in page
