"""Recovery with the help of operators: what it does, who is told, what stops it (SECURITY C4)."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client as Browser

from accounts import support, tasks
from accounts.models import FactorRecovery, MailedLink, SupportCase
from ostiary import events, signin
from ostiary.models import Event, Session
from tests.accounts import flow
from tests.accounts.conftest import Step, make_operator, make_person
from tests.accounts.helping import (
    CASES,
    LINK,
    NEW,
    STOP,
    STOPPED,
    WAITING,
    let_pass,
    mailed_to,
    open_in_admin,
    opened,
    state,
    step,
    stop_by_mail,
    the_link,
    use,
)
from tests.accounts.test_enumeration import without_chance
from tests.accounts.test_factor_recovery import count, newest
from tests.operators import desk_of
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

User = get_user_model()


# --- the three ways -----------------------------------------------------------------------------


def test_a_link_to_the_address_they_have_leaves_the_second_step(alice, keeper, opener):
    answer = open_in_admin(desk_of(opener))
    assert answer["Location"] == f"{CASES}{SupportCase.objects.get().pk}/change/"

    browser, answer = use(the_link())

    assert answer["Location"] == "/signin/?login_hint=alice%40example.com"
    answer = flow.sign_in(browser, alice.email, flow.NEW_PASSWORD)
    assert answer["Location"] == "/second-factor/"
    assert keeper.kept
    assert state() == "finished"


def test_a_link_that_removes_the_second_steps(alice, keeper, opener):
    open_in_admin(desk_of(opener), resets_factors="on")
    assert keeper.kept  # not before the person has shown that the mailbox is theirs

    browser, _ = use(the_link())

    assert keeper.kept == {}
    flow.sign_in(browser, alice.email, flow.NEW_PASSWORD)
    assert flow.is_signed_in(browser)


def test_a_new_address_comes_after_the_waiting_time(alice, keeper, opener):
    open_in_admin(desk_of(opener), email=NEW)
    assert not MailedLink.objects.filter(purpose="finish_support_case").exists()
    assert "you may receive an email here with a link" in mailed_to(NEW, "is pending")[0].body
    let_pass(days=2, hours=23)
    tasks.tell_of_factor_recoveries()
    assert not mailed_to(NEW, "Recover your account")
    let_pass(hours=1)
    tasks.tell_of_factor_recoveries()

    browser, _ = use(the_link(NEW))

    alice.refresh_from_db()
    assert alice.email == NEW
    assert alice.email_verified_at
    assert keeper.kept  # the second step was not what was lost
    assert flow.sign_in(browser, NEW, flow.NEW_PASSWORD)["Location"] == "/second-factor/"


def test_both_at_once_for_who_has_lost_all(alice, keeper, opener):
    opened(opener, alice, email=NEW, resets_factors=True)
    let_pass(days=3)
    tasks.tell_of_factor_recoveries()

    browser, _ = use(the_link(NEW))

    assert keeper.kept == {}
    flow.sign_in(browser, NEW, flow.NEW_PASSWORD)
    assert flow.is_signed_in(browser)


def test_the_link_shows_what_it_does_and_only_the_button_does_it(alice, keeper, opener):
    opened(opener, alice, resets_factors=True)
    browser = Browser()

    page = browser.get(the_link(), follow=True).content.decode()

    assert "Two-step verification and your passkeys will be removed" in page
    assert "alice@example.com" in page
    assert browser.post(LINK, {"password": "short"}).status_code == 400
    assert keeper.kept
    assert state() == "open"


def test_every_session_ends(person, opener, signed_in_browser):
    opened(opener, person)

    use(the_link())

    assert not flow.is_signed_in(signed_in_browser)
    assert Session.objects.get(user=person).end_reason == "support"


def test_a_recovery_of_their_own_ends_with_it(alice, keeper, opener, rf):
    browser = Browser()
    flow.sign_in(browser, alice.email)
    browser.post("/recover/second-step/")
    opened(opener, alice, resets_factors=True)

    use(the_link())

    assert not FactorRecovery.objects.exists()


def test_a_new_address_waits_a_day_at_least(person, opener, settings):
    settings.OSTIARY_ACCOUNTS = {"FACTOR_RECOVERY_DAYS": 0}

    case = opened(opener, person, email=NEW)

    assert case.ready_at - case.opened_at == timedelta(days=1)


# --- who is told --------------------------------------------------------------------------------


def test_the_present_address_is_told_at_once_and_every_day(alice, opener):
    opened(opener, alice, email=NEW)
    assert len(mailed_to(alice.email, WAITING)) == 1
    for _ in range(3):
        tasks.tell_of_factor_recoveries()
    assert len(mailed_to(alice.email, WAITING)) == 1
    for days in (2, 3, 4, 5):
        let_pass(days=1)
        tasks.tell_of_factor_recoveries()
        tasks.tell_of_factor_recoveries()
        assert len(mailed_to(alice.email, WAITING)) == days
    assert NEW in mailed_to(alice.email, WAITING)[0].body


def test_an_address_that_was_never_verified_is_told_too(opener):
    eve = make_person("eve@example.com", email_verified_at=None)

    opened(opener, eve, email=NEW)

    assert len(mailed_to(eve.email, WAITING)) == 1


def test_both_addresses_are_told_that_it_is_done_and_the_old_can_undo_it(alice, opener):
    opened(opener, alice, email=NEW)
    let_pass(days=3)
    tasks.tell_of_factor_recoveries()
    use(the_link(NEW))

    for address in ("alice@example.com", NEW):
        assert len(mailed_to(address, "was recovered")) == 1
    undo = [m for m in mailed_to("alice@example.com") if "Restore my email address" in m.body]
    browser = Browser()
    browser.get(flow.link_in(undo[0]))
    browser.post("/account/email/undo/")
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"


def test_no_message_tells_of_the_operators_browser(alice, opener):
    open_in_admin(desk_of(opener), resets_factors="on")

    assert "Device:" not in mailed_to(alice.email, WAITING)[0].body
    told = Event.objects.get(kind="support_case.opened")
    assert events.personal_details(told).keys() == {"reason", "checked", "email"}


# --- what stops it ------------------------------------------------------------------------------


def test_the_person_stops_it_from_the_mail(alice, keeper, opener):
    opened(opener, alice, resets_factors=True)
    link = the_link()
    browser = Browser()
    browser.get(flow.link_in(mailed_to(alice.email, WAITING)[-1]))
    assert state() == "open"  # looking stops nothing

    assert browser.post(STOP).status_code == 200

    assert state() == "stopped"
    assert use(link)[1].status_code == 400
    assert keeper.kept
    assert count(STOPPED) == 1


def test_the_link_that_stops_holds_though_the_password_is_another_meanwhile(person, opener):
    opened(opener, person)
    person.set_password("what the thief chose")
    person.save()

    assert stop_by_mail().status_code == 200


def test_the_person_stops_it_from_their_account(person, opener, signed_in_browser):
    opened(opener, person, email=NEW)
    asked = "Someone asked an administrator to recover your account."
    page = signed_in_browser.get("/account/security/").content.decode()
    assert asked in page
    assert NEW in page

    signed_in_browser.post("/account/security/stop-support/")

    assert state() == "stopped"
    page = signed_in_browser.get("/account/security/").content.decode()
    assert asked not in page


def begin(rf, client, person, amr):
    request = rf.get("/")
    request.session = client.session
    request.user = type("Nobody", (), {"is_authenticated": False})()
    signin.begin(request, person, amr=["pwd"])
    for each in amr:
        signin.advance(request, Step.name, amr=[each])


@pytest.mark.parametrize(
    ("changes", "amr", "after"),
    [
        ({}, ["otp"], "open"),
        ({"resets_factors": True}, ["otp"], "stopped"),
        ({"resets_factors": True}, [], "open"),
        ({"email": NEW}, ["otp"], "stopped"),
        ({"email": NEW, "resets_factors": True}, ["otp"], "stopped"),
    ],
)
def test_a_proper_sign_in_stops_what_was_for_who_can_not(
    alice, opener, rf, client, changes, amr, after
):
    opened(opener, alice, **changes)

    begin(rf, client, alice, amr)

    assert state() == after


def test_the_password_alone_does_not_show_that_the_second_step_is_there(person, opener):
    opened(opener, person, resets_factors=True)
    flow.sign_in(Browser(), person.email)
    assert state() == "open"


def test_who_signs_in_has_no_need_of_a_new_address(person, opener):
    opened(opener, person, email=NEW)
    flow.sign_in(Browser(), person.email)
    assert state() == "stopped"


def test_it_was_not_me_stops_it(person, opener):
    opened(opener, person, email=NEW)
    body = newest(WAITING).body
    link = next(word for word in body.split() if "/not-me/?token=" in word)
    browser = Browser()
    browser.get(link.removeprefix("http://localhost:8000"))
    browser.post("/not-me/")

    assert state() == "stopped"


def test_a_changed_address_stops_it(person, opener, signed_in_browser):
    opened(opener, person)
    signed_in_browser.post("/account/email/", {"email": NEW})
    signed_in_browser.get(flow.link_in(newest("Confirm your new email address")))
    signed_in_browser.post("/account/email/confirm/")

    assert state() == "stopped"


@pytest.mark.parametrize("changed", ["password", "email", "is_active"])
def test_a_change_of_the_account_kills_the_link(alice, keeper, opener, changed):
    opened(opener, alice, resets_factors=True)
    link = the_link()
    value = {"password": "other", "email": "alice@third.example", "is_active": False}[changed]
    User.objects.filter(pk=alice.pk).update(**{changed: value})

    assert use(link)[1].status_code == 400
    assert keeper.kept


def test_it_runs_out(alice, keeper, opener):
    opened(opener, alice, resets_factors=True)
    link = the_link()
    let_pass(days=7)

    assert use(link)[1].status_code == 400
    assert stop_by_mail().status_code == 400
    assert keeper.kept
    assert support.send_link(SupportCase.objects.get()) is False


def test_what_ran_out_is_closed_and_another_can_be_opened(alice, opener):
    first = opened(opener, alice)
    let_pass(days=7)
    tasks.clean_up()
    assert state() == "expired"
    assert count(STOPPED) == 1
    assert [each.kind for each in support.steps(first)][-1] == "support_case.expired"

    let_pass(days=0)
    second = opened(opener, alice)

    assert (second.state, SupportCase.objects.count()) == ("open", 2)


def test_one_that_ran_out_a_moment_ago_is_in_nobodys_way(alice, opener):
    opened(opener, alice)
    let_pass(days=7)

    assert opened(opener, alice) is not None


def test_closed_cases_are_forgotten_with_their_story(alice, opener):
    opened(opener, alice)
    let_pass(days=500)
    tasks.clean_up()
    tasks.clean_up()

    assert not SupportCase.objects.exists()


# --- links --------------------------------------------------------------------------------------


def test_links_are_single_use_hashed_and_leave_the_address(person, opener):
    opened(opener, person)
    link = the_link()
    token = link.partition("token=")[2]
    assert token not in "".join(str(vars(each)) for each in MailedLink.objects.all())
    browser = Browser()
    assert browser.get(link)["Location"] == LINK
    browser.post(LINK, {"password": flow.NEW_PASSWORD})

    assert Browser().get(link, follow=True).status_code == 400


def test_a_newer_link_kills_the_one_before(person, opener):
    case = opened(opener, person)
    first = the_link()

    step(desk_of(opener), case, "send")

    assert use(first)[1].status_code == 400
    assert use(the_link())[1].status_code == 302


def test_a_new_address_that_somebody_has_meanwhile_is_not_given(alice, opener):
    opened(opener, alice, email=NEW)
    let_pass(days=3)
    tasks.tell_of_factor_recoveries()
    link = the_link(NEW)
    make_person(NEW)

    answer = use(link)[1]

    assert answer.status_code == 400
    assert "now belongs to another account" in answer.content.decode()
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert alice.check_password(flow.PASSWORD)


# --- strangers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [LINK, STOP])
def test_a_stranger_learns_nothing_from_the_pages_of_the_links(alice, opener, path):
    opened(opener, alice)
    the_link()

    def seen(token):
        browser = Browser()
        answer = browser.get(path, {"token": token} if token else {}, follow=True)
        page = without_chance(answer.content.decode(), alice.email)
        return answer.status_code, page

    assert seen("") == seen("x" * 43) == seen("\x00'--")


@pytest.mark.parametrize(
    ("path", "field"),
    [("/recover/", "email"), ("/recover/second-step/", "email"), ("/signin/", "identifier")],
)
def test_public_forms_answer_alike_whether_or_not_a_case_is_open(
    alice, other_person, opener, path, field
):
    opened(opener, alice, email=NEW)
    flow.sign_in(Browser(), "first@example.com", "a wrong password")  # the log's key for nobody

    def seen(email):
        browser = Browser()
        with flow.statements() as done:
            answer = browser.post(path, {field: email, "password": "a wrong password"})
        return answer.status_code, done, without_chance(answer.content.decode(), email)

    assert seen(alice.email) == seen(other_person.email)


def test_a_visitor_is_sent_to_sign_in_from_any_page_of_a_case(alice, opener):
    case = opened(opener, alice)

    real = Browser().get(f"{CASES}{case.pk}/change/")
    unreal = Browser().get(f"{CASES}{opener.pk}/change/")

    assert (real.status_code, unreal.status_code) == (302, 302)


# --- races --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_20_parallel_approvals_one_counts(alice, two, opener):
    case = opened(opener, alice)
    left = iter([make_operator(f"approver{n}", support.APPROVE) for n in range(20)])

    won = at_once(lambda: support.approve(next(left), case), ways=20)

    assert sum(won) == 1
    assert Event.objects.filter(kind="support_case.approved").count() == 1
    assert Event.objects.filter(kind="support_case.link_sent").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_20_parallel_uses_of_the_link_one_recovers(alice, keeper, opener):
    opened(opener, alice, resets_factors=True)
    link = the_link()
    browsers = [Browser() for _ in range(20)]
    for browser in browsers:
        browser.get(link)
    left = iter(browsers)

    answers = at_once(lambda: next(left).post(LINK, {"password": flow.NEW_PASSWORD}), ways=20)

    assert sorted(answer.status_code for answer in answers) == [302] + [400] * 19
    assert Event.objects.filter(kind="support_case.finished").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_20_opened_at_once_one_is(alice, opener):
    cases = at_once(lambda: opened(opener, alice), ways=20)

    assert len([case for case in cases if case]) == 1
    assert SupportCase.objects.count() == 1
    assert count(WAITING) == 1


@pytest.mark.django_db(transaction=True)
def test_of_stopping_and_finishing_at_once_one_wins_and_nothing_hangs(alice, keeper, opener):
    case = opened(opener, alice, resets_factors=True)
    link = the_link()
    stopping, finishing = Browser(), Browser()
    stopping.get(flow.link_in(mailed_to(alice.email, WAITING)[-1]))
    finishing.get(link)
    password = {"password": flow.NEW_PASSWORD}
    left = iter(
        [
            lambda: stopping.post(STOP).status_code == 200,
            lambda: finishing.post(LINK, password).status_code == 302,
            lambda: support.go_on() < 0,
            lambda: support.stop(alice, "operator", operator=opener),
        ]
    )

    won = at_once(lambda: next(left)(), ways=4)

    assert sum(won) == 1
    case.refresh_from_db()
    assert (case.state == "finished") == (keeper.kept == {})
