"""“I can't use my second step”: the delayed recovery (SECURITY C4, D4)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from accounts import factor_recovery, tasks
from accounts.models import FactorRecovery, MailedLink
from ostiary import factors, signin
from ostiary.models import Event, Session
from ostiary.privacy import pseudonym_of
from tests.accounts import flow
from tests.accounts.conftest import Step
from tests.accounts.test_enumeration import without_chance
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

ASK = "/recover/second-step/"
GO_ON = "/recover/second-step/go-on/"
STOP = "/recover/second-step/stop/"


def newest(words):
    return [message for message in flow.delivered() if words in message.subject][-1]


def count(words):
    return len([message for message in flow.delivered() if words in message.subject])


def begin_with_password(email="alice@example.com"):
    """Show the password, and start the waiting time; the browser in which that was done."""
    browser = Browser()
    assert flow.sign_in(browser, email)["Location"] == "/second-factor/"
    assert browser.post(ASK).status_code == 302
    return browser


def let_pass(**time):
    """Have so much time passed since everything that there is."""
    for row in FactorRecovery.objects.all():
        for name in ("begun_at", "ready_at", "expires_at", "told_at"):
            setattr(row, name, getattr(row, name) - timedelta(**time))
        row.save()


def mailed_link(email="alice@example.com"):
    """Ask for the next link in a browser of one's own, and read it in the mail."""
    Browser().post(ASK, {"email": email})
    return flow.link_in(flow.delivered()[-1])


def finish(link):
    browser = Browser()
    browser.get(link)
    return browser, browser.post(GO_ON)


def test_the_whole_way_with_the_password(alice, keeper):
    begin_with_password()
    let_pass(days=3)

    browser, answer = finish(mailed_link())

    assert keeper.kept == {}
    assert answer["Location"].startswith("/signin/?login_hint=alice%40example.com&next=%2Faccount")
    answer = flow.sign_in(browser, alice.email, next="/account/security/")
    assert answer["Location"] == "/account/security/"
    assert flow.is_signed_in(browser)
    assert (
        "Someone removed two-step verification" in newest("Two-step verification was removed").body
    )


def test_the_whole_way_by_mail_alone(alice, keeper):
    browser = Browser()
    browser.get(mailed_link())
    assert not FactorRecovery.objects.exists()  # looking begins nothing
    assert "has started" in browser.post(GO_ON).content.decode()
    let_pass(days=3)

    finish(mailed_link())

    assert keeper.kept == {}


def test_to_begin_lets_nobody_in_and_a_second_factor_is_asked_for_meanwhile(alice, keeper):
    browser = begin_with_password()

    assert not flow.is_signed_in(browser)
    assert flow.sign_in(Browser(), alice.email)["Location"] == "/second-factor/"
    assert keeper.kept


@pytest.mark.parametrize("days", [0, 1, 2.99])
def test_nothing_can_be_finished_before_the_waiting_time_is_over(alice, keeper, days):
    begin_with_password()
    let_pass(days=days)

    link = mailed_link()

    assert link.startswith(STOP)
    assert not MailedLink.objects.filter(purpose="finish_factor_recovery").exists()


def test_a_link_that_finishes_is_held_to_the_time_itself(alice, keeper):
    begin_with_password()
    let_pass(days=3)
    link = mailed_link()
    let_pass(days=-1)

    assert finish(link)[1].status_code == 400
    assert keeper.kept


def test_a_recovery_that_nobody_finishes_runs_out(alice, keeper):
    begin_with_password()
    let_pass(days=3)
    link = mailed_link()
    let_pass(days=7)

    assert finish(link)[1].status_code == 400
    tasks.clean_up()
    assert not FactorRecovery.objects.exists()
    assert mailed_link().startswith(GO_ON)  # a new one can be begun
    assert keeper.kept


def test_the_waiting_time_is_the_operators(alice, settings):
    settings.OSTIARY_ACCOUNTS = {"FACTOR_RECOVERY_DAYS": 14}
    begin_with_password()

    row = FactorRecovery.objects.get()
    assert row.ready_at - row.begun_at == timedelta(days=14)
    assert "14 days" in Browser().get(ASK).content.decode()


@pytest.mark.parametrize("path", [ASK, "/recover/second-step/sent/"])
def test_the_operator_can_turn_it_off(alice, settings, path):
    settings.OSTIARY_ACCOUNTS = {"FACTOR_RECOVERY_DAYS": 0}

    assert Browser().get(path).status_code == 404
    assert ASK not in Browser().get("/recover/").content.decode()


def test_a_site_without_second_factors_has_no_such_page(person, monkeypatch):
    monkeypatch.setattr(factors, "_keepers", {})

    assert Browser().get(ASK).status_code == 404
    assert ASK not in Browser().get("/recover/").content.decode()


