"""Another email address (SECURITY C5): confirmed at the new one, undone from the old."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts import links, tasks
from accounts.models import MailedLink
from ostiary.models import Event, Session
from tests.accounts import flow
from tests.accounts.conftest import make_person
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

NEW = "alice@new.example"


def ask(browser, email=NEW):
    """Ask for another address."""
    return browser.post("/account/email/", {"email": email})


def newest(subject, to=""):
    """The newest message with these words in its subject."""
    found = [message for message in flow.delivered() if subject in message.subject]
    return [message for message in found if not to or message.to == [to]][-1]


def confirm_link():
    return flow.link_in(newest("Confirm your new email address"))


def undo_link():
    found = [m for m in flow.delivered() if "/account/email/undo/" in m.body]
    return flow.link_in(found[-1])


def change(browser, email=NEW):
    """Ask, open the mailed link there, and press its button."""
    ask(browser, email)
    browser.get(confirm_link())
    return browser.post("/account/email/confirm/")


def address_of(person):
    person.refresh_from_db()
    return person.email


def test_the_address_changes_when_the_new_mailbox_has_confirmed(signed_in_browser, person):
    ask(signed_in_browser)
    message = newest("Confirm your new email address")

    assert message.to == [NEW]
    assert address_of(person) == "alice@example.com"
    page = signed_in_browser.get(flow.link_in(message), follow=True)
    assert address_of(person) == "alice@example.com"  # looking changes nothing
    assert NEW in page.content.decode()

    answer = signed_in_browser.post("/account/email/confirm/")

    assert answer["Location"] == "/account/email/"
    assert address_of(person) == NEW
    assert flow.is_signed_in(signed_in_browser)
    assert flow.sign_in(Browser(), NEW).status_code == 302
    assert flow.sign_in(Browser(), "alice@example.com").status_code == 400


def test_the_old_address_is_told_with_a_link_to_take_it_back(signed_in_browser, person):
    change(signed_in_browser)

    told = newest("was changed", to="alice@example.com")

    assert "/account/email/undo/?token=" in told.body
    assert "/account/email/undo/" not in newest("was changed", to=NEW).body


def test_taking_it_back_restores_the_address_and_ends_what_was_changed(signed_in_browser, person):
    change(signed_in_browser)
    refused = Browser()
    link = undo_link()

    page = refused.get(link, follow=True)
    assert address_of(person) == NEW  # looking changes nothing
    assert "alice@example.com" in page.content.decode()
    answer = refused.post("/account/email/undo/")

    assert answer.status_code == 200
    assert address_of(person) == "alice@example.com"
    assert person.email_verified_at is not None
    assert not flow.is_signed_in(signed_in_browser)
    assert not Session.objects.filter(ended_at__isnull=True).exists()
    assert flow.sign_in(Browser(), "alice@example.com").status_code == 400
    assert newest("was undone").to == [NEW]
    mailed = newest("Set a new password")
    assert mailed.to == ["alice@example.com"]
    assert flow.recover(Browser(), flow.link_in(mailed)).status_code == 302
    assert flow.sign_in(Browser(), "alice@example.com", flow.NEW_PASSWORD).status_code == 302


def test_taking_it_back_holds_though_the_password_was_changed_meanwhile(signed_in_browser, person):
    change(signed_in_browser)
    person.refresh_from_db()
    person.set_password("what the thief chose")
    person.save()

    browser = Browser()
    browser.get(undo_link())
    browser.post("/account/email/undo/")

    assert address_of(person) == "alice@example.com"
    assert not person.check_password("what the thief chose")


def test_the_first_address_wins_over_all_that_came_after_it(signed_in_browser, person):
    change(signed_in_browser)
    first = undo_link()
    change(signed_in_browser, "thief@evil.example")
    second = undo_link()
    assert first != second

    browser = Browser()
    browser.get(first)
    browser.post("/account/email/undo/")

    assert address_of(person) == "alice@example.com"
    assert Browser().get(second, follow=True).status_code == 400
    assert not MailedLink.objects.exists()


def test_a_change_can_be_taken_back_for_7_days_once(signed_in_browser, person):
    change(signed_in_browser)
    link = undo_link()
    kept = MailedLink.objects.get()
    assert timedelta(days=6.9) < kept.expires_at - timezone.now() <= timedelta(days=7)
    browser = Browser()
    browser.get(link)
    assert browser.post("/account/email/undo/").status_code == 200

    again = Browser().get(link, follow=True)
    assert again.status_code == 400
    assert "more than 7 days old" in again.content.decode()


def test_a_stale_link_takes_nothing_back(signed_in_browser, person):
    change(signed_in_browser)
    MailedLink.objects.update(expires_at=timezone.now())

    assert Browser().get(undo_link(), follow=True).status_code == 400
    tasks.clean_up()
    assert not MailedLink.objects.exists()


def test_a_link_opened_by_another_signed_in_person_never_attaches(
    signed_in_browser, person, other_person
):
    ask(signed_in_browser)
    bobs = Browser()
    flow.sign_in(bobs, other_person.email)
    link = confirm_link()

    assert bobs.get(link, follow=True).status_code == 403
    assert bobs.post("/account/email/confirm/").status_code == 403
    other_person.refresh_from_db()
    assert other_person.email == "bob@example.com"
    assert address_of(person) == "alice@example.com"
    # and the link still works for whom it is
    signed_in_browser.get(link)
    assert signed_in_browser.post("/account/email/confirm/").status_code == 302


def test_on_another_device_the_person_signs_in_first_and_goes_on(signed_in_browser, person):
    ask(signed_in_browser)
    phone = Browser()

    answer = phone.get(confirm_link(), follow=True)

    assert answer.redirect_chain[-1][0] == "/signin/?next=/account/email/confirm/"
    answer = flow.sign_in(phone, person.email, next="/account/email/confirm/")
    assert answer["Location"] == "/account/email/confirm/"
    assert phone.post("/account/email/confirm/").status_code == 302
    assert address_of(person) == NEW


def test_a_stranger_with_the_link_alone_changes_nothing(signed_in_browser, person):
    ask(signed_in_browser)
    stranger = Browser()
    stranger.get(confirm_link())

    assert stranger.post("/account/email/confirm/")["Location"].startswith("/signin/")
    assert address_of(person) == "alice@example.com"


def test_the_token_leaves_the_address_and_is_kept_as_a_hash(signed_in_browser):
    ask(signed_in_browser)
    link = confirm_link()
    token = link.partition("token=")[2]

    answer = signed_in_browser.get(link)

    assert len(token) >= 43
    assert answer["Location"] == "/account/email/confirm/"
    assert token not in str(dict(signed_in_browser.session))
    assert token not in str(vars(MailedLink.objects.get()))


def test_a_newer_request_kills_the_link_before(signed_in_browser):
    ask(signed_in_browser)
    older = confirm_link()
    ask(signed_in_browser, "alice@newer.example")

    assert signed_in_browser.get(older, follow=True).status_code == 400
    assert signed_in_browser.get(confirm_link(), follow=True).status_code == 200


def test_a_change_that_waits_can_be_called_off(signed_in_browser, person):
    ask(signed_in_browser)
    assert NEW in signed_in_browser.get("/account/email/").content.decode()

    signed_in_browser.post("/account/email/cancel/")

    assert NEW not in signed_in_browser.get("/account/email/").content.decode()
    assert signed_in_browser.get(confirm_link(), follow=True).status_code == 400


@pytest.mark.parametrize("changed", ["password", "email", "is_active"])
def test_a_change_of_the_account_meanwhile_kills_the_link(signed_in_browser, person, changed):
    ask(signed_in_browser)
    link = confirm_link()
    value = {"password": "other", "email": "alice@third.example", "is_active": False}[changed]
    type(person).objects.filter(pk=person.pk).update(**{changed: value})

    assert Browser().get(link, follow=True).status_code == 400


def test_an_address_change_kills_a_recovery_link(signed_in_browser, person):
    recovery = flow.recovery_link(person.email)
    change(signed_in_browser)

    assert Browser().get(recovery, follow=True).status_code == 400


def test_it_demands_a_fresh_sign_in(signed_in_browser, person):
    session = signed_in_browser.session
    session["ostiary.assurance"] = {**session["ostiary.assurance"], "auth_time": 0}
    session.save()

    answer = ask(signed_in_browser)

    assert answer["Location"].startswith("/signin/?next=%2Faccount%2Femail%2F&reauthenticate=1")
    assert not MailedLink.objects.exists()


def test_an_address_that_is_taken_is_answered_like_one_that_is_free(
    signed_in_browser, person, other_person
):
    def seen(email):
        with flow.statements() as done:
            answer = ask(signed_in_browser, email)
        page = signed_in_browser.get(answer["Location"]).content.decode()
        return answer.status_code, answer["Location"], done, page.count(email)

    ask(signed_in_browser, "free1@example.com")
    assert seen("fre@example.com") == seen("BOB@example.com")

    told = flow.delivered()[-1]
    assert told.to == ["BOB@example.com"]
    assert "token=" not in told.body


def test_an_address_that_was_taken_meanwhile_is_not_given_twice(signed_in_browser, person):
    ask(signed_in_browser)
    link = confirm_link()
    make_person("Alice@New.example")
    signed_in_browser.get(link)

    answer = signed_in_browser.post("/account/email/confirm/")

    assert answer.status_code == 400
    assert "now belongs to another account" in answer.content.decode()
    assert address_of(person) == "alice@example.com"


def test_an_old_address_that_another_has_by_now_is_not_taken_from_them(signed_in_browser, person):
    change(signed_in_browser)
    make_person("alice@example.com")
    browser = Browser()
    browser.get(undo_link())

    assert browser.post("/account/email/undo/").status_code == 400
    assert address_of(person) == NEW


def test_only_the_case_can_change(signed_in_browser, person):
    change(signed_in_browser, "Alice@example.com")

    assert address_of(person) == "Alice@example.com"


@pytest.mark.parametrize(
    "email", ["alice@example.com", "alicé@example.com", "аlice@example.com", "no address", ""]
)
def test_the_same_address_or_a_lookalike_is_refused(signed_in_browser, email):
    assert ask(signed_in_browser, email).status_code == 400
    assert not MailedLink.objects.exists()


def test_compatible_forms_are_kept_in_one_form(signed_in_browser, person):
    change(signed_in_browser, "ａｌｉｃｅ@ＮＥＷ.example")

    assert address_of(person) == NEW


def test_requests_are_limited(signed_in_browser):
    answers = [ask(signed_in_browser, f"alice{n}@new.example") for n in range(11)]

    assert [answer.status_code for answer in answers] == [302] * 10 + [429]


def test_every_step_is_in_the_security_log(signed_in_browser, person):
    change(signed_in_browser)
    browser = Browser()
    browser.get(undo_link())
    browser.post("/account/email/undo/")

    kinds = Event.objects.filter(kind__startswith="email.").order_by("id")
    assert list(kinds.values_list("kind", flat=True)) == [
        "email.change_requested",
        "email.changed",
        "email.change_undone",
    ]
    assert not [event for event in kinds if "@" in str(event.details)]


@pytest.mark.parametrize("path", ["/account/email/confirm/", "/account/email/undo/"])
@pytest.mark.parametrize("token", ["", "a", "%00", "%ff%fe", "A" * 5000])
def test_a_token_that_nobody_was_given(signed_in_browser, path, token):
    assert signed_in_browser.get(f"{path}?token={token}", follow=True).status_code == 400


def test_one_purpose_is_no_other(signed_in_browser, person):
    token = links.make(person, MailedLink.Purpose.CHANGE_EMAIL, email=NEW)

    answer = signed_in_browser.get(f"/account/email/undo/?token={token}", follow=True)

    assert answer.status_code == 400


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_confirmations_exactly_one_changes_the_address(person):
    first = Browser()
    flow.sign_in(first, person.email)
    ask(first)
    link = confirm_link()
    browsers = []
    for _ in range(50):
        browser = Browser()
        browser.cookies = first.cookies.copy()
        browsers.append(browser)
    first.get(link)
    left = iter(browsers)

    answers = at_once(lambda: next(left).post("/account/email/confirm/"))

    assert sorted(answer.status_code for answer in answers) == [302] + [400] * 49
    assert Event.objects.filter(kind="email.changed").count() == 1
    assert MailedLink.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_a_change_and_its_undoing_at_once_the_old_address_wins(person):
    browser = Browser()
    flow.sign_in(browser, person.email)
    change(browser)
    owner = Browser()
    owner.get(undo_link())
    ask(browser, "thief@evil.example")
    browser.get(confirm_link())
    left = iter(
        [
            lambda: owner.post("/account/email/undo/"),
            lambda: browser.post("/account/email/confirm/"),
        ]
    )

    at_once(lambda: next(left)(), ways=2)

    assert address_of(person) == "alice@example.com"
    assert not Session.objects.filter(ended_at__isnull=True).exists()
