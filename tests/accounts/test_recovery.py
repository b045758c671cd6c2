"""Forgot password (SECURITY C4)."""

import json

import pytest
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from accounts import recovery
from accounts.models import RecoveryToken
from ostiary.models import Event, OutboxMessage, Session
from ostiary.privacy import pseudonym_of
from tests.accounts import flow
from tests.accounts.conftest import make_person

pytestmark = pytest.mark.django_db


def test_a_person_sets_a_new_password_by_a_mailed_link(browser, person):
    link = flow.recovery_link(person.email, next="/account/profile/")

    answer = flow.recover(browser, link)

    assert (
        answer["Location"] == "/signin/?login_hint=alice%40example.com&next=%2Faccount%2Fprofile%2F"
    )
    person.refresh_from_db()
    assert person.check_password(flow.NEW_PASSWORD)


def test_recovery_is_no_sign_in_so_that_a_second_factor_is_still_asked_for(browser, person):
    flow.recover(browser, flow.recovery_link(person.email))

    assert not flow.is_signed_in(browser)
    assert "Your new password is set." in browser.get("/signin/").content.decode()


def test_a_link_is_256_random_bits_and_kept_as_a_hash(person):
    token = flow.recovery_link(person.email).partition("token=")[2]

    assert len(token) >= 43
    kept = RecoveryToken.objects.get()
    assert token not in str(vars(kept))
    assert len(kept.token_hash) == 64


