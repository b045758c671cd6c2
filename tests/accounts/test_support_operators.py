"""Operators who help people back in: who of them may, and what is told (SECURITY D4, G1)."""

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from accounts import personal_data, support, tasks
from accounts.checks import check_settings
from accounts.models import MailedLink, SupportCase
from ostiary import assurance, events, privacy
from ostiary.models import Event
from ostiary.privacy import pseudonym_of
from tests.accounts import flow
from tests.accounts.conftest import make_operator, make_person
from tests.accounts.helping import (
    CASES,
    NEW,
    WAITING,
    let_pass,
    mailed_to,
    open_in_admin,
    opened,
    state,
    step,
    the_link,
    use,
)
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

User = get_user_model()


# --- who may ------------------------------------------------------------------------------------

ALL = [support.OPEN, support.APPROVE, support.CHANGE]


@pytest.mark.parametrize(
    ("permissions", "may"),
    [
        ([], set()),
        (["view_supportcase"], {"view"}),
        ([support.OPEN], {"view", "open"}),
        ([support.APPROVE], {"view", "approve"}),
        ([support.CHANGE], {"view", "stop"}),
        (ALL, {"view", "open", "approve", "stop"}),
    ],
)
def test_each_permission_is_for_one_thing(alice, two, opener, permissions, may):
    case = opened(opener, alice)
    other = make_person("bob@example.com")
    browser = desk_of(make_operator("operator", *permissions))

    seen = {
        "view": browser.get(f"{CASES}{case.pk}/change/").status_code == 200,
        "open": open_in_admin(browser, person=other.email).status_code == 302,
        "approve": step(browser, case, "approve").status_code == 302,
        "stop": step(browser, case, "stop").status_code == 302,
    }

    assert {name for name, allowed in seen.items() if allowed} == may
    assert SupportCase.objects.filter(user=other).exists() == ("open" in may)
    case.refresh_from_db()
    assert (case.approved_by is not None) == ("approve" in may)
    assert (case.state == "stopped") == ("stop" in may)


def test_who_is_no_operator_has_no_such_page(alice, opener, signed_in_browser):
    case = opened(opener, alice)

    for path in (CASES, f"{CASES}add/", f"{CASES}{case.pk}/change/", f"{CASES}{case.pk}/stop/now/"):
        assert signed_in_browser.get(path).status_code in (302, 403)
    assert step(signed_in_browser, case, "stop").status_code in (302, 403)
    assert state() == "open"


def test_nobody_works_on_their_own_account(two, approver):
    chief = make_operator("chief", is_superuser=True)
    browser = desk_of(chief)
    answer = open_in_admin(browser, person=chief.email)
    assert "This is your own account" in answer.content.decode()
    boss = make_operator("boss", is_superuser=True)
    case = opened(boss, chief)

    for name in ("approve", "send", "stop"):
        assert step(browser, case, name).status_code == 403

    with pytest.raises(PermissionDenied):
        opened(chief, chief)
    assert (state(), SupportCase.objects.get().approved_by) == ("open", None)


@pytest.mark.parametrize("privilege", ["is_superuser", "is_staff"])
def test_only_a_superuser_helps_an_operator(two, opener, approver, privilege):
    chief = make_person("chief@example.com", **{privilege: True})
    answer = open_in_admin(desk_of(opener), person=chief.email)
    assert "Only a superuser" in answer.content.decode()
    with pytest.raises(PermissionDenied):
        opened(opener, chief)
    case = opened(make_operator("boss", is_superuser=True), chief)

    assert step(desk_of(approver), case, "approve").status_code == 403
    with pytest.raises(PermissionDenied):
        support.approve(approver, case)
    assert support.approve(make_operator("second", is_superuser=True), case)


