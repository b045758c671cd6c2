"""What is under way with an account stands on every page of it, with the way to stop it."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts import email_change
from accounts.models import FactorRecovery, MailedLink, SupportCase
from ostiary import erasure, under_way
from ostiary.models import Erasure
from ostiary.under_way import UnderWay, Watch
from tests.accounts import flow
from tests.accounts.conftest import make_operator
from tests.accounts.helping import opened

pytestmark = pytest.mark.django_db

PAGES = ["/account/", "/account/profile/", "/account/sessions/", "/account/activity/"]
NEW = "new@example.com"


def an_erasure(user):
    erasure.request(user)
    return "Your account will be deleted on", "/account/privacy/keep/"


def a_recovery(user):
    now = timezone.now()
    days = {"ready_at": now + timedelta(days=3), "expires_at": now + timedelta(days=9)}
    FactorRecovery.objects.create(user=user, begun_at=now, told_at=now, **days)
    return "Someone is recovering your account.", "/account/security/stop-recovery/"


def a_support_case(user):
    opened(make_operator("opener", is_superuser=True), user, email="third@example.com")
    return "Someone asked an administrator", "/account/security/stop-support/"


def a_change_of_address(user):
    email_change.request_change(RequestFactory().get("/"), user, NEW)
    return "Your email address will change to", "/account/email/cancel/"


ALL = [an_erasure, a_recovery, a_support_case, a_change_of_address]


@pytest.mark.parametrize("begin", ALL)
def test_it_is_told_on_every_page_and_stopped_there(signed_in_browser, person, begin):
    words, stop = begin(person)

    for path in PAGES:
        page = signed_in_browser.get(path).text
        banner = page.partition('role="status"')[2]
        assert words in banner, path
        assert f'action="{stop}"' in banner, path
        assert f'name="next" value="{path}"' in banner, path
        assert "alert-success" not in page

    answer = signed_in_browser.post(stop, {"next": "/account/activity/"})

    assert answer.url == "/account/activity/"
    assert words not in signed_in_browser.get("/account/").text


@pytest.mark.parametrize("begin", ALL)
def test_whoever_stops_it_is_not_led_off_the_site(signed_in_browser, person, begin):
    _, stop = begin(person)

    answer = signed_in_browser.post(stop, {"next": "https://evil.example/"})

    assert answer.url.startswith("/account/")


@pytest.mark.parametrize("begin", ALL)
def test_nobody_else_is_told(person, other_person, begin):
    words, _ = begin(person)
    browser = Browser()
    flow.sign_in(browser, other_person.email)

    assert words not in browser.get("/account/").text


@pytest.mark.needs("oauth")
def test_it_is_told_on_the_pages_of_other_apps(signed_in_browser, person):
    words, _ = an_erasure(person)

    assert words in signed_in_browser.get("/account/applications/").text


def test_all_at_once_are_one_banner(signed_in_browser, person):
    told = [begin(person)[0] for begin in (an_erasure, a_recovery, a_change_of_address)]

    page = signed_in_browser.get("/account/").text

    assert page.count('role="status"') == 1
    assert [page.index(words) for words in told] == sorted(page.index(words) for words in told)


def test_what_is_over_is_not_told(signed_in_browser, person):
    past = timezone.now() - timedelta(seconds=1)
    for begin in ALL[1:]:
        begin(person)
    for model in (FactorRecovery, SupportCase, MailedLink):
        model.objects.update(expires_at=past)

    assert "under-way" not in signed_in_browser.get("/account/").text


def test_an_erasure_that_runs_can_no_longer_be_stopped(signed_in_browser, person):
    erasure.request(person)
    Erasure.objects.update(state=Erasure.State.RUNNING)

    page = signed_in_browser.get("/account/").text

    assert "Your account is being deleted." in page
    assert "/account/privacy/keep/" not in page


def test_an_address_that_is_only_confirmed_again_does_not_change(signed_in_browser, person):
    email_change.request_change(RequestFactory().get("/"), person, person.email)

    assert "under-way" not in signed_in_browser.get("/account/").text


def test_a_hostile_address_is_text(signed_in_browser, person):
    MailedLink.objects.create(
        user=person,
        purpose=MailedLink.Purpose.CHANGE_EMAIL,
        token_hash="x",
        email="<b>@example.com",
        expires_at=timezone.now() + timedelta(days=1),
    )

    assert "<b>@" not in signed_in_browser.get("/account/").text


def test_where_nothing_is_under_way_it_costs_one_statement_however_many_watch(
    person, rf, monkeypatch, django_assert_num_queries
):
    def never(user):
        return Erasure.objects.filter(subject="nobody")

    more = {f"more {n}": Watch(never, lambda user: UnderWay("never")) for n in range(20)}
    monkeypatch.setattr(under_way, "_watches", {**under_way._watches, **more})
    request = rf.get("/")
    request.user = person

    with django_assert_num_queries(1):
        assert under_way.of(request) == []
        assert under_way.of(request) == []


def test_a_visitor_is_told_nothing_and_costs_nothing(rf, django_assert_num_queries):
    request = rf.get("/")
    request.user = type("Nobody", (), {"is_authenticated": False})()

    with django_assert_num_queries(0):
        assert under_way.of(request) == []


def test_every_form_leads_to_a_page_that_is_there(person):
    for begin in ALL:
        begin(person)
    found = under_way._found(person)

    assert len(found) == len(ALL)
    assert reverse("ostiary_accounts:erasure_keep_here") == found[0].stop_url
