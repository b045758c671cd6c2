"""The device authorization grant (RFC 8628; SECURITY B8)."""

import io
import re
from datetime import timedelta

import pytest
import segno
from django.test import Client as Browser
from django.utils import timezone

from oauth import cleanup, device_authorization, jwk
from oauth.models import Consent, DeviceGrant, Grant, RefreshToken
from ostiary.models import Event
from tests.oauth import flow
from tests.oauth.assertions import make_proof, new_key, public_jwk
from tests.oauth.conftest import API, make_client
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

DEVICE = "/oauth/device"
START = "/oauth/device_authorization"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def television(db):
    """A public client on a device without a browser."""
    return make_client(
        name="Television",
        client_type="public",
        grant_types=[GRANT_TYPE, "refresh_token"],
        scopes=["openid", "profile", "offline_access", "api:read"],
        audiences=[API],
    )


def start(client, **params):
    answer = flow.post_as(client, START, {"scope": "openid api:read", **params})
    assert answer.status_code == 200, answer.content
    return answer.json()


def poll(client, started):
    return flow.post_token(client, grant_type=GRANT_TYPE, device_code=started["device_code"])


def page_for(browser, user_code):
    return browser.get(DEVICE, {"user_code": user_code})


def decide(browser, user_code, decision):
    page = flow.page_of(page_for(browser, user_code))
    return browser.post(DEVICE, {"user_code": user_code, "page": page, "decision": decision})


def error_of(answer):
    assert answer.status_code == 400
    return answer.json()["error"]


# --- the device asks ------------------------------------------------------------------------------


def test_the_answer_has_what_the_device_shows(television):
    started = start(television)

    assert started["verification_uri"] == "http://localhost:8000/oauth/device"
    assert started["verification_uri_complete"].endswith(f"?user_code={started['user_code']}")
    assert started["expires_in"] == 600
    assert started["interval"] == 5


def test_b8_a_user_code_has_at_least_20_bits():
    letters, length = device_authorization.ALPHABET, device_authorization.LENGTH

    assert len(set(letters)) ** length >= 2**20
    assert not set(letters) & set("AEIOUY0123456789")


def test_both_codes_are_kept_hashed(television):
    started = start(television)

    row = DeviceGrant.objects.values().get()
    for code in (started["device_code"], started["user_code"], started["user_code"][:4]):
        assert code not in str(row)


@pytest.mark.parametrize("scope", ["nonsense", "email nonsense"])
def test_scopes_of_which_none_is_for_the_client_are_refused(television, scope):
    answer = flow.post_as(television, START, {"scope": scope})

    assert error_of(answer) == "invalid_scope"


def test_another_clients_resource_is_refused(television):
    answer = flow.post_as(television, START, {"scope": "openid", "resource": "https://x.example/"})

    assert error_of(answer) == "invalid_target"


def test_a_client_without_the_grant_type_is_refused(public_client):
    answer = flow.post_as(public_client, START, {"scope": "openid"})

    assert error_of(answer) == "unauthorized_client"


def test_an_unknown_client_is_refused_and_nothing_is_kept():
    answer = flow.post_form(START, {"client_id": "unknown", "scope": "openid"})

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer["Cache-Control"] == "no-store"
    assert not DeviceGrant.objects.exists()


def test_asking_is_by_post_alone():
    assert Browser().get(START).status_code == 405


def test_asking_without_end_is_throttled(television, settings):
    settings.OSTIARY = {
        **settings.OSTIARY,
        "THROTTLES": {"device_authorization": {"ip": "1/hour"}},
    }
    start(television)

    answer = flow.post_as(television, START, {"scope": "openid"})

    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


# --- the person decides ---------------------------------------------------------------------------


def test_the_page_asks_to_sign_in_first_and_keeps_the_code(television):
    started = start(television)

    response = page_for(Browser(), started["user_code"])

    assert response.status_code == 302
    assert started["user_code"] in response["Location"]


def test_b8_the_page_shows_which_client_and_asks_to_confirm(television, signed_in_browser):
    started = start(television)

    page = page_for(signed_in_browser, started["user_code"])

    text = page.content.decode()
    for shown in ("Television", started["user_code"], "api:read", "127.0.0.1"):
        assert shown in text
    assert error_of(poll(television, started)) == "authorization_pending"


def test_b8_the_code_is_case_and_dash_insensitive(television, signed_in_browser):
    code = start(television)["user_code"]

    for typed in (
        code.lower(),
        code.replace("-", ""),
        f" {code.replace('-', ' ')} ",
        *(code.replace("-", dash) for dash in "–—‑‐−・_.\t\u00a0\u3000"),
        "".join(chr(ord(char) + 0xFEE0) for char in code),  # full width
        f"\u200f{code}\u200b",
    ):
        assert b"Television" in page_for(signed_in_browser, typed).content


