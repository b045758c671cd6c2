"""The second step of a sign-in by a code that is sent to a telephone (SECURITY C7, D2, H3, H7)."""

import pytest
from django.test import Client as Browser

from mfa.models import AuthenticatorApp, SentCode, TextMessage
from ostiary import throttling
from ostiary.conf import ostiary_settings
from ostiary.models import Event, OutboxMessage
from tests.mfa import flow, texting
from tests.mfa.texting import CHALLENGE, begin, code_in, delivered, wrong

pytestmark = pytest.mark.needs("accounts")


def enter(browser, code):
    return browser.post(CHALLENGE, {"code": code})


def test_the_code_of_the_message_completes_the_sign_in(browser, person, phone):
    code = begin(browser, person, next="/account/profile/")
    assert not flow.is_signed_in(browser)

    assert enter(browser, code).url == "/account/profile/"

    assert browser.session["ostiary.assurance"]["amr"] == ["pwd", "sms", "mfa"]
    phone.refresh_from_db()
    assert phone.last_used_at is not None


def test_the_message_names_the_site_and_ends_with_who_may_fill_the_code_in(browser, person, phone):
    code = begin(browser, person)
    [text] = delivered()
    first, *_, last = text.text.splitlines()
    assert text.to == phone.number
    assert code in first
    assert ostiary_settings.SITE_NAME in first
    assert last == f"@localhost #{code}"


def test_the_page_shows_the_end_of_the_number_only(browser, person, phone):
    begin(browser, person)
    page = browser.get(CHALLENGE).content.decode()
    assert "+49 ••• ••89" in page
    assert 'autocomplete="one-time-code"' in page
    assert phone.number[3:] not in page


@pytest.mark.parametrize("spelling", ["{0} {1}", "{0}-{1}", "{0} {1}\u200b"])
def test_a_code_is_accepted_once_in_every_spelling(browser, person, phone, spelling):
    code = begin(browser, person)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)

    assert enter(browser, spelling.format(wide[:3], code[3:])).status_code == 302

    other = Browser()
    assert flow.show_password(other, person.email).url == CHALLENGE
    for typed in (code, wide, f"{code[:3]} {code[3:]}"):
        assert enter(other, typed).status_code == 400
    assert not flow.is_signed_in(other)


def test_a_wrong_code_counts_and_the_fifth_is_the_last(browser, person, phone):
    code = begin(browser, person)
    for _ in range(4):
        assert "Wrong code" in enter(browser, wrong(code)).content.decode()
    assert "Too many attempts" in enter(browser, wrong(code)).content.decode()
    answer = enter(browser, code)
    assert answer.status_code == 400
    assert "Too many attempts" in answer.content.decode()


def test_a_code_ends_after_ten_minutes(browser, person, phone, clock):
    code = begin(browser, person)
    clock.advance(9 * 60)
    browser.get(CHALLENGE)
    assert len(delivered()) == 1
    SentCode.objects.update(expires_at=clock.now)
    answer = enter(browser, code)
    assert answer.status_code == 400
    assert "has expired" in answer.content.decode()


def test_only_the_newest_code_counts(browser, person, phone, clock, counted_here):
    older = begin(browser, person)
    clock.advance(31)
    assert browser.post(CHALLENGE, {"resend": "1"}).url == CHALLENGE
    newer = code_in(delivered()[-1])
    assert len(delivered()) == 2

    assert older == newer or enter(browser, older).status_code == 400
    assert enter(browser, newer).status_code == 302


def test_another_message_waits_for_half_a_minute_and_the_page_says_how_long(
    browser, person, phone, clock
):
    begin(browser, person)
    clock.advance(10)
    assert "another in 20 seconds" in browser.get(CHALLENGE).content.decode()

    answer = browser.post(CHALLENGE, {"resend": "1"})

    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
    assert len(delivered()) == 1


def test_a_code_counts_in_the_browser_that_asked_and_in_no_other(browser, person, phone, clock):
    code = begin(browser, person)
    other = Browser()
    clock.advance(1)
    begin(other, person)

    assert enter(other, code).status_code == 400
    assert enter(browser, code).status_code == 302


