"""Client authentication: one method, in constant time, throttled (SECURITY B4; RFC 6749 §2.3)."""

import base64
import contextlib
from datetime import timedelta
from urllib.parse import quote, quote_plus

import pytest
from django.test import Client as Browser
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError

from oauth import client_authentication
from oauth.models import Client
from tests.oauth import flow
from tests.oauth.conftest import make_client

pytestmark = pytest.mark.django_db

GRANT = {"grant_type": "client_credentials"}


def header(text: str | bytes) -> str:
    raw = text if isinstance(text, bytes) else text.encode()
    return "Basic " + base64.b64encode(raw).decode()


def ask(params=None, authorization=""):
    return flow.post_form(flow.TOKEN, {**GRANT, **(params or {})}, authorization)


def assert_unauthenticated(response):
    assert response.status_code == 401, response.content
    assert response.json()["error"] == "invalid_client"
    assert response["WWW-Authenticate"].startswith("Basic realm=")
    assert response["Cache-Control"] == "no-store"


def in_body(client, **changes):
    return {"client_id": client.client_id, "client_secret": client.raw_secret, **changes}


def headers_of(response):
    return {name: value for name, value in response.items() if name != "X-Request-ID"}


# --- what is taken --------------------------------------------------------------------------------


def test_the_secret_may_come_in_the_header_or_in_the_body(service_client):
    in_header = flow.basic(service_client.client_id, service_client.raw_secret)

    assert ask(authorization=in_header).status_code == 200
    assert ask(authorization=in_header.replace("Basic", "bAsIc")).status_code == 200
    assert ask(in_body(service_client)).status_code == 200


def test_the_client_id_may_be_repeated_in_the_body_beside_the_header(service_client):
    in_header = flow.basic(service_client.client_id, service_client.raw_secret)

    assert ask({"client_id": service_client.client_id}, in_header).status_code == 200


@pytest.mark.parametrize("encode", [quote, quote_plus])
def test_basic_credentials_are_form_decoded(encode):
    client = make_client(
        client_id="a:b%c+d/e",
        client_type=Client.CLIENT_CONFIDENTIAL,
        grant_types=["client_credentials"],
        scopes=["api:read"],
    )
    secret = "p:a+s%s /w&=" + "x" * 32
    client.set_secret(secret)
    client.save()

    pair = f"{encode(client.client_id, safe='')}:{encode(secret, safe='')}"

    assert ask(authorization=header(pair)).status_code == 200


def test_two_secrets_are_live_until_the_overlap_ends(service_client):
    old, new = service_client.raw_secret, service_client.rotate_secret()
    service_client.save()

    assert ask(in_body(service_client, client_secret=old)).status_code == 200
    assert ask(in_body(service_client, client_secret=new)).status_code == 200

    Client.objects.update(previous_secret_expires_at=timezone.now() - timedelta(seconds=1))

    assert_unauthenticated(ask(in_body(service_client, client_secret=old)))
    assert ask(in_body(service_client, client_secret=new)).status_code == 200


def test_a_rotation_without_overlap_ends_the_old_secret_at_once(service_client):
    new = service_client.rotate_secret(overlap=timedelta(0))
    service_client.save()

    assert_unauthenticated(ask(in_body(service_client)))
    assert ask(in_body(service_client, client_secret=new)).status_code == 200


def test_the_third_secret_ends_the_first(service_client):
    first = service_client.raw_secret
    service_client.rotate_secret()
    service_client.rotate_secret()
    service_client.save()

    assert_unauthenticated(ask(in_body(service_client, client_secret=first)))


# --- what is refused ------------------------------------------------------------------------------


def test_two_methods_at_once_are_an_invalid_request(service_client):
    in_header = flow.basic(service_client.client_id, service_client.raw_secret)

    response = ask(in_body(service_client), in_header)

    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


def test_an_empty_secret_is_no_secret_wherever_it_stands(public_client, service_client):
    """Of a public client it is sent by many; a confidential one doesn't get in by it."""
    grant = {"grant_type": "refresh_token", "refresh_token": "x"}
    for params, authorization in (
        ({"client_id": public_client.client_id, "client_secret": ""}, ""),
        ({}, flow.basic(public_client.client_id, "")),
        ({"client_id": public_client.client_id}, flow.basic(public_client.client_id, "")),
        ({"client_id": public_client.client_id}, header(":")),
        ({"client_id": public_client.client_id, "client_assertion": ""}, ""),
    ):
        answer = flow.post_form(flow.TOKEN, {**grant, **params}, authorization)
        assert answer.json()["error"] == "invalid_grant"

    in_body = {"client_id": service_client.client_id, "client_secret": ""}
    by_header = flow.basic(service_client.client_id, "")
    for params, authorization in ((in_body, ""), ({}, by_header), (in_body, by_header)):
        assert_unauthenticated(ask(params, authorization))