@pytest.mark.parametrize("typed", ["BCDF-GHJK", "x", "\x00", "ÄÖÜß-ÄÖÜß", "B" * 500])
def test_a_wrong_code_is_told_at_the_field(signed_in_browser, typed):
    response = page_for(signed_in_browser, typed)

    assert response.status_code == 400
    page = response.content.decode()
    assert page.count("<li>Wrong code.") == 1
    [field] = re.findall(r'<input[^>]* name="user_code"[^>]*>', page)
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="user_code_helptext user_code_error"' in field
    assert page.count("autofocus") == 1
    assert "autofocus" in field


def test_the_page_opens_at_the_code_and_leads_on_from_its_end(television, signed_in_browser):
    page = signed_in_browser.get("/oauth/device").content.decode()
    assert re.search(r'<input[^>]* name="user_code"[^>]* autofocus', page)

    done = decide(signed_in_browser, start(television)["user_code"], "allow").content.decode()

    assert 'href="/account/applications/"' in done


def test_b8_wrong_codes_are_throttled_and_right_ones_are_not(
    television, signed_in_browser, settings
):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"user_code": {"user": "2/hour"}}}
    code = start(television)["user_code"]

    for _ in range(3):
        assert page_for(signed_in_browser, code).status_code == 200
    for _ in range(2):
        assert page_for(signed_in_browser, "BCDF-GHJK").status_code == 400
    refused = page_for(signed_in_browser, code)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


def test_a_decision_that_no_page_asked_for_decides_nothing(
    television, signed_in_browser, other_person
):
    started = start(television)
    other = Browser()
    other.force_login(other_person)
    page = flow.page_of(page_for(other, started["user_code"]))

    for key in ("", "forged", page):
        signed_in_browser.post(
            DEVICE, {"user_code": started["user_code"], "page": key, "decision": "allow"}
        )

    assert error_of(poll(television, started)) in ("authorization_pending", "slow_down")


def test_the_decision_needs_a_csrf_token(television, person):
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(person)

    assert browser.post(DEVICE, {"user_code": "BCDF-GHJK"}).status_code == 403


def test_a_client_that_requires_more_assurance_gets_no_decision(television, signed_in_browser):
    television.required_acr = "urn:ostiary:aal2"
    television.save()
    started = start(television)

    page = page_for(signed_in_browser, started["user_code"])

    assert b'name="decision"' not in page.content
    assert b"acr" in page.content


def test_a_decision_is_remembered_and_told(television, signed_in_browser, person):
    started = start(television)

    decide(signed_in_browser, started["user_code"], "allow")

    assert Consent.objects.get(user=person).scopes == ["api:read", "openid"]
    assert Event.objects.filter(kind="device.allowed").count() == 1
    assert b"Television" in signed_in_browser.get("/account/applications/").content


# --- the device polls -----------------------------------------------------------------------------


def test_an_allowed_device_gets_tokens_of_the_person(television, signed_in_browser, person):
    started = start(television, resource=API)
    decide(signed_in_browser, started["user_code"], "allow")

    answer = poll(television, started)

    tokens = answer.json()
    assert answer.status_code == 200
    assert tokens["scope"] == "openid api:read"
    assert flow.userinfo(tokens["access_token"]).json()["sub"]
    assert API in flow.said_by(tokens["access_token"])["aud"]
    assert flow.said_by(tokens["id_token"])["aud"] == television.client_id
    assert flow.refresh(television, tokens["refresh_token"]).status_code == 200


def test_b8_polling_too_fast_is_told_to_slow_down_more_each_time(television):
    started = start(television)

    assert error_of(poll(television, started)) == "authorization_pending"
    assert error_of(poll(television, started)) == "slow_down"
    assert DeviceGrant.objects.get().interval == 10
    DeviceGrant.objects.update(last_polled_at=timezone.now() - timedelta(seconds=11))
    assert error_of(poll(television, started)) == "authorization_pending"


def test_b8_a_denied_device_is_told(television, signed_in_browser):
    started = start(television)
    decide(signed_in_browser, started["user_code"], "deny")

    assert error_of(poll(television, started)) == "access_denied"
    assert not Grant.objects.exists()
    assert page_for(signed_in_browser, started["user_code"]).status_code == 400


def test_b8_an_expired_code_is_told_and_can_no_longer_be_allowed(television, signed_in_browser):
    started = start(television)
    DeviceGrant.objects.update(expires=timezone.now())

    assert error_of(poll(television, started)) == "expired_token"
    assert page_for(signed_in_browser, started["user_code"]).status_code == 400


def test_b8_a_device_code_is_single_use(television, signed_in_browser):
    started = start(television)
    decide(signed_in_browser, started["user_code"], "allow")
    poll(television, started)

    assert error_of(poll(television, started)) == "invalid_grant"


def test_b8_polling_by_another_client_is_refused(television, signed_in_browser):
    started = start(television)
    decide(signed_in_browser, started["user_code"], "allow")
    other = make_client(name="Other", client_type="public", grant_types=[GRANT_TYPE])

    assert error_of(poll(other, started)) == "invalid_grant"
    assert poll(television, started).status_code == 200


def test_a_poll_without_a_code_is_refused(television):
    assert error_of(flow.post_token(television, grant_type=GRANT_TYPE)) == "invalid_request"