def test_people_are_told_at_once_and_every_day_and_when_it_is_possible(alice):
    begin_with_password()
    assert count("recovery started") == 1
    tasks.tell_of_factor_recoveries()
    assert count("recovery started") == 1

    let_pass(days=1)
    for _ in range(3):
        tasks.tell_of_factor_recoveries()
    assert count("recovery started") == 2
    let_pass(days=1)
    tasks.tell_of_factor_recoveries()
    assert count("recovery started") == 3
    let_pass(hours=24)
    for _ in range(3):
        tasks.tell_of_factor_recoveries()
    assert count("can now be recovered") == 1


def test_that_it_is_possible_is_told_though_less_than_a_day_has_passed(alice):
    begin_with_password()
    FactorRecovery.objects.update(
        told_at=timezone.now() - timedelta(hours=1), ready_at=timezone.now()
    )

    tasks.tell_of_factor_recoveries()

    assert count("can now be recovered") == 1


def test_each_message_brings_a_link_that_stops_it(alice, keeper):
    begin_with_password()
    let_pass(days=1)
    tasks.tell_of_factor_recoveries()
    links = [flow.link_in(m) for m in flow.delivered() if "recovery started" in m.subject]
    assert len(set(links)) == 2

    browser = Browser()
    browser.get(links[0])
    assert FactorRecovery.objects.exists()  # looking stops nothing
    assert browser.post(STOP).status_code == 200

    assert not FactorRecovery.objects.exists()
    assert Browser().get(links[1], follow=True).status_code == 400
    assert count("recovery stopped") == 1


def test_a_recovery_that_was_stopped_can_not_be_finished(alice, keeper):
    begin_with_password()
    stop_link = flow.link_in(newest("recovery started"))
    let_pass(days=3)
    finish_link = mailed_link()
    browser = Browser()
    browser.get(stop_link)
    browser.post(STOP)

    assert finish(finish_link)[1].status_code == 400
    assert keeper.kept


def test_the_link_that_stops_holds_though_the_password_is_another_meanwhile(alice):
    begin_with_password()
    link = flow.link_in(newest("recovery started"))
    alice.set_password("what the thief chose")
    alice.save()

    browser = Browser()
    browser.get(link)
    assert browser.post(STOP).status_code == 200


def test_the_signed_in_person_sees_it_and_stops_it(alice, keeper, rf):
    factor = keeper.kept.pop(alice.pk)
    browser = Browser()
    flow.sign_in(browser, alice.email)
    keeper.kept[alice.pk] = factor
    begin_with_password()
    begun = "Someone is recovering your account."
    assert begun in browser.get("/account/security/").content.decode()

    browser.post("/account/security/stop-recovery/")

    assert not FactorRecovery.objects.exists()
    assert begun not in browser.get("/account/security/").content.decode()


def test_a_sign_in_with_the_second_factor_stops_it(alice, rf, client):
    begin_with_password()
    request = rf.get("/")
    request.session = client.session
    request.user = type("Nobody", (), {"is_authenticated": False})()

    signin.begin(request, alice, amr=["pwd"])
    assert FactorRecovery.objects.exists()
    signin.advance(request, Step.name, amr=["otp"])

    assert not FactorRecovery.objects.exists()


@pytest.mark.parametrize("changed", ["password", "email", "is_active"])
def test_a_change_of_the_account_kills_the_link_that_finishes(alice, keeper, changed):
    begin_with_password()
    let_pass(days=3)
    link = mailed_link()
    value = {"password": "other", "email": "alice@third.example", "is_active": False}[changed]
    type(alice).objects.filter(pk=alice.pk).update(**{changed: value})

    assert finish(link)[1].status_code == 400
    assert keeper.kept


def test_it_was_not_me_stops_it(alice):
    begin_with_password()
    body = newest("recovery started").body
    link = next(line for line in body.split() if "/not-me/?token=" in line)
    browser = Browser()
    browser.get(link.removeprefix("http://localhost:8000"))
    browser.post("/not-me/")

    assert not FactorRecovery.objects.exists()


def test_a_changed_address_stops_it(alice, keeper, signed_in_browser_of_alice):
    begin_with_password()
    browser = signed_in_browser_of_alice
    browser.post("/account/email/", {"email": "alice@new.example"})
    browser.get(flow.link_in(newest("Confirm your new email address")))
    assert browser.post("/account/email/confirm/").status_code == 302

    assert not FactorRecovery.objects.exists()


@pytest.fixture
def signed_in_browser_of_alice(alice, keeper):
    """A browser in which she signed in when she still had her phone."""
    factor = keeper.kept.pop(alice.pk)
    browser = Browser()
    flow.sign_in(browser, alice.email)
    keeper.kept[alice.pk] = factor
    return browser


