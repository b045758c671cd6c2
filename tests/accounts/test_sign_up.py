"""Sign-up: an account exists once its owner has shown that the address is theirs."""

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import PendingRegistration
from ostiary import events
from ostiary.models import Event
from tests.accounts import flow

pytestmark = pytest.mark.django_db

User = get_user_model()


def test_a_person_signs_up_and_is_signed_in_where_they_were_going(browser):
    answer = flow.sign_up(browser, "carol@example.com", name="Carol", next="/account/profile/")

    assert answer["Location"] == "/account/profile/"
    assert flow.is_signed_in(browser)
    carol = User.objects.get()
    assert (carol.email, carol.name) == ("carol@example.com", "Carol")
    assert carol.email_verified_at is not None
    assert carol.check_password(flow.PASSWORD)


def test_there_is_no_account_before_the_address_is_confirmed(browser):
    flow.ask_for_account(browser, "carol@example.com")

    assert not User.objects.exists()
    assert flow.sign_in(Browser(), "carol@example.com").status_code == 400


def test_the_password_is_kept_as_a_hash_and_the_token_too(browser):
    flow.ask_for_account(browser, "carol@example.com")
    token = flow.link_in(flow.delivered()[0]).partition("token=")[2]

    waiting = PendingRegistration.objects.get()
    assert waiting.password.startswith("argon2$argon2id$")
    assert len(token) >= 43
    assert token not in str(PendingRegistration.objects.values())


def test_opening_the_link_confirms_nothing_since_mail_scanners_do_that(browser):
    flow.ask_for_account(browser, "carol@example.com")
    link = flow.link_in(flow.delivered()[0])

    for _ in range(3):
        scanner = Browser()
        assert scanner.head(link).status_code == 302
        assert scanner.get(link, follow=True).status_code == 200

    assert not User.objects.exists()
    browser.get(link)
    assert browser.post("/signup/verify/").status_code == 302
    assert User.objects.exists()


def test_the_token_leaves_the_address_at_the_first_load(browser):
    flow.ask_for_account(browser, "carol@example.com")
    link = flow.link_in(flow.delivered()[0])

    answer = browser.get(link)

    assert answer["Location"] == "/signup/verify/"
    page = browser.get("/signup/verify/").content.decode()
    token = link.partition("token=")[2]
    assert token not in page
    assert token not in str(dict(browser.session))


def test_in_another_browser_the_chosen_password_is_asked_for(browser):
    flow.ask_for_account(browser, "carol@example.com")
    phone = Browser()
    phone.get(flow.link_in(flow.delivered()[0]))

    assert 'name="password"' in phone.get("/signup/verify/").content.decode()
    assert phone.post("/signup/verify/").status_code == 400
    assert phone.post("/signup/verify/", {"password": "a guess of mine"}).status_code == 400
    assert not User.objects.exists()

    assert phone.post("/signup/verify/", {"password": flow.PASSWORD}).status_code == 302
    assert flow.is_signed_in(phone)


def test_a_stranger_who_signs_up_with_my_address_gets_nothing_by_my_click(browser):
    """The pre-hijack (SECURITY H11): their password must never open an account of mine."""
    stranger = Browser()
    flow.ask_for_account(browser, "carol@example.com", password="the one that carol chose")
    own_link = flow.link_in(flow.delivered()[0])
    flow.ask_for_account(stranger, "carol@example.com", password="the one a stranger chose")
    foreign_link = flow.link_in(flow.delivered()[1])

    browser.get(foreign_link)
    assert browser.post("/signup/verify/").status_code == 400
    refused = browser.post("/signup/verify/", {"password": "the one that carol chose"})
    assert refused.status_code == 400
    assert not User.objects.exists()

    browser.get(own_link)
    assert browser.post("/signup/verify/").status_code == 302
    assert User.objects.get().check_password("the one that carol chose")
    stranger.get(foreign_link)
    dead = stranger.post("/signup/verify/", {"password": "the one a stranger chose"})
    assert dead.status_code == 400
    assert not User.objects.get().check_password("the one a stranger chose")