def test_the_database_too_lets_nobody_approve_their_own(alice, opener):
    case = opened(opener, alice)

    for changes in ({"approved_by": opener}, {"approved_by": alice}, {"opened_by": alice}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SupportCase.objects.filter(pk=case.pk).update(**changes)


def test_opening_and_approving_want_a_fresh_sign_in(alice, two, opener, approver):
    opening, approving = desk_of(opener), desk_of(approver)
    case = opened(opener, alice)
    for browser in (opening, approving):
        session = browser.session
        session[assurance.SESSION_KEY]["auth_time"] -= 3600
        session.save()

    for answer in (open_in_admin(opening), step(approving, case, "approve")):
        assert "reauthenticate=1" in answer["Location"]
    assert SupportCase.objects.get().approved_by is None


# --- two operators ------------------------------------------------------------------------------


def test_with_two_operators_nothing_is_mailed_before_another_approves(
    alice, keeper, two, opener, approver
):
    opening = desk_of(opener)
    open_in_admin(opening, resets_factors="on")
    case = SupportCase.objects.get()
    assert len(mailed_to(alice.email, WAITING)) == 1
    for _ in range(2):
        tasks.tell_of_factor_recoveries()
        step(opening, case, "send")
        assert not mailed_to(alice.email, "Recover your account")

    page = desk_of(approver).get(f"{CASES}{case.pk}/approve/now/").content.decode()
    assert "Ticket 7" in page
    assert "Passport" in page
    step(desk_of(approver), case, "approve")

    assert len(mailed_to(alice.email, WAITING)) == 2  # told at the moment that counts
    assert use(the_link())[1].status_code == 302
    assert keeper.kept == {}


def test_who_opened_it_does_not_approve_it(alice, two):
    chief = make_operator("chief", is_superuser=True)
    case = opened(chief, alice)

    step(desk_of(chief), case, "approve")

    assert support.approve(chief, case) is False
    assert SupportCase.objects.get().approved_by is None


def test_an_approval_during_the_waiting_time_shortens_nothing(alice, two, opener, approver):
    case = opened(opener, alice, email=NEW)
    assert support.approve(approver, case)
    tasks.tell_of_factor_recoveries()
    assert not mailed_to(NEW, "Recover your account")
    let_pass(days=3)
    tasks.tell_of_factor_recoveries()

    assert use(the_link(NEW))[1].status_code == 302


def test_nobody_gets_past_the_second_operator_by_the_form_of_people(alice, settings):
    clerk = make_operator("clerk", "view_user", "change_user")
    path = f"/admin/ostiary_accounts/user/{alice.pk}/change/"
    form = {"email": "mallory@example.com", "is_active": "on"}
    assert 'name="email"' in desk_of(clerk).get(path).content.decode()
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "SUPPORT_RECOVERY_OPERATORS": 2}
    assert 'name="email"' not in desk_of(clerk).get(path).content.decode()

    desk_of(clerk).post(path, form)
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    desk_of(make_operator("chief", is_superuser=True)).post(path, form)
    alice.refresh_from_db()
    assert alice.email == "mallory@example.com"


def test_an_address_that_an_operator_writes_stops_it(alice, opener):
    opened(opener, alice)
    path = f"/admin/ostiary_accounts/user/{alice.pk}/change/"
    form = {"email": "other@example.com", "is_active": "on"}

    desk_of(make_operator("chief", is_superuser=True)).post(path, form)

    assert state() == "stopped"


def test_an_address_that_is_not_trusted_any_more_is_told_no_way_back(alice):
    desk = desk_of(make_operator("chief", is_superuser=True))
    path = f"/admin/ostiary_accounts/user/{alice.pk}/change/"
    for email in ("alice@example.com", NEW):  # first with nothing under “verified”
        assert desk.post(path, {"email": email, "is_active": "on"}).status_code == 302

    alice.refresh_from_db()
    assert alice.email == NEW
    assert mailed_to("alice@example.com") == []


def test_what_is_over_is_not_approved(alice, two, opener, approver):
    case = opened(opener, alice)
    support.stop(alice, "person")

    assert support.approve(approver, case) is False


@pytest.mark.parametrize("who", ["opener", "approver"])
@pytest.mark.parametrize("change", ["permission", "is_staff", "is_active", "deleted"])
def test_who_stands_behind_it_is_looked_at_when_the_link_is_used(
    alice, keeper, two, opener, approver, who, change
):
    case = opened(opener, alice, resets_factors=True)
    support.approve(approver, case)
    link = the_link()
    operator = {"opener": opener, "approver": approver}[who]
    if change == "permission":
        operator.user_permissions.clear()
    elif change == "deleted":
        operator.delete()
    else:
        User.objects.filter(pk=operator.pk).update(**{change: False})

    assert use(link)[1].status_code == 400

    assert keeper.kept
    alice.refresh_from_db()
    assert alice.check_password(flow.PASSWORD)
    told = Event.objects.get(kind="support_case.refused")
    assert told.outcome == "failure"


def test_a_person_who_became_an_operator_is_not_recovered(alice, keeper, opener):
    opened(opener, alice, resets_factors=True)
    link = the_link()
    User.objects.filter(pk=alice.pk).update(is_superuser=True)

    assert use(link)[1].status_code == 400
    assert keeper.kept


def test_where_two_are_wanted_meanwhile_one_is_not_enough(alice, keeper, opener, settings):
    opened(opener, alice, resets_factors=True)
    link = the_link()
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "SUPPORT_RECOVERY_OPERATORS": 2}

    assert use(link)[1].status_code == 400
    assert keeper.kept


@pytest.mark.parametrize(("operators", "wrong"), [(1, 0), (2, 0), (3, 1)])
def test_a_number_of_operators_that_makes_no_sense_is_told(settings, operators, wrong):
    settings.OSTIARY_ACCOUNTS = {"SUPPORT_RECOVERY_OPERATORS": operators}

    assert len(check_settings(None)) == wrong


# --- what is told to operators and to the log ---------------------------------------------------