def test_to_finish_ends_every_session(alice, signed_in_browser_of_alice):
    begin_with_password()
    let_pass(days=3)

    finish(mailed_link())

    assert not flow.is_signed_in(signed_in_browser_of_alice)
    assert Session.objects.get().end_reason == "factor_recovery"


def test_known_and_unknown_addresses_are_answered_alike(alice, other_person):
    def seen(email):
        browser = Browser()
        with flow.statements() as done:
            answer = browser.post(ASK, {"email": email})
        page = without_chance(browser.get(answer["Location"]).content.decode(), email)
        return answer.status_code, answer["Location"], done, page

    seen("first@example.com")  # the log's key for what is about nobody
    unknown = seen("nobody@example.com")
    assert seen(alice.email) == seen(other_person.email) == unknown
    flow.delivered()
    assert {message.to[0] for message in mail.outbox} == {alice.email}


def test_who_has_no_second_factor_gets_no_mail_and_no_other_page(keeper, person):
    browser = Browser()
    flow.sign_in(browser, person.email)  # signed in: there is nothing to recover

    Browser().post(ASK, {"email": person.email})

    assert not [m for m in flow.delivered() if "Recover your account" in m.subject]


def test_to_ask_again_while_it_waits_begins_nothing_anew(alice):
    browser = begin_with_password()
    before = FactorRecovery.objects.get().ready_at
    let_pass(days=1)

    browser.post(ASK)

    assert FactorRecovery.objects.get().ready_at == before - timedelta(days=1)
    assert count("recovery started") == 1
    assert "Come back on" in browser.get(ASK).content.decode()


def test_with_the_password_alone_nothing_is_finished(alice, keeper):
    browser = begin_with_password()
    let_pass(days=3)
    assert "The waiting period is over" in browser.get(ASK).content.decode()

    answer = browser.post(ASK)

    assert answer["Location"] == "/recover/second-step/sent/"
    assert keeper.kept
    finish(flow.link_in(flow.delivered()[-1]))
    assert not keeper.kept


def test_links_are_single_use_hashed_and_leave_the_address(alice):
    link = mailed_link()
    token = link.partition("token=")[2]
    assert token not in str(vars(MailedLink.objects.get()))
    browser = Browser()
    assert browser.get(link)["Location"] == GO_ON
    browser.post(GO_ON)

    again = Browser().get(link, follow=True)

    assert again.status_code == 400
    assert "no longer works" in again.content.decode()


def test_quicker_ways_that_an_app_offers_are_shown(alice):
    factors.register_other_way("ostiary_accounts:signup", "Use a recovery code")

    page = Browser().get(ASK).content.decode()

    assert '<a href="/signup/">Use a recovery code</a>' in page


def test_requests_are_limited(alice):
    answers = [Browser().post(ASK, {"email": alice.email}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [302] * 5 + [429]


def test_every_step_is_in_the_security_log(alice):
    begin_with_password()
    let_pass(days=3)
    finish(mailed_link())

    kinds = Event.objects.filter(kind__startswith="factor_recovery.").order_by("id")
    assert list(kinds.values_list("kind", "subject")) == [
        ("factor_recovery.begun", pseudonym_of(alice)),
        ("factor_recovery.requested", ""),
        ("factor_recovery.finished", pseudonym_of(alice)),
    ]


@pytest.mark.django_db(transaction=True)
def test_of_20_parallel_uses_one_finishes(alice, keeper):
    begin_with_password()
    let_pass(days=3)
    link = mailed_link()
    browsers = [Browser() for _ in range(20)]
    for browser in browsers:
        browser.get(link)
    left = iter(browsers)

    answers = at_once(lambda: next(left).post(GO_ON), ways=20)

    assert sorted(answer.status_code for answer in answers) == [302] + [400] * 19
    assert Event.objects.filter(kind="factor_recovery.finished").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_stopping_and_finishing_at_once_one_wins_and_nothing_hangs(alice, keeper):
    begin_with_password()
    stop_link = flow.link_in(newest("recovery started"))
    let_pass(days=3)
    finish_link = mailed_link()
    stopping, finishing = Browser(), Browser()
    stopping.get(stop_link)
    finishing.get(finish_link)
    left = iter(
        [
            lambda: stopping.post(STOP).status_code == 200,
            lambda: finishing.post(GO_ON).status_code == 302,
            lambda: factor_recovery.tell_those_who_wait() < 0,
        ]
    )

    won = at_once(lambda: next(left)(), ways=3)

    assert sum(won) == 1
    assert not FactorRecovery.objects.exists()
    assert Event.objects.filter(kind="factor_recovery.finished").exists() != bool(keeper.kept)