def test_a_code_counts_in_the_sign_in_that_asked_and_not_in_the_next(
    browser, person, phone, other_person, clock
):
    code = begin(browser, person)
    clock.advance(1)
    texting.make_phone(other_person, texting.NEW_NUMBER)
    begin(browser, other_person)
    assert enter(browser, code).status_code == 400

    clock.advance(60)
    flow.show_password(browser, person.email)
    assert enter(browser, code).status_code == 400
    assert not flow.is_signed_in(browser)


def test_the_browser_can_be_trusted_from_then_on(browser, person, phone):
    code = begin(browser, person)
    assert 'name="trust"' in browser.get(CHALLENGE).content.decode()
    browser.post(CHALLENGE, {"code": code, "trust": "on"})
    browser.post("/signout/")
    assert flow.show_password(browser, person.email).url == "/account/"


def test_it_is_not_offered_beside_an_app_and_its_page_does_not_open(browser, person, phone):
    app = AuthenticatorApp.objects.create(
        user=person, key=AuthenticatorApp.new_key(), confirmed=True
    )
    assert flow.show_password(browser, person.email).url == flow.CHALLENGE
    assert CHALLENGE not in browser.get(flow.CHALLENGE).content.decode()
    assert browser.get(CHALLENGE).url == flow.CHALLENGE
    assert not delivered()
    assert flow.enter(browser, flow.code_of(app)).status_code == 302


@pytest.mark.parametrize(
    "off", [{"SMS_BACKEND": ""}, {"SMS_COUNTRIES": []}, {"SMS_COUNTRIES": ["US"]}]
)
def test_where_none_are_sent_the_door_stays_shut_and_the_way_back_in_is_shown(
    browser, person, phone, settings, off
):
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, **off}
    assert flow.show_password(browser, person.email).url == "/recover/second-step/"
    assert browser.get(CHALLENGE).status_code == 302
    assert not delivered()


def test_it_is_off_for_the_members_of_a_group(browser, person, phone, settings):
    person.groups.create(name="Operators")
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, "SMS_EXCLUDED_GROUPS": ["Operators"]}
    assert flow.show_password(browser, person.email).url == "/recover/second-step/"


def test_it_is_off_for_a_client_that_takes_none(browser, person, phone):
    asked = flow.show_password(browser, person.email, acr_values="urn:ostiary:aal2:no-sms")
    assert asked.url == "/recover/second-step/"
    both = "urn:ostiary:aal2:no-sms urn:ostiary:aal2"
    assert flow.show_password(browser, person.email, acr_values=both).url == CHALLENGE


def test_a_message_that_failed_is_told_with_what_to_do(browser, person, phone):
    begin(browser, person)
    TextMessage.objects.update(state=TextMessage.State.FAILED)
    page = browser.get(CHALLENGE).content.decode()
    assert "couldn’t be delivered" in page
    assert "Send another message" in page


def test_wrong_codes_of_all_factors_are_counted_together(browser, person, phone, settings):
    settings.OSTIARY = {
        **settings.OSTIARY,
        "THROTTLES": {"second_factor": {"user": "2/hour", "device": "2/hour"}},
    }
    code = begin(browser, person)
    assert [enter(browser, wrong(code)).status_code for _ in range(3)] == [400, 400, 429]


def test_neither_code_nor_number_stands_in_a_table_a_log_or_an_event(
    browser, person, phone, caplog, clock
):
    code = begin(browser, person)
    enter(browser, wrong(code))
    told = [str(row) for model in (SentCode, TextMessage) for row in model.objects.values()]
    told += [str(row) for row in Event.objects.values()] + [caplog.text]
    told += [str(row) for row in OutboxMessage.objects.values()]
    assert not [text for text in told if code in text or phone.number[3:] in text]


def test_an_expired_pending_sign_in_sends_nothing(browser, person, phone, clock):
    flow.show_password(browser, person.email)
    clock.advance(601)
    assert browser.get(CHALLENGE).url.startswith("/signin/")
    assert not delivered()


def test_a_page_that_is_only_peeked_at_sends_nothing(browser, person, phone):
    flow.show_password(browser, person.email)
    assert browser.head(CHALLENGE).status_code == 200
    assert not delivered()


def test_the_limits_are_spent_by_whoever_has_shown_a_password_only(person, phone, browser):
    for _ in range(3):
        browser.get(CHALLENGE)
    assert throttling.pressure("sms", str(person.pk)) == 0
