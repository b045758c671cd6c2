"""Who may sign up: by the settings, or as an operator has decided in the admin."""

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.test import Client as Browser

from accounts import signup_policy
from accounts.checks import check_settings
from accounts.models import PendingRegistration, SignUpPolicy
from ostiary.models import Event
from tests.accounts import flow
from tests.accounts.test_admin import operator
from tests.accounts.test_enumeration import without_chance

pytestmark = pytest.mark.django_db

User = get_user_model()
ADMIN = "/admin/ostiary_accounts/signuppolicy/"


@pytest.fixture
def policy(settings):
    """Sets the policy of the settings."""

    def choose(mode, **more):
        settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, "SIGNUP": mode, **more}

    return choose


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("invited", "If you were invited, open the link in your invitation."),
        ("closed", "Sign-up is closed"),
    ],
)
def test_where_nobody_may_sign_up_the_page_says_who_to_ask(browser, policy, mode, words):
    policy(mode, SIGNUP_CONTACT="the desk, help@example.com")

    answer = browser.get("/signup/?next=/account/profile/")

    page = answer.content.decode()
    assert answer.status_code == 403
    assert words in page
    assert "To get an account, contact the desk, help@example.com." in page
    assert 'href="/signin/?next=%2Faccount%2Fprofile%2F"' in page
    assert flow.ask_for_account(browser, "carol@example.com").status_code == 403
    assert flow.delivered() == []
    assert not PendingRegistration.objects.exists()


def test_the_closed_page_says_the_same_to_who_has_an_account(browser, policy, person):
    policy("closed")

    known = flow.ask_for_account(browser, person.email)
    unknown = flow.ask_for_account(browser, "carol@example.com")

    assert known.status_code == unknown.status_code == 403
    assert without_chance(known.content.decode(), person.email) == without_chance(
        unknown.content.decode(), "carol@example.com"
    )


@pytest.mark.parametrize(
    ("email", "admitted"),
    [
        ("carol@example.org", True),
        ("carol@EXAMPLE.org", True),
        ("carol@müller.example", True),
        ("carol@xn--mller-kva.example", True),
        ("carol@sub.example.org", False),
        ("carol@notexample.org", False),
        ("carol@example.org.evil.example", False),
        ("example.org@example.com", False),
    ],
)
def test_only_addresses_of_the_allowed_domains_may_sign_up(browser, policy, email, admitted):
    policy("domains", SIGNUP_DOMAINS=["Example.org", "@müller.example"])

    answer = flow.ask_for_account(browser, email)

    assert answer.status_code == (302 if admitted else 400)
    assert PendingRegistration.objects.exists() == admitted
    if not admitted:
        assert "@example.org, @xn--mller-kva.example" in answer.content.decode()


def test_a_refused_domain_is_refused_alike_for_who_has_an_account(browser, policy, person):
    policy("domains", SIGNUP_DOMAINS=["example.org"])
    browser.get("/signup/")

    pages = [
        without_chance(flow.ask_for_account(browser, email).content.decode(), email)
        for email in (person.email, "carol@example.com")
    ]

    assert pages[0] == pages[1]


def test_a_message_that_waits_when_sign_up_closes_confirms_nothing(browser, policy):
    page = flow.ask_for_account(browser, "carol@example.com")["Location"]
    message = flow.delivered()[-1]
    policy("closed")

    browser.get(flow.link_in(message))
    assert browser.post("/signup/verify/").status_code == 403
    assert browser.post(page, {"code": flow.code_in(message)}).status_code == 403
    assert not User.objects.exists()


def test_an_operator_decides_in_the_admin_and_takes_it_back(policy):
    policy("closed")
    admin = operator(is_superuser=True)
    assert Browser().get("/signup/").status_code == 403

    form = {"mode": "domains", "domains": "Example.ORG\n @müller.example", "contact": "Ada"}
    assert admin.post(f"{ADMIN}add/", form).status_code == 302

    decided = SignUpPolicy.objects.get()
    assert decided.domains.split() == ["example.org", "xn--mller-kva.example"]
    assert flow.ask_for_account(Browser(), "carol@example.org").status_code == 302
    assert admin.get(f"{ADMIN}add/").status_code == 403
    assert admin.post(f"{ADMIN}1/delete/", {"post": "yes"}).status_code == 302
    assert Browser().get("/signup/").status_code == 403
    told = Event.objects.filter(kind="signup_policy.changed").order_by("id")
    assert [event.details["mode"] for event in told] == ["domains", "as in the settings"]


def test_the_domains_below_must_be_some():
    admin = operator(is_superuser=True)

    answer = admin.post(f"{ADMIN}add/", {"mode": "domains", "domains": " ", "contact": ""})

    assert "Enter at least one domain." in answer.content.decode()
    assert not SignUpPolicy.objects.exists()


def test_there_is_one_policy_at_most():
    SignUpPolicy.objects.create(mode="open")

    with pytest.raises(IntegrityError), transaction.atomic():
        SignUpPolicy.objects.create(id=2, mode="closed")


def test_another_process_hears_of_a_change_within_seconds(monkeypatch):
    signup_policy.current()
    SignUpPolicy.objects.bulk_create([SignUpPolicy(mode="closed")])  # sends no signal, as elsewhere

    assert signup_policy.current().mode == "open"
    monkeypatch.setattr(signup_policy, "RECHECK_SECONDS", 0)
    assert signup_policy.current().mode == "closed"


@pytest.mark.parametrize("mode", ["Open", "opne", ""])
def test_a_mode_that_is_none_is_told_by_the_checks_and_lets_nobody_in(browser, policy, mode):
    policy(mode)

    assert [problem.id for problem in check_settings(None)] == ["ostiary_accounts.E003"]
    assert browser.get("/signup/").status_code == 403


def test_no_domains_are_told_by_the_checks(policy):
    policy("domains")

    assert "SIGNUP_DOMAINS" in check_settings(None)[0].msg