def test_a_device_code_is_no_authorization_code(television, signed_in_browser):
    television.grant_types = [GRANT_TYPE, "authorization_code"]
    television.save()
    started = start(television)
    decide(signed_in_browser, started["user_code"], "allow")

    answer = flow.post_token(
        television, grant_type="authorization_code", code=started["device_code"]
    )

    assert error_of(answer) == "invalid_grant"


def test_a_disabled_person_gives_a_device_nothing(television, signed_in_browser, person):
    started = start(television)
    decide(signed_in_browser, started["user_code"], "allow")
    person.is_active = False
    person.save()

    assert error_of(poll(television, started)) == "invalid_grant"


def test_a_pending_poll_takes_three_statements(television, django_assert_max_num_queries):
    started = start(television)

    with django_assert_max_num_queries(3):
        poll(television, started)


def test_clean_up_removes_what_has_expired_and_leaves_the_family(television, signed_in_browser):
    started = start(television)
    decide(signed_in_browser, started["user_code"], "allow")
    tokens = poll(television, started).json()
    assert cleanup.remove_device_grants() == 0
    DeviceGrant.objects.update(expires=timezone.now() - timedelta(seconds=1))

    assert cleanup.remove_device_grants() == 1
    assert flow.refresh(television, tokens["refresh_token"]).status_code == 200


# --- at once --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_polls_of_an_allowed_device_one_gets_tokens(television, signed_in_browser):
    started = start(television)
    decide(signed_in_browser, started["user_code"], "allow")

    answers = at_once(lambda: poll(television, started))

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert {error_of(a) for a in answers if a.status_code != 200} == {"invalid_grant"}
    assert RefreshToken.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_parallel_decisions_the_first_stands(television, signed_in_browser):
    started = start(television)
    page = flow.page_of(page_for(signed_in_browser, started["user_code"]))
    cookies, decisions = signed_in_browser.cookies, iter(["allow", "deny"] * 5)

    def decide_once():
        browser = Browser()
        browser.cookies = cookies
        return browser.post(
            DEVICE,
            {"user_code": started["user_code"], "page": page, "decision": next(decisions)},
        ).status_code

    assert at_once(decide_once, ways=10).count(200) == 1
    assert Event.objects.filter(kind__startswith="device.").count() == 1
    assert Grant.objects.count() <= 1


# --- the QR code ----------------------------------------------------------------------------------


def test_the_qr_code_is_the_address_with_the_code_in_it(television):
    told = start(television)

    answer = Browser().get("/oauth/device/qr", {"user_code": told["user_code"]})

    expected = io.BytesIO()
    segno.make(told["verification_uri_complete"], micro=False, error="m").save(
        expected, kind="svg", scale=8, light="#fff"
    )
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer.content == expected.getvalue()
    assert b'xmlns="http://www.w3.org/2000/svg"' in answer.content
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "no-store" in answer["Cache-Control"]


def test_the_qr_code_tells_nobody_whether_there_is_such_a_code(django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = Browser().get("/oauth/device/qr", {"user_code": "bcdf-ghjk"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "wrong", ["", "BCDF", "BCDF-GHJA", "<svg/onload=x>", "BCDFGHJK\x00", "é" * 8]
)
def test_the_qr_code_is_of_nothing_else(wrong):
    assert Browser().get("/oauth/device/qr", {"user_code": wrong}).status_code == 400


# --- with a key of the device ---------------------------------------------------------------------


def with_proof(client, proof, **params):
    return flow.post_form(flow.TOKEN, {"client_id": client.client_id, **params}, dpop=proof)


def test_tokens_of_a_device_are_bound_to_its_key_at_every_refresh(television, signed_in_browser):
    """The proof comes with the poll (RFC 9449 §5, RFC 8628 §3.4)."""
    key, started = new_key(), start(television)
    bound = {"jkt": jwk.thumbprint(public_jwk(key))}
    asked = {"grant_type": GRANT_TYPE, "device_code": started["device_code"]}
    assert error_of(with_proof(television, make_proof(key), **asked)) == "authorization_pending"
    decide(signed_in_browser, started["user_code"], "allow")
    assert error_of(with_proof(television, "not a proof", **asked)) == "invalid_dpop_proof"

    tokens = with_proof(television, make_proof(key), **asked).json()
    assert tokens["token_type"] == "DPoP"
    assert flow.said_by(tokens["access_token"])["cnf"] == bound

    for _ in range(2):
        asked = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        assert error_of(with_proof(television, make_proof(new_key()), **asked)) == "invalid_grant"
        assert error_of(flow.post_token(television, **asked)) == "invalid_grant"
        tokens = with_proof(television, make_proof(key), **asked).json()
        assert flow.said_by(tokens["access_token"])["cnf"] == bound


def test_a_device_that_must_prove_a_key_gets_nothing_without(television, signed_in_browser):
    television.metadata = {"dpop_bound_access_tokens": True}
    television.save()
    started = start(television)
    decide(signed_in_browser, started["user_code"], "allow")

    assert error_of(poll(television, started)) == "invalid_request"
    asked = {"grant_type": GRANT_TYPE, "device_code": started["device_code"]}
    assert with_proof(television, make_proof(new_key()), **asked).status_code == 200