def test_an_empty_secret_beside_the_right_one_is_no_second_method(service_client):
    client_id, secret = service_client.client_id, service_client.raw_secret

    assert ask({"client_secret": ""}, flow.basic(client_id, secret)).status_code == 200
    assert ask({"client_secret": secret}, flow.basic(client_id, "")).status_code == 200
    assert_unauthenticated(ask({"client_secret": secret}, flow.basic("another", "")))


def test_the_wrong_method_is_told_to_who_has_the_secret(service_client):
    Client.objects.update(token_endpoint_auth_methods=["client_secret_basic"])
    right, wrong = ask(in_body(service_client)), ask(in_body(service_client, client_secret="x"))

    assert right.json()["error_description"] == (
        "This client authenticates by client_secret_basic, not by client_secret_post."
    )
    assert wrong.json()["error_description"] == "Client authentication failed."


def test_a_client_without_credentials_is_told_what_is_missing_whether_it_exists_or_not(
    service_client,
):
    known, unknown = ask({"client_id": service_client.client_id}), ask({"client_id": "nobody"})

    assert known.content == unknown.content
    assert "secret, assertion or certificate" in known.json()["error_description"]


def test_a_public_client_that_sends_a_secret_is_told_that_it_has_none(public_client):
    answer = ask(in_body(public_client, client_secret="x"))

    assert_unauthenticated(answer)
    assert "public" in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, "wrong secret"),
        ({"enabled": False}, "no such client, or disabled"),
        ({"client_type": "public"}, "a public client with a secret"),
    ],
)
def test_the_log_says_why_and_not_by_what(service_client, caplog, change, reason):
    Client.objects.filter(pk=service_client.pk).update(**change)
    secret = "w" * 40

    ask(in_body(service_client, client_secret=secret))

    [line] = [each for each in caplog.messages if "client authentication refused" in each]
    assert line.endswith(reason)
    assert service_client.client_id in line
    assert secret not in line


def test_header_and_body_naming_two_clients_is_refused(service_client, confidential_client):
    in_header = flow.basic(service_client.client_id, service_client.raw_secret)

    assert_unauthenticated(ask({"client_id": confidential_client.client_id}, in_header))


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 5000, "nul\x00", "é", "\ufffd"])
def test_a_wrong_secret_is_refused(service_client, secret):
    assert_unauthenticated(ask(in_body(service_client, client_secret=secret)))
    assert_unauthenticated(ask(authorization=flow.basic(service_client.client_id, secret)))


def test_the_secret_of_another_client_is_refused(service_client, confidential_client):
    assert_unauthenticated(
        ask(in_body(service_client, client_secret=confidential_client.raw_secret))
    )


def test_the_stored_hash_is_no_secret(service_client):
    assert_unauthenticated(ask(in_body(service_client, client_secret=service_client.secret_hash)))


def test_a_client_without_a_secret_cannot_authenticate(service_client):
    Client.objects.update(secret_hash="", previous_secret_hash="")

    for secret in ("", "x"):
        assert_unauthenticated(ask(in_body(service_client, client_secret=secret)))


@pytest.mark.parametrize("client_id", ["nobody", "", "x" * 300, "nul\x00nul", "é"])
def test_an_unknown_client_is_refused_like_a_wrong_secret(service_client, client_id):
    wrong = ask(in_body(service_client, client_secret="wrong"))
    unknown = ask({"client_id": client_id, "client_secret": "wrong"})

    assert_unauthenticated(unknown)
    if client_id:
        assert unknown.content == wrong.content
        assert headers_of(unknown) == headers_of(wrong)


def test_a_disabled_client_is_refused_like_an_unknown_one(service_client):
    unknown = ask({"client_id": "nobody", "client_secret": "x"})
    Client.objects.update(enabled=False)

    disabled = ask(in_body(service_client))

    assert_unauthenticated(disabled)
    assert disabled.content == unknown.content


def test_a_client_that_says_nothing_is_refused():
    assert_unauthenticated(ask())


def test_a_confidential_client_must_authenticate(service_client):
    assert_unauthenticated(ask({"client_id": service_client.client_id}))


def test_a_public_client_must_not_send_a_secret(public_client):
    response = flow.post_form(
        flow.TOKEN,
        {
            "grant_type": "refresh_token",
            "refresh_token": "x",
            "client_id": public_client.client_id,
            "client_secret": "guess",
        },
    )

    assert_unauthenticated(response)


