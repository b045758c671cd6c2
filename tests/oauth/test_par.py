"""Pushed authorization requests: checked, kept, good for one browser and one answer (RFC 9126,
SECURITY A8)."""

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from oauth import cleanup, keys, par
from oauth.models import Grant, PushedRequest
from tests.oauth import flow
from tests.oauth.assertions import (
    CLIENT_KEY,
    make_proof,
    new_key,
    public_jwk,
    request_object,
    signed_by,
)
from tests.oauth.conftest import PASSWORD
from tests.parallel import WAYS, at_once

pytestmark = pytest.mark.django_db


def require_par(client):
    """The client may ask in no other way."""
    client.metadata = {**client.metadata, "require_pushed_authorization_requests": True}
    client.save()


def assert_page(response):
    """An error page, never a redirect."""
    assert response.status_code == 400
    assert "Location" not in response
    assert Grant.objects.count() == 0


# --- the push -------------------------------------------------------------------------------------


def test_a_push_gives_a_reference_for_sixty_seconds(confidential_client):
    response = flow.push(confidential_client)

    assert response.status_code == 201
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    answer = response.json()
    assert answer["expires_in"] == 60
    assert answer["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert len(answer["request_uri"].rpartition(":")[2]) == 43  # 256 bits


def test_the_whole_flow(signed_in_browser, confidential_client):
    verifier = flow.new_verifier()
    pushed = flow.push(confidential_client, verifier=verifier)

    page = flow.come(signed_in_browser, confidential_client, pushed)
    answer = flow.answer_of(flow.allow(signed_in_browser, page))

    assert answer["state"] == "state-123"
    assert flow.redeem(confidential_client, answer["code"], verifier).status_code == 200
    assert PushedRequest.objects.count() == 0


def test_a_public_client_may_push(signed_in_browser, public_client):
    pushed = flow.push(public_client)

    assert pushed.status_code == 201
    assert flow.come(signed_in_browser, public_client, pushed).status_code == 200


def test_a_client_may_push_by_any_authentication(confidential_client, signing_client):
    signing_client.redirect_uris = "https://signing.example/"
    signing_client.grant_types = ["authorization_code"]
    signing_client.save()
    by_post = flow.authorization_params(
        confidential_client, flow.new_verifier(), client_secret=confidential_client.raw_secret
    )
    by_jwt = flow.authorization_params(signing_client, flow.new_verifier())
    aud = "http://localhost:8000/oauth/par"

    assert flow.post_form(flow.PAR, by_post).status_code == 201
    for assertion in (signed_by(signing_client), signed_by(signing_client, aud=aud)):
        assert flow.post_form(flow.PAR, {**by_jwt, **assertion}).status_code == 201


def test_what_is_kept_is_neither_the_reference_nor_credentials_nor_plain(confidential_client):
    params = flow.authorization_params(
        confidential_client,
        flow.new_verifier(),
        client_secret=confidential_client.raw_secret,
        login_hint="alice@example.com",
    )
    reference = flow.post_form(flow.PAR, params).json()["request_uri"].rpartition(":")[2]

    kept = PushedRequest.objects.get()
    assert confidential_client.raw_secret not in kept.parameters
    assert "alice" in kept.parameters
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ostiary_oauth_pushedrequest")
        row = b"|".join(
            bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode()
            for v in cursor.fetchone()
        )
    for secret in (reference, "alice", "state-123", confidential_client.raw_secret):
        assert secret.encode() not in row


@pytest.mark.parametrize(
    ("overrides", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"resource": "https://other-api.example/"}, "invalid_target"),
        ({"prompt": "sing"}, "invalid_request"),
        ({"state": "a\x00b"}, "invalid_request"),
        ({"state": "x" * 8193}, "invalid_request"),
        ({"filler": "x" * par.MAX_LENGTH}, "invalid_request"),
        ({"request": "e30.e30."}, "invalid_request_object"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"request_uri": "https://rp.example/"}, "invalid_request"),
        ({"registration": "{}"}, "registration_not_supported"),
    ],
)
def test_what_the_authorization_endpoint_would_refuse_is_refused_in_json(
    confidential_client, overrides, error
):
    response = flow.push(confidential_client, **overrides)

    assert response.status_code == 400
    assert response.json()["error"] == error
    assert flow.DESCRIPTION.fullmatch(response.json().get("error_description", ""))
    assert response["Cache-Control"] == "no-store"
    assert PushedRequest.objects.count() == 0