def test_what_will_happen_is_shown_before_it_is_opened(alice, opener):
    browser = desk_of(opener)
    form = {"person": "alice@example.com", "reason": "Ticket 7", "checked": "Passport"}

    page = browser.post(f"{CASES}add/", {**form, "email": NEW, "resets_factors": "on"})

    shown = page.content.decode()
    assert page.status_code == 200
    for words in (
        "notified immediately",
        NEW,
        "removes two-step verification",
        "Ticket 7",
        "Passport",
    ):
        assert words in shown
    assert not SupportCase.objects.exists()
    again = browser.post(f"{CASES}add/", {**form, "change": "Edit"}).content.decode()
    assert "Ticket 7" in again
    assert not SupportCase.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"person": "nobody@example.com"}, "No active account has this email address"),
        ({"person": "not an address"}, "valid email"),
        ({"reason": ""}, "required"),
        ({"checked": ""}, "required"),
        ({"reason": "x\x00y"}, "Null characters"),
        ({"email": "ALICE@example.com"}, "The account already has this email address"),
        ({"email": "BOB@example.com"}, "An account with this email address already exists"),
    ],
)
def test_what_can_not_be_is_a_form_error(alice, other_person, opener, fields, words):
    answer = open_in_admin(desk_of(opener), **fields)

    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not SupportCase.objects.exists()


def test_who_has_no_second_step_has_none_removed(person, keeper, opener):
    answer = open_in_admin(desk_of(opener), resets_factors="on")

    assert "no two-step verification to remove" in answer.content.decode()


def test_an_address_that_was_never_verified_gets_no_link(opener):
    make_person("eve@example.com", email_verified_at=None)

    answer = open_in_admin(desk_of(opener), person="eve@example.com")

    assert "never verified" in answer.content.decode()


def test_one_is_open_at_a_time(alice, opener):
    opened(opener, alice)

    answer = open_in_admin(desk_of(opener))

    assert "This account already has an open recovery" in answer.content.decode()
    assert opened(opener, alice) is None


def test_operators_see_it_as_a_story(alice, two, opener, approver):
    case = opened(opener, alice, resets_factors=True)
    support.approve(approver, case)
    use(the_link())

    page = desk_of(opener).get(f"{CASES}{case.pk}/change/").content.decode()

    order = [
        "An administrator started a recovery of the account (opener@example.com)",
        "Ticket 7",
        "Passport",
        "approved the recovery of the account (approver@example.com)",
        "A link to recover the account was sent by email",
        "recovered with the help of an administrator",
    ]
    places = [" ".join(page.split()).find(words) for words in order]
    assert -1 not in places
    assert places == sorted(places)
    assert "/now/" not in page  # nothing more is possible


def test_the_log_has_every_step_and_keeps_what_was_checked_encrypted(alice, two, opener, approver):
    case = opened(opener, alice, email=NEW)
    support.approve(approver, case)
    support.stop(alice, "operator", operator=opener)

    found = support.steps(case)

    assert [(each.kind, each.details.get("operator")) for each in found] == [
        ("support_case.opened", pseudonym_of(opener)),
        ("support_case.approved", pseudonym_of(approver)),
        ("support_case.stopped", pseudonym_of(opener)),
    ]
    assert all(each.subject == pseudonym_of(alice) for each in found)
    for each in found:
        plain = f"{each.details} {bytes(each.personal or b'')}"
        assert not any(secret in plain for secret in ("Passport", "Ticket", NEW))
    assert events.personal_details(found[0])["checked"] == "Passport"
    assert events.sentence("support_case.stopped") == "The recovery by an administrator was stopped"


def test_no_token_is_in_the_log_or_the_admin(alice, opener):
    case = opened(opener, alice)
    token = the_link().partition("token=")[2]
    page = desk_of(opener).get(f"{CASES}{case.pk}/change/").content.decode()
    hashed = MailedLink.objects.get(purpose="finish_support_case").token_hash

    assert token not in page
    assert hashed not in page
    for each in support.steps(case):
        assert token not in f"{each.details} {events.personal_details(each)}"


def test_the_person_is_told_of_it_in_their_data_and_it_is_erased(alice, opener):
    case = opened(opener, alice, email=NEW)

    [told] = personal_data.export(alice)["recoveries_by_operators"]
    assert (told["state"], told["new_email"]) == ("open", NEW)
    personal_data.erase(alice)
    privacy.shred(str(alice.pk))

    assert not SupportCase.objects.exists()
    assert all(events.personal_details(each) == {} for each in support.steps(case))


def test_cases_are_found_by_address_and_state(alice, opener):
    opened(opener, alice)
    browser = desk_of(opener)

    assert "1 recover" in browser.get(CASES, {"q": "alice@", "state": "open"}).content.decode()
    assert "0 recover" in browser.get(CASES, {"q": "zoe@"}).content.decode()
    assert browser.get(CASES, {"q": "no \x00 ' one"}).status_code == 200


@pytest.mark.parametrize("path", ["nonsense/now/", "approve/now/", "send/now/"])
def test_what_is_not_possible_is_no_500(alice, opener, path):
    case = opened(opener, alice, email=NEW)
    browser = desk_of(opener)

    for answer in (
        browser.get(f"{CASES}{case.pk}/{path}"),
        browser.post(f"{CASES}{case.pk}/{path}"),
    ):
        assert answer.status_code in (302, 403, 404)