@pytest.mark.parametrize(
    ("registered", "body_works"), [("client_secret_basic", False), ("client_secret_post", True)]
)
def test_a_method_that_the_client_did_not_register_is_refused(
    service_client, registered, body_works
):
    Client.objects.update(token_endpoint_auth_methods=[registered])
    body = ask(in_body(service_client))
    basic = ask(authorization=flow.basic(service_client.client_id, service_client.raw_secret))

    accepted, refused = (body, basic) if body_works else (basic, body)
    assert accepted.status_code == 200
    assert_unauthenticated(refused)


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic Zm9v",
        header(b"\xff\xfe:\xff"),
        header("nul\x00:x"),
        header(":"),
        header("%:%"),
        header("%ff%fe:x"),
        "Bearer abc",
        "Digest username=x",
        "é",
        "Basic " + "A" * 8000,
    ],
)
def test_a_malformed_header_is_refused(authorization):
    assert_unauthenticated(ask(authorization=authorization))


@given(
    st.dictionaries(st.sampled_from(["client_id", "client_secret", "x"]), st.text()),
    st.one_of(st.none(), st.text(), st.binary().map(header)),
)
def test_whatever_is_presented_gets_the_errors_of_the_rfc(params, authorization):
    with contextlib.suppress(InvalidClientError, InvalidRequestError):
        shown = client_authentication.presented(params, authorization)
        assert shown.method in ("client_secret_basic", "client_secret_post", "none")
    assert len(client_authentication.named_client(params, authorization)) <= 255


def test_secrets_and_tokens_are_in_no_repr(service_client):
    shown = client_authentication.presented(in_body(service_client), None)

    assert service_client.raw_secret not in repr(shown)
    assert service_client.raw_secret not in repr(service_client)


def test_known_and_unknown_clients_are_compared_with_the_same_work(service_client, monkeypatch):
    compared = []
    check = Client.check_secret

    def counting(self, secret):
        compared.append(self)
        return check(self, secret)

    monkeypatch.setattr(Client, "check_secret", counting)
    for client_id in (service_client.client_id, "nobody"):
        with pytest.raises(InvalidClientError):
            client_authentication.authenticate(
                {"client_id": client_id, "client_secret": "wrong"}, None
            )

    assert len(compared) == 2


# --- throttling -----------------------------------------------------------------------------------


@pytest.fixture
def limits(settings):
    """Three failures a minute, for a client and for an address."""
    settings.OSTIARY = {
        **settings.OSTIARY,
        "THROTTLES": {"token": {"ip": "100/minute", "client": "3/minute"}},
    }
    return settings


def attempt(client_id, secret, *, by="body", ip="192.0.2.1"):
    params = {**GRANT}
    authorization = {}
    if by == "body":
        params |= {"client_id": client_id, "client_secret": secret}
    else:
        authorization = {"authorization": flow.basic(client_id, secret)}
    return Browser(REMOTE_ADDR=ip).post(
        flow.TOKEN, flow.urlencode(params), content_type=flow.FORM, headers=authorization
    )


@pytest.mark.parametrize("by", ["body", "header"])
def test_failures_of_a_client_are_throttled_from_all_addresses_together(service_client, limits, by):
    answers = [
        attempt(service_client.client_id, "wrong", by=by, ip=f"192.0.2.{n}") for n in range(5)
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert answers[-1].json()["error"] == "invalid_client"


def test_failures_of_an_address_are_throttled_whatever_clients_they_name(limits):
    limits.OSTIARY = {
        **limits.OSTIARY,
        "THROTTLES": {"token": {"ip": "3/minute", "client": "100/minute"}},
    }

    answers = [attempt(f"client-{n}", "wrong") for n in range(5)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]


def test_a_flood_of_wrong_secrets_never_shuts_out_the_right_one(service_client, limits):
    for _ in range(6):
        attempt(service_client.client_id, "wrong")

    assert attempt(service_client.client_id, service_client.raw_secret).status_code == 200


def test_what_succeeds_is_not_counted(service_client, limits):
    for _ in range(6):
        assert attempt(service_client.client_id, service_client.raw_secret).status_code == 200

    assert attempt(service_client.client_id, "wrong").status_code == 401


def test_the_revocation_endpoint_counts_too(service_client, limits):
    params = {"client_id": service_client.client_id, "client_secret": "wrong", "token": "x"}

    answers = [flow.post_form(flow.REVOKE, params).status_code for _ in range(4)]

    assert answers == [401, 401, 401, 429]