def test_a_request_longer_than_a_browser_carries_can_be_pushed(
    signed_in_browser, confidential_client
):
    pushed = flow.push(confidential_client, filler="x" * 10_000)

    assert flow.come(signed_in_browser, confidential_client, pushed).status_code == 200


def test_a_repeated_parameter_is_refused(confidential_client):
    params = flow.authorization_params(confidential_client, flow.new_verifier())
    secret = flow.basic(confidential_client.client_id, confidential_client.raw_secret)

    response = flow.post_form(flow.PAR, [*params.items(), ("state", "other")], secret)

    assert response.json()["error"] == "invalid_request"


def test_only_a_form_post_is_taken(confidential_client):
    for response in (
        Browser().get(flow.PAR),
        Browser().post(flow.PAR + "?client_id=x"),
        Browser().post(flow.PAR, "{}", content_type="application/json"),
    ):
        assert response.status_code in (400, 405)
        assert response.json()["error"] == "invalid_request"


def test_a_wrong_secret_is_refused_and_counted(confidential_client, settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"token": {"client": "3/minute"}}}
    wrong = flow.basic(confidential_client.client_id, "wrong")
    params = flow.authorization_params(confidential_client, flow.new_verifier())

    answers = [flow.post_form(flow.PAR, params, wrong) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert answers[0].json()["error"] == "invalid_client"
    assert "WWW-Authenticate" in answers[0]
    assert flow.push(confidential_client).status_code == 201


def test_what_anybody_can_push_is_limited_by_address(public_client, settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"par": {"ip": "2/hour"}}}

    answers = [flow.push(public_client) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert "Retry-After" in answers[2]
    assert PushedRequest.objects.count() == 2


def test_one_client_cannot_push_as_another(confidential_client, public_client):
    secret = flow.basic(confidential_client.client_id, confidential_client.raw_secret)
    params = flow.authorization_params(public_client, flow.new_verifier())

    assert flow.post_form(flow.PAR, params, secret).json()["error"] == "invalid_client"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["confidential", "public", "signing"])
def test_a_push_costs_three_statements_at_most(
    confidential_client, public_client, signing_client, django_assert_max_num_queries, kind
):
    keys.keyset()
    signing_client.redirect_uris = "https://signing.example/"
    signing_client.grant_types = ["authorization_code"]
    signing_client.save()
    client = {
        "confidential": confidential_client,
        "public": public_client,
        "signing": signing_client,
    }[kind]
    params = flow.authorization_params(client, flow.new_verifier())
    if kind == "signing":
        params |= signed_by(client)

    with django_assert_max_num_queries(3):
        if kind == "signing":
            answer = flow.post_form(flow.PAR, params)
        else:
            answer = flow.post_as(client, flow.PAR, params)

    assert answer.status_code == 201


# --- at the authorization endpoint ----------------------------------------------------------------


def test_parameters_outside_of_it_are_ignored(consenting_browser, confidential_client):
    pushed = flow.push(confidential_client)

    answer = flow.answer_of(
        flow.come(
            consenting_browser,
            confidential_client,
            pushed,
            state="other",
            redirect_uri="https://evil.example/",
            response_mode="form_post",
            request="nonsense",
        )
    )

    assert answer["state"] == "state-123"
    assert "code" in answer


def test_a_reference_is_good_for_one_answer(consenting_browser, confidential_client):
    pushed = flow.push(confidential_client)
    assert "code" in flow.answer_of(flow.come(consenting_browser, confidential_client, pushed))
    Grant.objects.all().delete()

    again = flow.come(consenting_browser, confidential_client, pushed)

    assert_page(again)
    assert b"invalid_request_uri" in again.content


def test_an_error_uses_it_up_too(signed_in_browser, confidential_client):
    pushed = flow.push(confidential_client, prompt="none")

    answer = flow.answer_of(flow.come(signed_in_browser, confidential_client, pushed))

    assert answer["error"] == "consent_required"
    assert_page(flow.come(signed_in_browser, confidential_client, pushed))