def test_the_token_leaves_the_address_at_the_first_load(browser, person):
    link = flow.recovery_link(person.email)
    token = link.partition("token=")[2]

    answer = browser.get(link)

    assert answer["Location"] == "/recover/set/"
    page = browser.get("/recover/set/")
    assert token not in page.content.decode()
    assert token not in str(dict(browser.session))
    assert page["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert "no-store" in page["Cache-Control"]


def test_a_link_works_once(browser, person):
    link = flow.recovery_link(person.email)
    flow.recover(browser, link)

    answer = flow.recover(Browser(), link, "yet another long passphrase")

    assert answer.status_code == 400
    assert "no longer works" in answer.content.decode()
    person.refresh_from_db()
    assert person.check_password(flow.NEW_PASSWORD)


def test_opening_a_link_uses_nothing_up(browser, person):
    link = flow.recovery_link(person.email)

    for _ in range(3):
        assert Browser().get(link, follow=True).status_code == 200

    assert flow.recover(browser, link).status_code == 302


def test_a_password_that_is_refused_does_not_use_the_link_up(browser, person):
    link = flow.recovery_link(person.email)

    assert flow.recover(browser, link, "short").status_code == 400
    assert flow.recover(browser, link).status_code == 302


def test_a_newer_link_kills_the_one_before(browser, person):
    older = flow.recovery_link(person.email)
    newer = flow.recovery_link(person.email)

    assert flow.recover(browser, older).status_code == 400
    assert flow.recover(browser, newer).status_code == 302


def test_a_link_is_dead_after_an_hour(browser, person):
    link = flow.recovery_link(person.email)
    token = RecoveryToken.objects.get()
    assert (token.expires_at - token.created_at).total_seconds() <= 3601
    RecoveryToken.objects.update(expires_at=timezone.now())

    assert flow.recover(browser, link).status_code == 400


def test_a_changed_password_kills_the_link(browser, person):
    link = flow.recovery_link(person.email)
    person.set_password("changed in the meantime")
    person.save()

    assert flow.recover(browser, link).status_code == 400


def test_a_changed_address_kills_the_link(browser, person):
    link = flow.recovery_link(person.email)
    person.email = "alice@new.example"
    person.save()

    assert flow.recover(browser, link).status_code == 400


def test_a_change_while_the_form_is_open_kills_the_link(browser, rf, person):
    flow.recovery_link(person.email)
    opened = recovery.pending(RecoveryToken.objects.get().token_hash)
    person.set_password("changed in the meantime")
    person.save()

    assert recovery.set_password(rf.post("/"), opened, flow.NEW_PASSWORD) is False
    person.refresh_from_db()
    assert person.check_password("changed in the meantime")


def test_a_deactivated_person_gets_no_link_and_an_older_one_is_dead(browser, person):
    link = flow.recovery_link(person.email)
    person.is_active = False
    person.save()

    assert flow.recover(browser, link).status_code == 400
    sent = len(flow.delivered())
    Browser().post("/recover/", {"email": person.email})
    assert len(flow.delivered()) == sent


def test_the_link_goes_to_the_address_that_we_keep(person):
    Browser().post("/recover/", {"email": "ＡＬＩＣＥ@example.com"})

    assert flow.delivered()[0].to == ["alice@example.com"]


def test_all_sessions_end_and_the_person_is_told(browser, signed_in_browser, person):
    flow.recover(browser, flow.recovery_link(person.email))

    assert not flow.is_signed_in(signed_in_browser)
    assert Session.objects.get().end_reason == "password"
    told = flow.delivered()[-1]
    assert told.to == ["alice@example.com"]
    assert told.subject == "Your password for Ostiary was changed"


@pytest.mark.django_db(transaction=True)
def test_it_works_in_the_browser_where_the_person_is_signed_in(signed_in_browser, person):
    answer = flow.recover(signed_in_browser, flow.recovery_link(person.email))

    assert answer.status_code == 302
    assert not flow.is_signed_in(signed_in_browser)


@pytest.mark.django_db(transaction=True)
def test_whoever_else_was_signed_in_there_is_signed_out(signed_in_browser, person, other_person):
    answer = flow.recover(signed_in_browser, flow.recovery_link(other_person.email))

    page = signed_in_browser.get(answer["Location"])
    assert page.status_code == 200
    assert 'value="bob@example.com"' in page.content.decode()
    assert Session.objects.get(user=person).ended_at is not None


def test_a_person_without_a_password_gets_one_and_their_address_is_verified(browser, db):
    made = make_person("made@example.com", password="!unusable", email_verified_at=None)

    flow.recover(browser, flow.recovery_link(made.email))

    made.refresh_from_db()
    assert made.check_password(flow.NEW_PASSWORD)
    assert made.email_verified_at is not None


def test_a_repeat_of_the_job_mails_another_link_that_works(browser, person):
    """The outbox delivers at least once: a worker may die after its work, before it says so."""
    payload = {"email": person.email, "next_url": "", "language": "en"}
    recovery.mail_link(payload, "key")
    recovery.mail_link(payload, "key")

    flow.delivered()
    assert len(mail.outbox) == 2
    assert flow.recover(browser, flow.link_in(mail.outbox[-1])).status_code == 302


def test_the_mail_is_in_the_language_of_who_asked(person, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    Browser(headers={"accept-language": "de"}).post("/recover/", {"email": person.email})

    assert json.loads(OutboxMessage.objects.get().payload)["language"] == "de"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/"])
def test_a_foreign_next_is_dropped(browser, person, wanted):
    answer = flow.recover(browser, flow.recovery_link(person.email, next=wanted))

    assert answer["Location"] == "/signin/?login_hint=alice%40example.com"


def test_too_many_requests_for_one_address_are_refused_and_the_last_link_still_works(
    browser, person
):
    answers = [Browser().post("/recover/", {"email": person.email}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert flow.recover(browser, flow.link_in(flow.delivered()[-1])).status_code == 302


def test_what_happened_is_in_the_security_log(browser, person):
    flow.recover(browser, flow.recovery_link(person.email))

    assert list(Event.objects.order_by("id").values_list("kind", "subject")) == [
        ("recovery.requested", ""),
        ("recovery.link_sent", pseudonym_of(person)),
        ("recovery.completed", pseudonym_of(person)),
    ]
