"""What nobody may have as an address or a name, by the site's own rules."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client as Browser

from accounts.addresses import normalize_email
from accounts.checks import check_settings
from accounts.confusable import refuse_homographs, refuse_mixed_scripts
from accounts.disposable import SHIPPED, read, refuse_disposable
from accounts.models import PendingRegistration
from tests.accounts import flow
from tests.accounts.test_admin import operator
from tests.accounts.test_enumeration import without_chance
from tests.accounts.test_invitations import accept, invite

DISPOSABLE = "accounts.disposable.refuse_disposable"


@pytest.fixture
def chosen(settings):
    """Sets the policies."""

    def run(**more):
        settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, **more}

    return run


def is_refused(policy, value):
    try:
        policy(value)
    except ValidationError:
        return True
    return False


# --- the policies that we ship ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "refused"),
    [
        ("x@mailinator.com", True),
        ("x@MAILINATOR.com", True),
        ("x@team.mailinator.com", True),
        ("x@notmailinator.example", False),
        ("mailinator.com@example.com", False),
        ("x@example.com", False),
        ("x@com", False),
        ("no address", False),
    ],
)
def test_a_throw_away_mailbox_is_refused(email, refused):
    assert is_refused(refuse_disposable, email) == refused


def test_a_file_of_the_operator_adds_to_the_list(tmp_path, chosen):
    own = tmp_path / "domains"
    own.write_text("# ours\n\nThrowaway.example\n")
    chosen(DISPOSABLE_DOMAINS_FILE=str(own))

    assert is_refused(refuse_disposable, "x@throwaway.example")
    assert is_refused(refuse_disposable, "x@mailinator.com")


def test_the_list_holds_domains_in_their_normal_form():
    domains = read(SHIPPED)

    assert len(domains) > 50
    assert all(normalize_email(f"x@{domain}") == f"x@{domain}" for domain in domains)
    assert not domains & {"gmail.com", "outlook.com", "proton.me", "example.com"}


@pytest.mark.parametrize(
    ("domain", "refused"),
    [
        ("paypal.com", False),
        ("bücher.example", False),
        ("пример.example", False),
        ("παράδειγμα.example", False),
        ("例え.example", False),
        ("раураl.com", True),  # mostly Cyrillic
        ("\N{CYRILLIC SMALL LETTER ER}aypal.com", True),
        ("сор.com", True),  # all Cyrillic, before an end in ASCII
        ("аррӏе.com", True),
        ("сур.рф", False),  # a whole name of one script
        ("mail.сур.рф", False),
        ("россия.рф", False),
        ("россия.com", False),
        ("сор.bg", False),  # where Cyrillic is at home
        ("νο.gr", False),
        ("νο.com", True),
        ("straße.example", False),
        ("xn--strae-oqa.example", False),
        ("نامه\u200cای.example", False),
        ("サッカーJ.example", False),
        ("☃.example", True),
        ("g\N{GREEK SMALL LETTER OMICRON}\N{GREEK SMALL LETTER OMICRON}gle.com", True),
        ("login.\N{CYRILLIC SMALL LETTER ER}aypal.com", True),
        ("xn--zz99zz99zz.com", True),
    ],
)
def test_a_domain_that_looks_like_another_is_refused(domain, refused):
    assert is_refused(refuse_homographs, normalize_email(f"x@{domain}")) == refused


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("", False),
        ("Ada Lovelace", False),
        ("Зоя Космодемьянская", False),
        ("Ωνάσης", False),
        ("Ada Зоя", False),  # a word of each
        ("山田 Tarō", False),
        ("山田taro", False),
        ("می\N{ZERO WIDTH NON-JOINER}خواهم", False),
        ("O’Brien-Núñez 3rd", False),
        ("P\N{CYRILLIC SMALL LETTER A}ul", True),
        ("\N{GREEK CAPITAL LETTER ALPHA}dmin", True),
        ("Ada\N{RIGHT-TO-LEFT OVERRIDE}x", True),
        ("A\N{ZERO WIDTH SPACE}da", True),
        ("Ada\N{SOFT HYPHEN}", True),
        ("A\ue000", True),
    ],
)
def test_a_name_that_deceives_is_refused_and_one_of_any_script_is_not(name, refused):
    assert is_refused(refuse_mixed_scripts, name) == refused


# --- where they hold ----------------------------------------------------------------------------


@pytest.mark.django_db
def test_sign_up_asks_the_policies_and_says_what_to_do(browser, chosen):
    chosen(ADDRESS_POLICIES=[DISPOSABLE])

    answer = flow.ask_for_account(browser, "carol@mailinator.com")

    assert answer.status_code == 400
    assert "Use a permanent one." in answer.content.decode()
    assert not PendingRegistration.objects.exists()
    assert flow.ask_for_account(browser, "carol@example.com").status_code == 302


@pytest.mark.django_db
def test_a_refusal_is_the_same_for_who_has_an_account(browser, chosen, person):
    chosen(ADDRESS_POLICIES=["tests.accounts.test_address_policy.refuse_example_com"])
    browser.get("/signup/")

    pages = [
        without_chance(flow.ask_for_account(browser, email).content.decode(), email)
        for email in (person.email, "carol@example.com")
    ]

    assert pages[0] == pages[1]
    assert "Not here." in pages[0]


def refuse_example_com(email):
    """A policy of a site's own."""
    if email.endswith("@example.com"):
        raise ValidationError("Not here.")


@pytest.mark.django_db
def test_a_name_is_held_to_them_at_sign_up_and_when_it_is_changed(signed_in_browser, person):
    wrong = "P\N{CYRILLIC SMALL LETTER A}ul"

    answer = flow.ask_for_account(Browser(), "carol@example.com", name=wrong)
    assert "mixes letters from two alphabets" in answer.content.decode()
    answer = signed_in_browser.post("/account/profile/", {"preferred_username": wrong})
    assert "mixes letters from two alphabets" in answer.content.decode()
    link = invite(operator(is_superuser=True))
    assert accept(Browser(), link, name=wrong).status_code == 400

    person.refresh_from_db()
    assert person.preferred_username == ""


@pytest.mark.django_db
def test_a_name_that_was_there_before_the_policy_stays(signed_in_browser, person):
    person.name = "P\N{CYRILLIC SMALL LETTER A}ul"
    person.save()

    answer = signed_in_browser.post("/account/profile/", {"name": person.name, "given_name": "P"})

    assert answer.status_code == 302


@pytest.mark.django_db
def test_a_new_address_of_a_person_is_held_to_them(signed_in_browser, chosen):
    chosen(ADDRESS_POLICIES=[DISPOSABLE])

    answer = signed_in_browser.post("/account/email/", {"email": "alice@mailinator.com"})

    assert answer.status_code == 400
    assert "Use a permanent one." in answer.content.decode()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ADDRESS_POLICIES", ["accounts.disposable.nothing"]),
        ("NAME_POLICIES", ["nowhere.at_all"]),
        ("NAME_POLICIES", ["accounts.disposable.SHIPPED"]),
        ("DISPOSABLE_DOMAINS_FILE", "/nowhere"),
    ],
)
def test_what_is_not_there_is_told_by_the_checks(chosen, key, value):
    chosen(**{key: value})

    assert [problem.msg.split("'")[1] for problem in check_settings(None)] == [key]