def test_a_denial_uses_it_up_too(signed_in_browser, confidential_client):
    page = flow.come(signed_in_browser, confidential_client, flow.push(confidential_client))

    answer = flow.answer_of(flow.allow(signed_in_browser, page, "deny"))

    assert answer["error"] == "access_denied"
    assert_page(signed_in_browser.get(flow.url_of(page)))


def test_a_reference_expires_if_nobody_comes(consenting_browser, confidential_client):
    pushed = flow.push(confidential_client)
    kept = PushedRequest.objects.get()
    assert kept.expires_at - kept.created_at == timedelta(seconds=60)
    PushedRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert_page(flow.come(consenting_browser, confidential_client, pushed))


def test_who_came_has_half_an_hour_and_not_more(signed_in_browser, confidential_client):
    pushed = flow.push(confidential_client)
    page = flow.come(signed_in_browser, confidential_client, pushed)
    flow.come(signed_in_browser, confidential_client, pushed)
    kept = PushedRequest.objects.get()

    assert kept.expires_at - kept.created_at == timedelta(seconds=1860)

    PushedRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    late = signed_in_browser.post(
        flow.url_of(page), {"decision": "allow", "page": flow.page_of(page)}
    )
    assert_page(late)


def test_another_clients_reference_is_refused(
    consenting_browser, confidential_client, public_client
):
    pushed = flow.push(public_client)

    assert_page(flow.come(consenting_browser, confidential_client, pushed))
    assert_page(flow.come(consenting_browser, confidential_client, pushed, client_id=None))


@pytest.mark.parametrize(
    "uri",
    [
        "urn:ietf:params:oauth:request_uri:",
        "urn:ietf:params:oauth:request_uri:" + "a" * 43,
        "urn:ietf:params:oauth:request_uri:\x00",
        "urn:ietf:params:oauth:request_uri:\udc80",
        "urn:ietf:params:oauth:request_uri:" + "a" * 6000,
    ],
)
def test_an_unknown_reference_is_shown_on_a_page(consenting_browser, confidential_client, uri):
    uri = uri.encode("utf-8", "replace").decode()

    assert_page(
        flow.come(
            consenting_browser, confidential_client, uri, redirect_uri="https://rp.example/callback"
        )
    )


def test_two_references_are_refused(consenting_browser, confidential_client):
    uris = [flow.push(confidential_client).json()["request_uri"] for _ in range(2)]
    query = {"client_id": confidential_client.client_id, "request_uri": uris}

    assert_page(consenting_browser.get(flow.AUTHORIZE, query))


def test_another_browser_is_refused_from_the_first_visit_on(
    consenting_browser, confidential_client, other_person
):
    pushed = flow.push(confidential_client, prompt="consent")
    page = flow.come(consenting_browser, confidential_client, pushed)
    other = Browser()
    other.force_login(other_person)

    assert_page(flow.come(other, confidential_client, pushed))

    assert "code" in flow.answer_of(flow.allow(consenting_browser, page))


@pytest.mark.parametrize("cookie", ["", "x", "é", "a" * 44])
def test_a_forged_browser_cookie_is_none(consenting_browser, confidential_client, cookie):
    pushed = flow.push(confidential_client, prompt="consent")
    flow.come(consenting_browser, confidential_client, pushed)

    consenting_browser.cookies["ostiary_request"] = cookie

    assert_page(flow.come(consenting_browser, confidential_client, pushed))


