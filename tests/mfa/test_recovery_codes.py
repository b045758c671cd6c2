"""Recovery codes (SECURITY D3, H3)."""

import re

import pytest
from django.core import mail
from django.test import Client as Browser

from mfa.models import AuthenticatorApp, RecoveryCode, RecoveryCodes
from mfa.models.recovery_code import ALPHABET
from ostiary import outbox
from ostiary.models import Event
from tests.mfa import flow
from tests.parallel import at_once

pytestmark = pytest.mark.needs("accounts")

PAGE = "/account/security/recovery-codes/"
CHALLENGE = "/signin/second-step/recovery-code/"


@pytest.fixture
def codes(app):
    """Alice's recovery codes, beside her authenticator app."""
    return RecoveryCodes.replace(app.user)


@pytest.fixture
def at_second_step(browser, person, codes):
    """A browser in which Alice has shown her password."""
    flow.show_password(browser, person.email)
    return browser


def enter(browser, code):
    return browser.post(CHALLENGE, {"code": code})


def told_to(person):
    while outbox.deliver_due():
        pass
    return [message.body for message in mail.outbox if person.email in message.to]


def test_d3_ten_codes_of_eighty_bits_are_kept_by_keyed_hashes(codes):
    assert len(set(codes)) == 10
    for code in codes:
        assert re.fullmatch(rf"([{ALPHABET}]{{4}}-){{3}}[{ALPHABET}]{{4}}", code)
        kept = RecoveryCode.objects.values_list("code_hash", flat=True)
        assert not any(code.replace("-", "") in each.upper() for each in kept)
    assert len(RecoveryCodes.objects.get().key) == 32


def test_a_code_completes_the_sign_in_and_the_person_is_told(at_second_step, person, codes):
    answer = enter(at_second_step, codes[0])
    assert answer.url == "/account/"
    assert at_second_step.session["ostiary.assurance"]["amr"] == ["pwd", "otp", "mfa"]
    assert "9 backup codes left" in at_second_step.get("/account/").content.decode()
    assert any("Codes left: 9" in text for text in told_to(person))
    assert Event.objects.get(kind="recovery_code.used").details == {"left": 9}


def test_d3_a_code_is_good_once(at_second_step, person, codes):
    enter(at_second_step, codes[0])
    another = Browser()
    flow.show_password(another, person.email)
    assert enter(another, codes[0]).status_code == 400
    assert enter(another, codes[1]).status_code == 302


@pytest.mark.parametrize(
    "spell",
    [
        str.lower,
        lambda code: code.replace("-", " "),
        lambda code: code.replace("0", "O").replace("1", "l"),
        lambda code: "".join(chr(ord(c) + 0xFEE0) if c != "-" else "\u2013" for c in code),
    ],
)
def test_h3_every_spelling_is_the_same_code_and_used_up_by_the_first(
    at_second_step, person, codes, spell
):
    assert enter(at_second_step, spell(codes[0])).status_code == 302
    another = Browser()
    flow.show_password(another, person.email)
    assert enter(another, codes[0]).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_d3_of_20_parallel_uses_of_one_code_one_is_let_in(person, codes):
    browsers = [Browser() for _ in range(20)]
    for browser in browsers:
        flow.show_password(browser, person.email)
    left = iter(browsers)
    answers = at_once(lambda: enter(next(left), codes[0]).status_code, 20)
    assert answers.count(302) == 1
    assert set(answers) <= {302, 400, 429}
    assert RecoveryCode.objects.count() == 9


def test_wrong_codes_are_counted_with_those_of_all_other_factors(at_second_step, codes):
    statuses = [enter(at_second_step, "AAAA-AAAA-AAAA-AAAA").status_code for _ in range(10)]
    assert statuses == [400] * 10
    assert enter(at_second_step, codes[0]).status_code == 429


def test_d3_of_fewer_than_three_the_person_is_warned(browser, app, codes):
    RecoveryCode.objects.filter(pk__in=RecoveryCode.objects.values("pk")[:7]).delete()
    flow.sign_in(browser, app)
    assert "3 of 10 codes left" in browser.get("/account/security/").content.decode()
    RecoveryCode.objects.first().delete()
    assert (
        "2 of 10 codes left. Create new codes."
        in browser.get("/account/security/").content.decode()
    )


def test_d3_a_new_set_takes_the_place_of_the_old_one_and_is_shown_once(browser, app, codes):
    flow.sign_in(browser, app)
    assert not any(code in browser.get(PAGE).content.decode() for code in codes)
    page = browser.post(PAGE).content.decode()
    new = re.findall(r"<code>([^<]+)</code>", page)
    assert len(new) == 10
    assert not set(new) & set(codes)
    assert new[0] not in browser.get(PAGE).content.decode()
    kept = RecoveryCodes.objects.get()
    assert kept.accepts(new[0])
    assert not kept.accepts(codes[0])
    assert any("New backup codes" in text for text in told_to(app.user))


def test_d3_the_codes_can_be_downloaded_and_nothing_else(browser, app):
    flow.sign_in(browser, app)
    page = browser.post(PAGE).content.decode()
    new = re.findall(r"<code>([^<]+)</code>", page)
    sent = {"codes": " ".join([*new, "<script>", "AAAA-AAAA-AAAA-AAAA"])}
    answer = browser.post(f"{PAGE}download/", sent)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="recovery-codes.txt"'
    text = answer.content.decode()
    assert all(code in text for code in new)
    assert "script" not in text
    assert "AAAA" not in text
    assert "no-store" in answer["Cache-Control"]


def test_making_codes_takes_both_factors(browser, app):
    """A session that was begun before there was a second factor is one by one factor."""
    browser.force_login(app.user)
    answer = browser.post(PAGE)
    assert answer.status_code == 302
    assert "acr_values" in answer.url
    assert not RecoveryCodes.objects.exists()


def test_without_another_factor_there_are_none_and_the_page_says_why(browser, person):
    browser.force_login(person)
    page = browser.get(PAGE).content.decode()
    assert "Set up a method first" in page
    assert "Create codes" not in page
    assert browser.post(PAGE).status_code == 200
    assert not RecoveryCodes.objects.exists()


def test_they_go_with_the_last_factor(browser, app, codes):
    flow.sign_in(browser, app)
    browser.post(f"/account/security/app/{app.pk}/remove/", {"password": flow.PASSWORD})
    assert not AuthenticatorApp.objects.exists()
    assert not RecoveryCodes.objects.exists()
    assert not RecoveryCode.objects.exists()


def test_to_django_otp_the_set_is_a_device(person, codes):
    from django_otp import devices_for_user, verify_token

    [found] = [device for device in devices_for_user(person) if isinstance(device, RecoveryCodes)]
    assert verify_token(person, found.persistent_id, codes[0]) == found
    assert verify_token(person, found.persistent_id, codes[0]) is None


def test_a_rotation_of_keys_leaves_the_codes_good(person, codes, settings):
    from base64 import urlsafe_b64encode

    from django.core.management import call_command

    old = settings.OSTIARY["FIELD_ENCRYPTION_KEYS"]
    new = urlsafe_b64encode(b"\x07" + bytes(range(100, 131))).decode()
    settings.OSTIARY = {**settings.OSTIARY, "FIELD_ENCRYPTION_KEYS": [new, *old]}
    call_command("rotate_field_keys")
    settings.OSTIARY = {**settings.OSTIARY, "FIELD_ENCRYPTION_KEYS": [new]}
    assert RecoveryCodes.objects.get().accepts(codes[0])
