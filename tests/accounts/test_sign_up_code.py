"""The code of the verification mail: typed into the page, and the browser, that asked for it."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from accounts import codes
from accounts.models import PendingRegistration
from ostiary import events
from ostiary.models import Event
from tests.accounts import flow
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

User = get_user_model()
CAROL = "carol@example.com"


def ask(browser, email=CAROL, **fields):
    """Ask for an account; returns the address of the page that waits for the code."""
    return flow.ask_for_account(browser, email, **fields)["Location"]


def test_who_has_an_account_already_finds_the_way_to_sign_in(browser):
    page = browser.get(ask(browser, next="/account/sessions/")).content.decode()

    assert 'href="/signin/?next=%2Faccount%2Fsessions%2F">Already have an account? Sign in' in page


def newest_code():
    return flow.code_in(flow.delivered()[-1])


def let_the_cool_down_pass():
    PendingRegistration.objects.update(sent_at=timezone.now() - timedelta(seconds=61))


def test_a_person_types_the_code_and_is_signed_in_where_they_were_going(browser):
    page = ask(browser, name="Carol", next="/account/profile/")

    answer = browser.post(page, {"code": newest_code()})

    assert answer["Location"] == "/account/profile/"
    assert flow.is_signed_in(browser)
    carol = User.objects.get()
    assert (carol.email, carol.name) == (CAROL, "Carol")
    assert carol.email_verified_at is not None
    assert carol.check_password(flow.PASSWORD)


@pytest.mark.parametrize(
    "spelling",
    [
        lambda code: code.replace(" ", ""),
        lambda code: code.replace(" ", "-"),
        lambda code: f"  {code}\N{NO-BREAK SPACE}",
        lambda code: code.translate({ord("0") + n: 0xFF10 + n for n in range(10)}),
        lambda code: code.translate({ord("0") + n: 0x0660 + n for n in range(10)}),
    ],
    ids=["joined", "dash", "spaces", "full-width", "arabic"],
)
def test_a_code_may_be_typed_as_people_type(browser, spelling):
    page = ask(browser)

    assert browser.post(page, {"code": spelling(newest_code())}).status_code == 302
    assert User.objects.exists()


@pytest.mark.parametrize("code", ["", "0000", "no code", "00000000\x00", "٣", "²" * 8, "0" * 5000])
def test_what_is_no_code_is_an_error_at_the_field_and_never_a_500(browser, code):
    page = ask(browser)

    answer = browser.post(page, {"code": code})

    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not User.objects.exists()


def test_a_code_counts_in_the_browser_that_asked_alone(browser):
    page = ask(browser)
    code = newest_code()

    assert Browser().post(page, {"code": code}).status_code == 400
    assert Browser().get(page).status_code == 400
    assert not User.objects.exists()


def test_the_code_of_another_sign_up_is_wrong(browser):
    mine = ask(browser)
    ask(Browser(), "dave@example.com")

    assert browser.post(mine, {"code": newest_code()}).status_code == 400
    assert not User.objects.exists()


def test_a_code_is_kept_as_a_keyed_hash(browser):
    ask(browser)
    code = codes.normal(newest_code())

    waiting = PendingRegistration.objects.get()
    assert len(code) == 8
    assert code not in str(PendingRegistration.objects.values())
    assert waiting.code_hash == codes.code_hash("signup", waiting.pk, code)
    assert waiting.code_hash != codes.code_hash("another purpose", waiting.pk, code)


def test_after_five_wrong_codes_the_right_one_is_refused_too_and_the_link_works_still(browser):
    page = ask(browser)
    code = newest_code()
    for _ in range(codes.MOST_TRIES):
        assert browser.post(page, {"code": "00000000"}).status_code == 400

    answer = browser.post(page, {"code": code})

    assert answer.status_code == 400
    assert "Too many wrong codes" in answer.content.decode()
    assert not User.objects.exists()
    browser.get(flow.link_in(flow.delivered()[-1]))
    assert browser.post("/signup/verify/").status_code == 302


def test_codes_are_throttled_by_network(browser, settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"signup_code": {"ip": "3/hour"}}}
    page = ask(browser)

    answers = [browser.post(page, {"code": "00000000"}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [400] * 3 + [429]


def test_a_code_is_dead_after_an_hour(browser):
    page = ask(browser)
    PendingRegistration.objects.update(expires_at=timezone.now())

    answer = browser.post(page, {"code": newest_code()})

    assert answer.status_code == 400
    assert "create the account again" in answer.content.decode()
    assert not User.objects.exists()


def test_no_code_fits_where_there_is_an_account(browser, person):
    page = ask(browser, person.email)

    assert PendingRegistration.objects.get().code_hash == ""
    for code in ("", "00000000"):
        assert browser.post(page, {"code": code}).status_code == 400
    assert User.objects.count() == 1


def test_who_signed_in_after_asking_is_asked_for_the_password_too(browser, person):
    page = ask(browser)
    code = newest_code()
    flow.sign_in(browser, person.email)

    shown = browser.get(page).content.decode()
    assert "You’re signed in as <strong>alice@example.com</strong>" in shown
    assert browser.post(page, {"code": code}).status_code == 400
    assert not User.objects.filter(email=CAROL).exists()
    assert browser.post(page, {"code": code, "password": flow.PASSWORD}).status_code == 302
    assert CAROL in browser.get("/account/").content.decode()


# --- another message ---------------------------------------------------------------------------


def test_another_message_brings_a_code_and_a_link_that_take_the_place_of_the_first(browser):
    page = ask(browser)
    first_code, first_link = newest_code(), flow.link_in(flow.delivered()[-1])
    let_the_cool_down_pass()

    answer = browser.post(page, {"resend": "1"})

    assert answer["Location"] == page
    assert "We’ve sent a new email." in browser.get(page).content.decode()
    assert len(flow.delivered()) == 2
    assert first_code != newest_code()
    assert Browser().get(first_link, follow=True).status_code == 400
    assert browser.post(page, {"code": first_code}).status_code == 400
    assert browser.post(page, {"code": newest_code()}).status_code == 302


def test_another_message_gives_five_more_tries(browser):
    page = ask(browser)
    for _ in range(codes.MOST_TRIES):
        browser.post(page, {"code": "00000000"})
    let_the_cool_down_pass()
    browser.post(page, {"resend": "1"})

    assert browser.post(page, {"code": newest_code()}).status_code == 302


def test_another_message_has_to_wait_a_minute(browser):
    page = ask(browser)

    browser.post(page, {"resend": "1"})

    assert "Wait a minute" in browser.get(page).content.decode()
    assert len(flow.delivered()) == 1


def test_messages_to_one_address_are_throttled(browser):
    page = ask(browser)
    answers = []
    for _ in range(5):
        let_the_cool_down_pass()
        answers.append(browser.post(page, {"resend": "1"}).status_code)

    assert answers == [302] * 4 + [429]
    assert len(flow.delivered()) == 5


def test_who_has_an_account_is_told_so_again_and_the_page_says_the_same(browser, person):
    pages = {email: ask(browser, email) for email in (person.email, CAROL)}
    let_the_cool_down_pass()
    said = set()
    for email, page in pages.items():
        browser.post(page, {"resend": "1"})
        shown = browser.get(page).content.decode()
        said.add(shown[shown.index("<main") :].partition("<form")[0].replace(email, "ADDRESS"))

    assert len(said) == 1
    told = [message.to for message in flow.delivered()]
    assert told == [[person.email], [CAROL]] * 2


@pytest.mark.parametrize("form", [{"resend": "1"}, {"code": "00000000"}])
def test_what_is_sent_to_the_page_costs_the_same_whoever_has_an_account(person, form):
    """C1: the same answer, by the same statements."""
    events.record("signup.requested", personal={"email": "first@example.com"})
    seen = []
    for email in (person.email, CAROL):
        browser = Browser()
        page = ask(browser, email)
        let_the_cool_down_pass()
        with flow.statements() as statements:
            answer = browser.post(page, form)
        headers = {name: value.replace(page, "PAGE") for name, value in answer.items()}
        for by_chance in ("X-Request-ID", "Expires", "Content-Length"):
            headers.pop(by_chance, None)
        seen.append((answer.status_code, headers, statements))

    assert seen[0] == seen[1]


def test_a_live_code_is_in_no_answer_session_event_or_row(browser):
    """H9: the mail alone has it."""
    page = ask(browser)
    code = newest_code()
    browser.post(page, {"code": "00000000"})

    everywhere = browser.get(page).content.decode() + str(dict(browser.session))
    with connection.cursor() as cursor:
        for table in ("ostiary_event", "ostiary_outboxmessage", "django_session"):
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
            everywhere += str(cursor.fetchall())
    for spelling in (code, codes.normal(code)):
        assert spelling not in everywhere


@pytest.mark.django_db(transaction=True)
def test_of_parallel_requests_for_another_message_one_is_sent():
    browser = Browser()
    page = ask(browser)
    let_the_cool_down_pass()

    def resend():
        tab = Browser()
        tab.cookies.update(browser.cookies)
        return tab.post(page, {"resend": "1"})

    answers = at_once(resend, ways=10)

    assert {answer.status_code for answer in answers} <= {302, 429}
    assert len(flow.delivered()) == 2
    assert browser.post(page, {"code": newest_code()}).status_code == 302


# --- tabs, devices, and where the person was going ----------------------------------------------


def test_two_tabs_at_once_keep_their_sign_ups_apart(browser):
    first = ask(browser, CAROL, next="/account/profile/")
    first_code = newest_code()
    second = ask(browser, "dave@example.com", next="/account/security/")

    assert CAROL in browser.get(first).content.decode()
    assert "dave@example.com" in browser.get(second).content.decode()
    assert browser.post(second, {"code": first_code}).status_code == 400
    assert browser.post(first, {"code": first_code})["Location"] == "/account/profile/"


def test_the_waiting_tab_goes_on_once_the_link_was_opened_in_another(browser):
    page = ask(browser, next="/account/profile/")
    browser.get(flow.link_in(flow.delivered()[-1]))
    browser.post("/signup/verify/")

    assert browser.get(page)["Location"] == "/account/profile/"


def test_the_waiting_page_leads_on_by_sign_in_once_another_device_has_confirmed(browser):
    going = "/account/profile/?a=1&b=2"
    page = ask(browser, next=going)
    phone = Browser()
    phone.get(flow.link_in(flow.delivered()[-1]))
    assert phone.post("/signup/verify/", {"password": flow.PASSWORD})["Location"] == going

    shown = browser.get(page)

    assert shown.status_code == 400
    assert f'href="/signin/?next={quote(going, safe="")}"' in shown.content.decode()


def test_the_link_in_another_browser_leads_where_the_person_was_going(browser):
    ask(browser, next="/account/profile/")
    phone = Browser()
    phone.get(flow.link_in(flow.delivered()[-1]))

    answer = phone.post("/signup/verify/", {"password": flow.PASSWORD})

    assert answer["Location"] == "/account/profile/"


def test_who_has_an_account_finds_the_way_on_in_the_mail(browser, person):
    ask(browser, person.email, next="/account/profile/?a=1&b=2")

    link = flow.link_in(flow.delivered()[-1])
    answer = Browser().post(link, {"identifier": person.email, "password": flow.PASSWORD})

    assert link == f"/signin/?next={quote('/account/profile/?a=1&b=2', safe='')}"
    assert answer["Location"] == "/account/profile/?a=1&b=2"


def test_a_wrong_address_is_corrected_without_typing_all_again(browser):
    page = ask(browser, "carol@example.con", name="Carol", next="/account/profile/")
    shown = browser.get(page).content.decode()
    correct = f"/signup/?correct={page.split('/')[3]}&next=%2Faccount%2Fprofile%2F"
    assert correct.replace("&", "&amp;") in shown

    form = browser.get(correct).content.decode()
    assert 'value="carol@example.con"' in form
    assert 'value="Carol"' in form
    assert 'name="next" value="/account/profile/"' in form
    right = ask(browser, name="Carol", next="/account/profile/")

    assert browser.post(right, {"code": newest_code()})["Location"] == "/account/profile/"


def test_nobody_else_reads_what_was_typed(browser):
    key = ask(browser).split("/")[3]

    assert CAROL not in Browser().get(f"/signup/?correct={key}").content.decode()
    for nonsense in ("x", "\x00", key[:-1] + "x"):
        assert browser.get("/signup/", {"correct": nonsense}).status_code == 200


def test_a_browser_remembers_its_newest_sign_ups(browser):
    pages = [ask(browser, f"carol{number}@example.com") for number in range(6)]

    assert browser.get(pages[0]).status_code == 400
    assert [browser.get(page).status_code for page in pages[1:]] == [200] * 5


# --- many at once -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_50_parallel_guesses_spend_five_tries():
    browser = Browser()
    page = ask(browser)
    code = newest_code()

    def guess():
        tab = Browser()
        tab.cookies.update(browser.cookies)
        return tab.post(page, {"code": "00000000"})

    answers = at_once(guess)

    said = [answer.content.decode() for answer in answers]
    assert sum("Wrong code." in page for page in said) == codes.MOST_TRIES
    assert sum("Too many wrong codes" in page for page in said) == 50 - codes.MOST_TRIES
    assert browser.post(page, {"code": code}).status_code == 400
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_parallel_confirmations_by_code_and_link_exactly_one_makes_the_account():
    asking = Browser()
    page = ask(asking)
    code, link = newest_code(), flow.link_in(flow.delivered()[-1])
    phones = [Browser() for _ in range(5)]
    for phone in phones:
        phone.get(link)
    tabs = []
    for _ in range(5):
        tabs.append(Browser())
        tabs[-1].cookies.update(asking.cookies)
    ways = iter(
        [lambda tab=tab: tab.post(page, {"code": code}) for tab in tabs]
        + [
            lambda phone=phone: phone.post("/signup/verify/", {"password": flow.PASSWORD})
            for phone in phones
        ]
    )

    answers = at_once(lambda: next(ways)(), ways=10)

    assert User.objects.count() == 1
    assert Event.objects.filter(kind="signup.verified").count() == 1
    assert sum(answer.status_code == 302 for answer in answers) >= 1
    assert all(answer.status_code in (302, 400) for answer in answers)