def test_a_link_opened_by_another_signed_in_person_never_attaches(
    browser, signed_in_browser, person
):
    flow.ask_for_account(browser, "carol@example.com")
    signed_in_browser.get(flow.link_in(flow.delivered()[0]))

    page = signed_in_browser.get("/signup/verify/").content.decode()
    assert "You’re signed in as <strong>alice@example.com</strong>" in page
    assert signed_in_browser.post("/signup/verify/").status_code == 400
    signed_in_browser.post("/signup/verify/", {"password": flow.PASSWORD})

    person.refresh_from_db()
    assert person.email == "alice@example.com"
    page = signed_in_browser.get("/account/").content.decode()
    assert "carol@example.com" in page
    assert "alice@example.com" not in page


def test_who_signed_in_after_asking_is_asked_for_the_password_too(browser, person):
    flow.ask_for_account(browser, "carol@example.com")
    flow.sign_in(browser, person.email)
    browser.get(flow.link_in(flow.delivered()[0]))

    assert browser.post("/signup/verify/").status_code == 400


def test_a_link_works_once(browser):
    flow.ask_for_account(browser, "carol@example.com")
    link = flow.link_in(flow.delivered()[0])
    browser.get(link)
    browser.post("/signup/verify/")

    again = Browser().get(link, follow=True)

    assert again.status_code == 400
    assert "no longer works" in again.content.decode()


def test_a_link_is_dead_after_an_hour(browser):
    flow.ask_for_account(browser, "carol@example.com")
    waiting = PendingRegistration.objects.get()
    assert (waiting.expires_at - waiting.created_at).total_seconds() <= 3601
    PendingRegistration.objects.update(expires_at=timezone.now())

    answer = browser.get(flow.link_in(flow.delivered()[0]), follow=True)

    assert answer.status_code == 400


def test_an_address_that_got_an_account_meanwhile_is_refused_and_not_a_500(browser, person):
    PendingRegistration.objects.all().delete()
    flow.ask_for_account(browser, "carol@example.com")
    browser.get(flow.link_in(flow.delivered()[0]))
    User.objects.create_user("CAROL@example.com", flow.NEW_PASSWORD)

    assert browser.post("/signup/verify/").status_code == 400
    assert User.objects.filter(email__iexact="carol@example.com").count() == 1


def test_the_owner_of_a_known_address_is_told_by_mail_alone(browser, person):
    flow.ask_for_account(browser, "ALICE@example.com", password="another long passphrase")

    message = flow.delivered()[0]
    assert message.to == ["alice@example.com"]
    assert "it already has one" in message.body
    person.refresh_from_db()
    assert person.check_password(flow.PASSWORD)


def test_a_wrong_form_keeps_what_was_typed_but_the_password(browser):
    answer = flow.ask_for_account(browser, "carol@example.com", name="Carol", password="short")

    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'value="Carol"' in page
    assert 'value="carol@example.com"' in page
    assert 'value="short"' not in page
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_password_helptext id_password_error"' in page
    assert flow.delivered() == []


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"]
)
def test_a_foreign_next_is_dropped(browser, wanted):
    answer = flow.sign_up(browser, "carol@example.com", next=wanted)

    assert answer["Location"] == "/account/"


def test_too_many_sign_ups_for_one_address_are_refused(browser):
    answers = [flow.ask_for_account(Browser(), "carol@example.com") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert len(flow.delivered()) == 5


def test_what_happened_is_in_the_security_log(browser):
    flow.sign_up(browser, "carol@example.com")

    assert list(Event.objects.order_by("id").values_list("kind", flat=True)) == [
        "signup.requested",
        "signup.verified",
        "signin.succeeded",
    ]
    assert events.of(User.objects.get()).count() == 2
    assert mail.outbox[0].subject == "Confirm your email address for Ostiary"