def test_the_browsers_cookie_is_for_us_alone(signed_in_browser, confidential_client, settings):
    response = flow.come(signed_in_browser, confidential_client, flow.push(confidential_client))
    cookie = response.cookies["ostiary_request"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie.value not in PushedRequest.objects.get().browser_hash

    settings.SESSION_COOKIE_SECURE = True
    response = flow.come(Browser(), confidential_client, flow.push(confidential_client))
    assert response.cookies["__Host-ostiary-request"]["secure"]


def test_a_request_that_is_not_pushed_gets_no_cookie(signed_in_browser, confidential_client):
    assert "ostiary_request" not in flow.authorize(signed_in_browser, confidential_client).cookies


@pytest.mark.needs("accounts")
def test_it_survives_sign_in_a_change_of_person_and_consent(
    person, other_person, confidential_client
):
    browser, verifier = Browser(), flow.new_verifier()
    pushed = flow.push(confidential_client, verifier=verifier, prompt="login consent")
    response = flow.come(browser, confidential_client, pushed)
    for email in ("alice@example.com", "bob@example.com"):
        query = dict(parse_qsl(urlsplit(response["Location"]).query))
        assert query["next"].startswith("/oauth/authorize?")
        form = {"identifier": email, "password": PASSWORD, "next": query["next"]}
        page = browser.get(browser.post(response["Location"], form)["Location"])
        if email.startswith("alice"):
            other_url = page.context["other_url"]
            response = {"Location": other_url}

    answer = flow.answer_of(flow.allow(browser, page))

    tokens = flow.redeem(confidential_client, answer["code"], verifier).json()
    assert flow.said_by(tokens["id_token"])["sub"] == str(other_person.pk)


def test_a_decision_about_one_pushed_request_does_not_answer_another(
    signed_in_browser, confidential_client
):
    one = flow.come(signed_in_browser, confidential_client, flow.push(confidential_client))
    two = flow.come(signed_in_browser, confidential_client, flow.push(confidential_client))

    response = signed_in_browser.post(
        flow.url_of(two), {"decision": "allow", "page": flow.page_of(one)}
    )

    assert response.status_code == 200  # the page again
    assert Grant.objects.count() == 0


def test_a_client_disabled_after_the_push_is_refused(consenting_browser, confidential_client):
    pushed = flow.push(confidential_client)
    confidential_client.enabled = False
    confidential_client.save()

    assert_page(flow.come(consenting_browser, confidential_client, pushed))


def test_a_redirect_uri_withdrawn_after_the_push_is_refused(
    consenting_browser, confidential_client
):
    pushed = flow.push(confidential_client)
    confidential_client.redirect_uris = "https://rp.example/new"
    confidential_client.save()

    assert_page(flow.come(consenting_browser, confidential_client, pushed))


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_answers_to_one_pushed_request_one_gives_a_code(
    consenting_browser, confidential_client
):
    pushed = flow.push(confidential_client)
    consenting_browser.cookies["ostiary_request"] = "b" * 43

    def come():
        browser = Browser()
        browser.cookies = consenting_browser.cookies
        return flow.come(browser, confidential_client, pushed)

    answers = at_once(come)

    codes = [answer for answer in answers if answer.status_code == 302]
    assert len(codes) == 1
    assert "code" in flow.answer_of(codes[0])
    assert [answer.status_code for answer in answers].count(400) == WAYS - 1
    assert Grant.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_50_browsers_that_come_at_once_one_may_go_on(confidential_client, db):
    pushed = flow.push(confidential_client)

    answers = at_once(lambda: flow.come(Browser(), confidential_client, pushed))

    assert [answer.status_code for answer in answers].count(302) == 1
    assert [answer.status_code for answer in answers].count(400) == WAYS - 1


# --- required -------------------------------------------------------------------------------------


def test_a_client_that_must_push_is_refused_without(consenting_browser, confidential_client):
    require_par(confidential_client)

    answer = flow.answer_of(flow.authorize(consenting_browser, confidential_client))

    assert answer["error"] == "invalid_request"
    assert "9126" in answer["error_description"]
    pushed = flow.push(confidential_client)
    assert "code" in flow.answer_of(flow.come(consenting_browser, confidential_client, pushed))


def test_a_signed_request_is_not_a_pushed_one(consenting_browser, confidential_client):
    confidential_client.metadata = {"jwks": {"keys": [public_jwk(CLIENT_KEY)]}}
    require_par(confidential_client)

    response = flow.authorize(
        consenting_browser,
        confidential_client,
        request=request_object(confidential_client, header={}),
    )

    assert flow.answer_of(response)["error"] == "invalid_request"


def test_the_site_may_want_every_request_pushed(consenting_browser, confidential_client, settings):
    settings.OSTIARY_OAUTH = {"REQUIRE_PAR": True}

    answer = flow.answer_of(flow.authorize(consenting_browser, confidential_client))

    assert answer["error"] == "invalid_request"


# --- signed and pushed ----------------------------------------------------------------------------


def test_a_signed_request_can_be_pushed(consenting_browser, confidential_client):
    confidential_client.metadata = {
        "jwks": {"keys": [public_jwk(CLIENT_KEY)]},
        "require_signed_request_object": True,
    }
    confidential_client.save()
    signed = request_object(confidential_client, header={}, state="signed")
    body = {"client_id": confidential_client.client_id, "request": signed, "state": "unsigned"}

    assert flow.push(confidential_client).json()["error"] == "invalid_request"
    pushed = flow.post_as(confidential_client, flow.PAR, body)
    answer = flow.answer_of(flow.come(consenting_browser, confidential_client, pushed))

    assert answer["state"] == "signed"
    assert "code" in answer


def test_a_pushed_object_of_another_client_is_refused(confidential_client, public_client):
    confidential_client.metadata = {"jwks": {"keys": [public_jwk(CLIENT_KEY)]}}
    confidential_client.save()
    signed = request_object(confidential_client, header={}, client_id=public_client.client_id)

    response = flow.post_as(confidential_client, flow.PAR, {"request": signed})

    assert response.json()["error"] == "invalid_request_object"


# --- DPoP (RFC 9449 §10.1) ------------------------------------------------------------------------


def proof_of(key, path, **claims):
    return make_proof(key, url=f"http://localhost:8000{path}", **claims)


def push_with(client, proof, **overrides):
    params = flow.authorization_params(client, flow.new_verifier(), **overrides)
    secret = flow.basic(client.client_id, client.raw_secret)
    return flow.post_form(flow.PAR, params, secret, DPoP=proof)


def test_the_key_shown_with_the_push_must_redeem_the_code(consenting_browser, confidential_client):
    key, verifier = new_key(), flow.new_verifier()
    params = flow.authorization_params(confidential_client, verifier)
    secret = flow.basic(confidential_client.client_id, confidential_client.raw_secret)
    pushed = flow.post_form(flow.PAR, params, secret, DPoP=proof_of(key, flow.PAR))

    code = flow.answer_of(flow.come(consenting_browser, confidential_client, pushed))["code"]

    assert Grant.objects.get().jkt == keys.thumbprint(public_jwk(key))
    refused = flow.redeem(confidential_client, code, verifier)
    assert refused.json()["error"] == "invalid_grant"


def test_the_key_shown_and_the_key_named_must_be_one(confidential_client):
    key = new_key()
    jkt = keys.thumbprint(public_jwk(key))

    agreed = push_with(confidential_client, proof_of(key, flow.PAR), dpop_jkt=jkt)
    other = push_with(confidential_client, proof_of(new_key(), flow.PAR), dpop_jkt=jkt)

    assert agreed.status_code == 201
    assert other.status_code == 400
    assert other.json()["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("proof", ["nonsense", ""])
def test_a_bad_proof_is_refused(confidential_client, proof):
    assert push_with(confidential_client, proof).json()["error"] == "invalid_dpop_proof"


def test_a_proof_for_another_endpoint_is_refused(confidential_client):
    response = push_with(confidential_client, proof_of(new_key(), flow.TOKEN))

    assert response.json()["error"] == "invalid_dpop_proof"


def test_a_nonce_is_asked_for_where_the_site_wants_them(confidential_client, settings):
    settings.OSTIARY_OAUTH = {"DPOP_NONCE_REQUIRED": True}
    key = new_key()

    response = push_with(confidential_client, proof_of(key, flow.PAR))
    assert response.json()["error"] == "use_dpop_nonce"
    again = push_with(
        confidential_client, proof_of(key, flow.PAR, nonce=response.headers["DPoP-Nonce"])
    )

    assert again.status_code == 201


# --- clean-up -------------------------------------------------------------------------------------


def test_what_nobody_came_for_is_removed(confidential_client):
    flow.push(confidential_client)
    assert cleanup.remove_pushed_requests() == 0

    PushedRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert cleanup.remove_pushed_requests() == 1
    assert PushedRequest.objects.count() == 0


def test_a_used_request_leaves_no_row(consenting_browser, confidential_client):
    flow.come(consenting_browser, confidential_client, flow.push(confidential_client))

    assert PushedRequest.objects.count() == 0


def test_a_plain_request_pays_nothing_for_it(consenting_browser, confidential_client):
    with CaptureQueriesContext(connection) as queries:
        flow.authorize(consenting_browser, confidential_client)

    assert not [query for query in queries if "pushedrequest" in query["sql"]]
