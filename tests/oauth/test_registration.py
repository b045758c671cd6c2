"""Applications that register themselves: what they may say, and what they never get (RFC 7591,
RFC 7592, OpenID Connect Registration; SECURITY A1, H13)."""

import json
import time
from datetime import timedelta

import jwt
import pytest
from django.test import Client as Browser
from django.utils import timezone

from oauth import auth_methods, cleanup
from oauth.checks import check_registration
from oauth.models import Client, Consent, Grant, InitialAccessToken
from oauth.registration import InvalidClientMetadata
from oauth.registration_request import HEARD
from ostiary.models import Event
from tests.oauth import flow
from tests.oauth.assertions import new_key, public_jwk
from tests.oauth.conftest import API, make_person
from tests.oauth.far_end import far_end
from tests.operators import desk_of
from tests.parallel import WAYS, at_once

pytestmark = pytest.mark.django_db

REGISTER = "/oauth/register"
CALLBACK = "https://agent.example/callback"


@pytest.fixture(autouse=True)
def open_registration(settings):
    """Anybody may register."""
    settings.OSTIARY_OAUTH = {"REGISTRATION": "open"}


def configure(settings, **values):
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, **values}


def send(method, path, body=None, token=""):
    headers = {"authorization": f"Bearer {token}"} if token else {}
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    return Browser().generic(method, path, data, "application/json", headers=headers)


def register(token="", **metadata):
    return send("POST", REGISTER, {"redirect_uris": [CALLBACK], **metadata}, token)


def registered(token="", **metadata):
    answer = register(token, **metadata)
    assert answer.status_code == 201, answer.content
    return answer.json()


def refused(answer, error="invalid_client_metadata", status=400):
    assert answer.status_code == status, answer.content
    assert answer.json()["error"] == error
    assert flow.DESCRIPTION.fullmatch(answer.json().get("error_description", ""))
    return True


def as_client(told) -> Client:
    client = Client.objects.get(client_id=told["client_id"])
    client.raw_secret = told.get("client_secret", "")
    return client


def initial_token(**fields) -> InitialAccessToken:
    token = InitialAccessToken(note="for the tests", **fields)
    token.make()
    token.full_clean()
    token.save()
    return token


# --- who may --------------------------------------------------------------------------------------


def test_closed_is_the_default_and_closed_is_closed(settings):
    settings.OSTIARY_OAUTH = {}

    assert register().status_code == 404
    assert "registration_endpoint" not in Browser().get("/.well-known/openid-configuration").json()
    assert not Client.objects.exists()


def test_discovery_names_the_endpoint_when_it_is_open():
    told = Browser().get("/.well-known/openid-configuration").json()

    assert told["registration_endpoint"] == "http://localhost:8000/oauth/register"


def test_with_initial_access_tokens_nobody_registers_without_one(settings):
    configure(settings, REGISTRATION="initial_access_token")

    for token in ("", "wrong", "é", initial_token(uses_left=0).fresh_token):
        answer = register(token)
        assert refused(answer, "invalid_token", 401)
        assert answer["WWW-Authenticate"].startswith("Bearer")
    expired = initial_token(expires_at=timezone.now() - timedelta(seconds=1))
    assert refused(register(expired.fresh_token), "invalid_token", 401)
    assert not Client.objects.exists()


def test_an_initial_access_token_registers_as_often_as_it_says(settings):
    configure(settings, REGISTRATION="initial_access_token")
    token = initial_token(uses_left=2).fresh_token

    assert registered(token)
    assert registered(token)

    assert refused(register(token), "invalid_token", 401)


def test_bad_metadata_uses_up_no_initial_access_token(settings):
    configure(settings, REGISTRATION="initial_access_token")
    token = initial_token().fresh_token

    assert refused(register(token, grant_types=["password"]))

    assert registered(token)


def test_a_wrong_initial_access_token_is_refused_also_where_none_is_needed():
    assert refused(register("wrong"), "invalid_token", 401)


def test_an_initial_access_token_may_allow_more():
    token = initial_token(
        scopes=["api:read"], grant_types=["client_credentials"], audiences=[API]
    ).fresh_token

    told = registered(
        token, redirect_uris=[], grant_types=["client_credentials"], response_types=[]
    )

    answer = flow.post_token(as_client(told), grant_type="client_credentials")
    assert answer.status_code == 200
    assert flow.said_by(answer.json()["access_token"])["aud"] in (API, [API])


def test_a_public_client_has_no_credentials_to_act_for_itself_by():
    token = initial_token(grant_types=["authorization_code", "client_credentials"]).fresh_token
    both = {"grant_types": ["client_credentials", "authorization_code"]}

    told = registered(token, token_endpoint_auth_method="none", **both)

    assert told["grant_types"] == ["authorization_code"]
    assert refused(
        register(
            initial_token(grant_types=["client_credentials"]).fresh_token,
            token_endpoint_auth_method="none",
            grant_types=["client_credentials"],
        )
    )


def test_tokens_are_kept_by_their_hashes():
    initial = initial_token()
    told = registered(initial.fresh_token)
    client = as_client(told)

    kept = json.dumps([*Client.objects.values(), *InitialAccessToken.objects.values()], default=str)
    for secret in (initial.fresh_token, told["registration_access_token"], told["client_secret"]):
        assert len(secret) >= 43
        assert secret not in kept
    assert client.check_secret(told["client_secret"])


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_registrations_with_one_use_left_one_succeeds(settings):
    configure(settings, REGISTRATION="initial_access_token")
    token = initial_token().fresh_token

    answers = at_once(lambda: register(token))

    assert sorted(answer.status_code for answer in answers) == [201] + [401] * (WAYS - 1)
    assert Client.objects.count() == 1
    assert InitialAccessToken.objects.get().uses_left == 0


def test_an_address_registers_so_much_and_no_more(settings):
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": {"registration": {"ip": "2/hour"}}}

    assert [register().status_code for _ in range(3)] == [201, 201, 429]
    assert int(register()["Retry-After"]) > 0


def test_a_registration_is_changed_so_often_and_no_more(settings):
    """Where clients are kept in memory, each change holds a thread for a second."""
    limit = {"registration_change": {"client": "2/hour"}}
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": limit}
    told = registered()

    assert [replace(told).status_code for _ in range(3)] == [200, 200, 429]
    assert manage("DELETE", told).status_code == 429
    assert manage("GET", told).status_code == 200
    assert replace(registered()).status_code == 200


# --- what comes of it -----------------------------------------------------------------------------


def test_the_answer_tells_all_that_is_registered():
    answer = register(
        client_name="Agent",
        **{"client_name#de": "Agentin"},
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        token_endpoint_auth_method="client_secret_post",
        contacts=["makers@agent.example"],
        logo_uri="https://agent.example/logo.png",
        scope="openid email",
        id_token_signed_response_alg="ES256",
        software_id="agent",
        software_version="1.0",
        post_logout_redirect_uris=["https://agent.example/bye"],
        default_max_age=3600,
    )

    told = answer.json()
    assert answer["Cache-Control"] == "no-store"
    assert told["registration_client_uri"] == (
        f"http://localhost:8000/oauth/register/{told['client_id']}"
    )
    assert told["client_secret_expires_at"] == 0
    assert abs(told["client_id_issued_at"] - time.time()) < 60
    for name, value in {
        "client_name": "Agent",
        "client_name#de": "Agentin",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_post",
        "contacts": ["makers@agent.example"],
        "logo_uri": "https://agent.example/logo.png",
        "scope": "openid email",
        "id_token_signed_response_alg": "ES256",
        "software_id": "agent",
        "software_version": "1.0",
        "post_logout_redirect_uris": ["https://agent.example/bye"],
        "default_max_age": 3600,
    }.items():
        assert told[name] == value, name
    event = Event.objects.get(kind="client.registered")
    assert event.client_id == told["client_id"]
    assert told["client_secret"] not in json.dumps(event.details)


@pytest.mark.parametrize("method", auth_methods.offered())
def test_the_client_signs_people_in_as_it_registered(signed_in_browser, method):
    keys = {"jwks": {"keys": [public_jwk(new_key())]}} if method == "private_key_jwt" else {}

    told = registered(token_endpoint_auth_method=method, **keys)

    assert ("client_secret" in told) is method.startswith("client_secret_")
    client = as_client(told)
    assert client.auth_methods == [method]
    assert client.is_public is (method == "none")
    if method in ("client_secret_basic", "none"):
        tokens = flow.sign_in_tokens(signed_in_browser, client, scope="openid")
        assert tokens["id_token"]


def test_defaults_are_those_of_the_specification():
    told = registered()

    assert told["token_endpoint_auth_method"] == "client_secret_basic"
    assert told["grant_types"] == ["authorization_code"]
    assert told["response_types"] == ["code"]
    assert told["id_token_signed_response_alg"] == "RS256"


def test_nothing_that_is_the_operator_s_can_be_registered(person):
    told = registered(
        first_party=True,
        enabled=False,
        user=str(person.pk),
        access_token_lifetime=10**9,
        refresh_token_lifetime=10**9,
        revocation_policy="opaque",
        required_acr="",
        security_profile="oauth21",
        multiple_audiences=True,
        localized_client_names={"de": "x"},
        audiences=[API],
        serves=[API],
        registration_source="manual",
        registration_token_hash="",
        unused_expires_at=None,
        client_id="chosen",
        client_secret="chosen" * 10,
        registration_access_token="chosen",
        secret_hash="0" * 64,
    )

    client, fresh = as_client(told), Client()
    assert client.client_id != "chosen"
    assert not client.check_secret("chosen" * 10)
    assert client.registration_source == "dcr"
    assert (client.user, client.audiences, client.serves) == (None, [], [])
    for name in ("first_party", "enabled", "access_token_lifetime", "refresh_token_lifetime"):
        assert getattr(client, name) == getattr(fresh, name)
    assert client.revocation_policy == fresh.revocation_policy
    assert client.metadata == {}


def test_scopes_and_apis_are_those_of_the_settings_at_most(settings):
    configure(settings, REGISTRATION_SCOPES=["openid", "email"], REGISTRATION_AUDIENCES=[API])

    assert registered(scope="openid api:read profile")["scope"] == "openid"
    told = registered()
    assert told["scope"] == "openid email"
    assert as_client(told).audiences == [API]


@pytest.mark.parametrize("scope", ["claudeai", "mcp:tools", "read:data write:data", "api:read"])
def test_scopes_of_other_servers_leave_the_defaults(scope):
    """claude.ai (modelcontextprotocol #653), muster #1086; RFC 7591 §2 and §3.2.1."""
    told = registered(scope=scope, grant_types=["authorization_code", "refresh_token"])

    assert told["scope"] == "openid profile email offline_access"
    assert told["ostiary_left_out"]["scope"] == [f"{each}: not to be had" for each in scope.split()]


def test_offline_access_is_for_who_gets_refresh_tokens():
    assert registered(scope="openid offline_access")["scope"] == "openid"
    assert "offline_access" not in registered()["scope"]


UNSAFE = [
    "javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "JavaScript:alert(1)",
    "http://agent.example/callback",
    "https://agent.example/#x",
    "https://user@agent.example/",
    "https://agent.example/a/../b",
    "https://*.agent.example/",
    "agent:x",
    "/callback",
    "https://a.example/ https://b.example/",
    "https://a.example/" + "a" * 3000,
    "https://a.example/\x00",
    "https://a.example/\ud800",
    "",
    7,
    None,
    {"a": 1},
    ["https://a.example/"],
]


@pytest.mark.parametrize("uri", UNSAFE)
def test_a_redirect_uri_that_is_not_safe_is_refused(uri):
    assert refused(register(redirect_uris=[uri]), "invalid_redirect_uri")
    assert not Client.objects.exists()


@pytest.mark.parametrize("uri", UNSAFE)
def test_a_redirect_uri_that_is_not_safe_is_left_out_where_another_is(uri):
    told = registered(redirect_uris=[uri, CALLBACK], post_logout_redirect_uris=[uri])

    assert told["redirect_uris"] == [CALLBACK]
    assert "post_logout_redirect_uris" not in told
    assert as_client(told).redirect_uris == CALLBACK
    left_out = told.get("ostiary_left_out", {})
    assert (uri in ("", None)) or (len(left_out["redirect_uris"]) == 1)


def test_a_refusal_names_each_redirect_uri_and_why(caplog):
    answer = register(redirect_uris=["cursor://x/cb", "http://plain.example/cb"])

    assert refused(answer, "invalid_redirect_uri")
    told = answer.json()["error_description"]
    assert "cursor://x/cb: a private-use scheme is a domain name in reverse" in told
    assert "http://plain.example/cb: http is for loopback addresses only" in told
    assert f"registration refused: invalid_redirect_uri: {told}" in caplog.text


def test_what_is_left_out_is_in_the_log(caplog):
    caplog.set_level("INFO")
    told = registered(redirect_uris=["cursor://x/cb", CALLBACK], contacts=["a\nb@person.example"])

    [line] = [record.getMessage() for record in caplog.records if "without" in record.message]
    assert told["client_id"] in line
    assert "cursor://x/cb: a private-use scheme is a domain name in reverse" in line
    assert "person.example" not in line


def test_the_words_are_those_of_developers_in_every_language():
    body = json.dumps({"redirect_uris": ["http://plain.example/"]})
    answer = Browser().post(REGISTER, body, "application/json", headers={"accept-language": "ru"})

    assert "http is for loopback addresses only" in answer.json()["error_description"]


def test_a_private_use_scheme_is_for_no_web_application():
    """OpenID Connect Registration §2; but loopback and https are for every type."""
    uris = ["com.example.app:/cb", CALLBACK, "http://localhost/cb"]

    assert registered(redirect_uris=uris, application_type="web")["redirect_uris"] == uris[1:]
    for of_type in ({}, {"application_type": "native"}, {"application_type": "spa"}):
        assert registered(redirect_uris=uris, **of_type)["redirect_uris"] == uris


@pytest.mark.parametrize(
    "uris", [[], None, "", "https://a.example/", [f"https://a.example/{i}" for i in range(51)]]
)
def test_redirect_uris_are_a_list_of_some(uris):
    assert refused(register(redirect_uris=uris), "invalid_redirect_uri")


@pytest.mark.parametrize("name", ["client_uri", "logo_uri", "policy_uri", "tos_uri"])
def test_pages_are_at_the_application_s_own_hosts(name):
    assert registered(**{name: "https://agent.example/page"})[name]
    assert name not in registered(**{name: "https://bank.example/page"})
    for address in (
        *("javascript:alert(1)", "data:text/html,x", "http://agent.example/", 7, "//x"),
        *("https://agent.example/\n", "https://agent.example/" + "x" * 200),
    ):
        told = registered(**{name: address})
        assert name not in told
        assert told["ostiary_left_out"][name]
        assert getattr(as_client(told), name) == ""


@pytest.mark.parametrize(
    "metadata",
    [
        {"grant_types": ["implicit"]},
        {"grant_types": ["password"]},
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"]},
        {"grant_types": "authorization_code"},
        {"grant_types": ["refresh_token"]},
        {"grant_types": ["implicit", "refresh_token"]},
        {"response_types": ["token"]},
        {"response_types": ["token", "id_token"]},
        {"response_types": "code"},
        {"response_types": ["id_token token"]},
        {"response_types": ["code token"]},
        {"token_endpoint_auth_method": "magic"},
        {"token_endpoint_auth_method": ["none"]},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}},
        {"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
        {"jwks": {"keys": [public_jwk(new_key())]}, "jwks_uri": "https://agent.example/keys"},
        {"jwks_uri": "http://agent.example/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"client_name": "x" * 256},
        {"client_name": "evil\u202eelpmaxe"},
        {"client_name": "two\nlines"},
        {"client_name": "isolate\u2066d"},
        {"client_name": "line\u2028s"},
        {"client_name": "\ue000"},
        {"client_name": "\ufdd0"},
        {"client_name#de": "evil\u202eelpmaxe"},
        {"client_name#de": 7},
        {"client_name": "nul\x00"},
        {"client_name": "\ud800"},
        {"client_name": 7},
        {"client_name#de": "x" * 256},
        {"contacts": "x"},
        {"scope": ["openid"]},
        {"id_token_signed_response_alg": "none"},
        {"subject_type": "secret"},
        {"default_max_age": -1},
        {"default_max_age": 1e999},
        {"default_max_age": "60"},
        {"initiate_login_uri": "javascript:alert(1)"},
        {"dpop_bound_access_tokens": "yes"},
        {"sector_identifier_uri": 7, "subject_type": "pairwise"},
    ],
)
def test_metadata_that_is_not_right_is_refused(metadata):
    assert refused(register(**metadata))
    assert not Client.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"7",
        b'"x"',
        b"null",
        b"{",
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"redirect_uris": ["https://a.example/"], "redirect_uris": ["https://b.example/"]}',
        b'{"redirect_uris": [], "client_name#de": "a", "client_name#de": "b"}',
        b"[" * 20000,
    ],
)
def test_what_is_no_json_object_is_refused(body):
    assert refused(send("POST", REGISTER, body))


NESTED = '{"a":' * 900 + "1" + "}" * 900


@pytest.mark.parametrize(
    "member",
    [
        '"resource": "https://mcp.example.com/"',
        '"description": "line one\\nline two"',
        '"x": {"note": "a\\tb", "note": "c", "": ["\\u0000", "\\ud800"]}',
        '"_comment": "one", "_comment": "two"',
        '"client_description": "\\u202e\\u00a0\\ufeff"',
        f'"x": "{"y" * 30_000}"',
        f'"x": {NESTED}',
        f'"x": [{"1" * 5000}, 1e999, -1e999]',
        '"\\u0000\\u202e": 1',
        '"client_name#\\u0000": "\\u202e", "client_name#not a language": 7',
    ],
)
def test_what_nobody_knows_is_ignored_whatever_it_holds(member):
    """turnstone #1082, oxAuth #1251; "MUST ignore", RFC 7591 §2."""
    answer = send("POST", REGISTER, f'{{"redirect_uris": ["{CALLBACK}"], {member}}}')

    assert answer.status_code == 201, answer.content
    assert "ostiary_left_out" not in answer.json()
    assert as_client(answer.json()).metadata == {}


def test_a_body_may_begin_with_a_byte_order_mark():
    body = b"\xef\xbb\xbf" + json.dumps({"redirect_uris": [CALLBACK]}).encode()

    assert send("POST", REGISTER, body).status_code == 201


EVERY_MEMBER = sorted(HEARD - {"redirect_uris"} | {"client_name#de", "registration_access_token"})


@pytest.mark.parametrize("nothing", [None, "", [], {}, "  "])
def test_absent_null_and_empty_mean_the_same(nothing):
    """litellm and the MCP Python SDK send ``null`` or ``""`` for what they don't have
    (python-sdk #1665)."""
    without = registered()
    told = registered(**dict.fromkeys(EVERY_MEMBER, nothing))
    changed = replace(told, **dict.fromkeys(set(EVERY_MEMBER) - {"client_id"}, nothing))

    assert changed.status_code == 200, changed.content
    for answer in (told, changed.json()):
        ours = ("client_id", "client_secret", "registration_", "client_id_issued_at")
        for name in without.keys() | answer.keys():
            assert name.startswith(ours) or answer.get(name) == without.get(name), name


ANYTHING = [
    *(7, -1.5, 1e999, True, "x", "\x00", "\ud800", "\u202e", "x" * 20_000),
    *([7], [None], ["\x00"], [["x"]], [{}], {"keys": 7}, {"keys": [7, "x", {}, []]}, {"a": "b"}),
    {"keys": [{"kty": ["RSA"], "n": 7, "e": {}}]},
]


@pytest.mark.parametrize("name", [*EVERY_MEMBER, "redirect_uris"])
def test_a_value_of_any_type_is_registered_left_out_or_refused_in_words(name):
    told = registered()
    for value in [*ANYTHING, json.loads("[" * 900 + "]" * 900)]:
        for answer in (register(**{name: value}), replace(told, **{name: value})):
            assert answer.status_code in (200, 201, 400), (value, answer.content)
            assert answer.status_code != 400 or flow.DESCRIPTION.fullmatch(
                answer.json()["error_description"]
            )


def test_a_refused_name_is_told_with_its_character():
    for name, told in (
        ("evil\u202eelpmaxe", "client_name: the character U+202E (RIGHT-TO-LEFT OVERRIDE)"),
        ("nul\x00", "client_name: the character U+0000 "),
    ):
        assert told in register(client_name=name).json()["error_description"]
    answer = register(**{"client_name#fa": "a\u2066"})
    assert "client_name#fa: the character U+2066" in answer.json()["error_description"]


@pytest.mark.parametrize("name", ["\u200b", "\u00a0\u3000", "\u200f", "\ufe0f", "\u3164", " "])
def test_a_name_that_nobody_can_see_is_none(name):
    told = registered(client_name=name, **{"client_name#de": name})

    assert not {"client_name", "client_name#de"} & told.keys()
    assert str(as_client(told)) == told["client_id"]


def test_what_is_only_told_about_the_software_is_left_out_where_it_can_not_be_kept():
    told = registered(
        software_id={"a": "b"}, software_version=2, contacts=[7, "me@a.example", "\0"]
    )

    assert told["contacts"] == ["me@a.example"]
    assert told["ostiary_left_out"]["contacts"][0] == "int: not a text"
    assert {*told["ostiary_left_out"]} == {"software_id", "software_version", "contacts"}


def test_however_much_is_left_out_the_answer_stays_small():
    answer = register(scope=" ".join(f"s{number}" for number in range(5000)))

    assert len(answer.json()["ostiary_left_out"]["scope"]) == 21
    assert len(answer.content) < 5000


def test_a_response_type_through_the_browser_is_left_out_beside_code():
    """What clients of older servers register with (Tyk #3561, node-oidc-provider #539)."""
    told = registered(
        grant_types=["authorization_code", "implicit"],
        response_types=["token", "id_token", "code token", "id_token code", "code"],
    )

    assert told["response_types"] == ["code id_token", "code"]
    assert told["grant_types"] == ["authorization_code"]
    assert len(told["ostiary_left_out"]["response_types"]) == 3


def test_a_method_that_is_not_to_be_had_is_replaced_by_another_of_the_application_s():
    """RP Metadata Choices; ChatGPT's document has both (gamedevpl #641)."""
    both = ["tls_client_auth", "private_key_jwt", "none"]
    told = registered(
        token_endpoint_auth_method="tls_client_auth",
        token_endpoint_auth_methods_supported=both[::2],
    )

    assert told["token_endpoint_auth_method"] == "none"
    assert refused(register(token_endpoint_auth_method="magic"))


# --- keys -----------------------------------------------------------------------------------------


def with_keys(*keys, **metadata):
    return register(
        **{"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [*keys]}, **metadata}
    )


GOOD_KEY = public_jwk(new_key())
NO_KEYS = [
    {"kty": "EC", "crv": "secp256k1", "x": GOOD_KEY["x"], "y": GOOD_KEY["y"]},
    {"kty": "AKP", "alg": "ML-DSA-65", "pub": "AA"},
    {**GOOD_KEY, "alg": "ES512"},
    {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kty": "RSA", "e": "AQAB", "n": "wA" * 85},
    {"kty": "OKP", "crv": "Ed448", "x": "AA"},
    {"kty": 7},
    {},
]


@pytest.mark.parametrize("key", NO_KEYS)
def test_a_key_that_could_never_be_used_is_refused_but_harms_nothing_beside_a_good_one(key):
    """RFC 7517 §5: keys of unknown kinds are ignored."""
    assert refused(with_keys(key))
    told = with_keys(key, {**GOOD_KEY, "kid": "a", "ext": {"\x00": "\ud800"}})
    assert told.status_code == 201, told.content
    assert told.json()["jwks"]["keys"][-1] == {**GOOD_KEY, "kid": "a"}


def test_tokens_are_bound_to_certificates_only_where_certificates_are_seen(settings):
    """It would never get a token (RFC 8705 §3.4)."""
    told = registered(tls_client_certificate_bound_access_tokens=True)
    assert "tls_client_certificate_bound_access_tokens" not in told
    assert list(told["ostiary_left_out"]) == ["tls_client_certificate_bound_access_tokens"]

    configure(settings, CLIENT_CERTIFICATE_HEADER="Client-Cert")
    assert registered(tls_client_certificate_bound_access_tokens=True)[
        "tls_client_certificate_bound_access_tokens"
    ]


def test_what_is_wrong_is_told_by_the_name_that_was_sent():
    answer = register(token_endpoint_auth_method="private_key_jwt")

    refused(answer)
    assert answer.json()["error_description"].startswith("token_endpoint_auth_method: ")


@pytest.mark.parametrize("private", ["d", "k", "p", "priv"])
def test_a_private_key_is_refused_also_beside_a_good_one(private):
    answer = with_keys(GOOD_KEY, {**GOOD_KEY, private: "c2VjcmV0"})

    assert refused(answer)
    assert f"a private key ({private})" in answer.json()["error_description"]
    assert "c2VjcmV0" not in answer.content.decode()


def test_a_refused_key_is_told_with_what_would_be_taken():
    told = with_keys({**GOOD_KEY, "alg": "ES512"}).json()["error_description"]
    assert "alg ES512 is not one of RS256, PS256, ES256, EdDSA" in told
    told = with_keys({"kty": "RSA", "e": "AQAB", "n": "wA" * 85}).json()["error_description"]
    assert "2048 bits" in told


@pytest.mark.parametrize(
    "metadata",
    [
        {"token_endpoint_auth_signing_alg": "HS256"},
        {"token_endpoint_auth_signing_alg": "RS256"},
        {"token_endpoint_auth_signing_alg": "none"},
        {"request_object_signing_alg": "PS256"},
        {"request_object_signing_alg": "none"},
        {"id_token_encrypted_response_alg": "RSA-OAEP-256"},
        {
            "token_endpoint_auth_method": "client_secret_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
        },
        {"id_token_signed_response_alg": "none"},
        {"userinfo_signed_response_alg": "none"},
        {"token_endpoint_auth_method": "none", "id_token_signed_response_alg": "HS256"},
    ],
)
def test_an_algorithm_without_a_key_or_a_method_for_it_is_refused(metadata):
    assert with_keys(GOOD_KEY).status_code == 201
    assert refused(with_keys(GOOD_KEY, **metadata))


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_registrations_each_succeeds_or_is_told_to_wait(settings):
    limit = {"registration": {"ip": "30/hour"}}
    settings.OSTIARY = {**settings.OSTIARY, "THROTTLES": limit}

    answers = at_once(lambda: register(redirect_uris=["cursor://x", CALLBACK]))

    assert sorted(answer.status_code for answer in answers) == [201] * 30 + [429] * (WAYS - 30)
    assert Client.objects.count() == 30


@pytest.mark.parametrize("name", ["access_token", "registration_access_token", "client_secret"])
def test_no_token_stands_in_the_query_and_anything_else_there_is_ignored(name):
    """SECURITY B5."""
    known = registered()
    own = f"{REGISTER}/{known['client_id']}"
    for method, path in [("POST", REGISTER), *((m, own) for m in ("GET", "DELETE"))]:
        token = "" if method == "POST" else known["registration_access_token"]
        body = {"redirect_uris": [CALLBACK]}
        answer = send(method, f"{path}?{name}=x", body, token)
        refused(answer, "invalid_request")
        assert name in answer.json()["error_description"]
        assert send(method, f"{path}?client-request-id=x", body, token).status_code < 300


def test_the_body_is_bounded_and_of_its_type():
    assert refused(register(x="x" * 40_000), status=413)
    assert refused(Browser().post(REGISTER, {"redirect_uris": CALLBACK}))
    for method in ("GET", "PUT", "DELETE"):
        assert send(method, REGISTER).status_code == 405


def test_a_sector_is_asked_when_it_is_registered():
    with far_end() as end:
        end.body = json.dumps([CALLBACK]).encode()
        assert registered(sector_identifier_uri=end.url, subject_type="pairwise")
        end.body = b"[]"
        assert refused(register(sector_identifier_uri=end.url, subject_type="pairwise"))


def test_registration_asks_no_other_address():
    with far_end() as end:
        registered(
            redirect_uris=[CALLBACK, f"{end.url}callback"],
            jwks_uri=f"{end.url}jwks",
            logo_uri=f"{end.url}logo",
            client_uri=end.url,
            policy_uri=f"{end.url}policy",
        )

    assert end.asked == []


# --- software statements --------------------------------------------------------------------------

VOUCHER = new_key()


@pytest.fixture
def voucher(settings):
    """Somebody whose statements are believed."""
    jwks = {"keys": [public_jwk(VOUCHER)]}
    configure(settings, SOFTWARE_STATEMENT_ISSUERS={"https://vouch.example": json.dumps(jwks)})


def statement(key=VOUCHER, alg="ES256", **claims):
    return jwt.encode({"iss": "https://vouch.example", **claims}, key, algorithm=alg)


def test_a_software_statement_overrides_what_the_request_says(voucher):
    vouched = statement(client_name="Vouched", software_id="real", first_party=True)

    told = registered(client_name="Claimed", software_id="false", software_statement=vouched)

    assert (told["client_name"], told["software_id"]) == ("Vouched", "real")
    assert told["software_statement"] == vouched
    assert as_client(told).first_party is False


def test_a_statement_is_signed_by_who_is_trusted(voucher):
    now = int(time.time())
    for given in (
        statement(new_key()),
        statement(exp=now - 3600),
        statement("x" * 32, "HS256"),
        jwt.encode({"iss": "https://vouch.example"}, None, algorithm="none"),
        "a.b.c",
        7,
        {"iss": "https://vouch.example"},
    ):
        assert refused(register(software_statement=given), "invalid_software_statement")
    stranger = jwt.encode({"iss": "https://evil.example"}, VOUCHER, algorithm="ES256")
    assert refused(register(software_statement=stranger), "unapproved_software_statement")
    assert not Client.objects.exists()


def test_a_statement_may_name_its_algorithm_as_newer_software_does(settings):
    key = new_key("Ed25519")
    jwks = json.dumps({"keys": [public_jwk(key, "Ed25519")]})
    configure(settings, SOFTWARE_STATEMENT_ISSUERS={"https://vouch.example": jwks})

    told = registered(software_statement=statement(key, "Ed25519", client_name="V"))

    assert told["client_name"] == "V"


def test_an_issuer_s_keys_may_be_at_an_address(settings):
    with far_end() as end:
        end.body = json.dumps({"keys": [public_jwk(VOUCHER)]}).encode()
        configure(settings, SOFTWARE_STATEMENT_ISSUERS={"https://vouch.example": end.url})

        assert registered(software_statement=statement(client_name="V"))["client_name"] == "V"


# --- the site's policy ----------------------------------------------------------------------------


def our_policy(metadata, context):
    """An example: only software of our own, which is named as we say."""
    if metadata.get("software_id") != "ours":
        raise InvalidClientMetadata(description="Not our software.")
    return {**metadata, "client_name": f"Ours, from {context.ip}", "scope": "openid"}


def test_the_policy_of_the_site_may_refuse_and_change(settings):
    configure(settings, REGISTRATION_POLICY=f"{__name__}.our_policy")

    answer = register()
    assert refused(answer)
    assert answer.json()["error_description"] == "Not our software."
    told = registered(software_id="ours", scope="openid email")
    assert (told["client_name"], told["scope"]) == ("Ours, from 127.0.0.1", "openid")


def test_the_policy_holds_for_a_change_too(settings):
    told = registered()
    configure(settings, REGISTRATION_POLICY=f"{__name__}.our_policy")

    assert refused(replace(told))


# --- RFC 7592 -------------------------------------------------------------------------------------


def manage(method, told, body=None, token=None):
    token = told["registration_access_token"] if token is None else token
    return send(method, f"{REGISTER}/{told['client_id']}", body, token)


def replace(told, **changes):
    kept = {"client_id": told["client_id"], "redirect_uris": told["redirect_uris"]}
    return manage("PUT", told, {**kept, **changes})


def test_a_client_reads_its_registration_but_never_its_secret_again():
    told = registered(client_name="Agent")

    answer = manage("GET", told)

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer.json() == {
        name: value for name, value in told.items() if not name.startswith("client_secret")
    }


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_its_own_registration_token_counts(method, confidential_client):
    told, other = registered(), registered()

    for token in ("", "wrong", "é", other["registration_access_token"], told["client_secret"]):
        assert refused(manage(method, told, {}, token), "invalid_token", 401)
    for client_id in ("unknown", "a%00b", confidential_client.client_id):
        assert refused(send(method, f"{REGISTER}/{client_id}", {}, "x"), "invalid_token", 401)
    assert refused(
        send(method, f"{REGISTER}/{confidential_client.client_id}"), "invalid_token", 401
    )
    assert Client.objects.count() == 3


def test_a_disabled_client_manages_nothing_and_stays_disabled():
    told = registered()
    Client.objects.update(enabled=False)

    for method in ("GET", "PUT", "DELETE"):
        assert refused(manage(method, told, {}), "invalid_token", 401)
    assert Client.objects.get().enabled is False


def test_a_change_replaces_everything():
    told = registered(client_name="Agent", contacts=["a@agent.example"], software_id="x")

    answer = replace(told, client_name="New", redirect_uris=["https://agent.example/new"])

    changed = answer.json()
    assert answer.status_code == 200
    assert changed["client_name"] == "New"
    assert changed["redirect_uris"] == ["https://agent.example/new"]
    assert "contacts" not in changed
    assert "software_id" not in changed
    assert changed["registration_access_token"] == told["registration_access_token"]
    assert as_client(told).check_secret(told["client_secret"])
    assert Event.objects.get(kind="client.changed").details["fields"] == [
        "client_name",
        "contacts",
        "redirect_uris",
        "software_id",
    ]


def test_a_change_never_widens_what_an_operator_has_narrowed():
    told = registered(grant_types=["authorization_code", "refresh_token"])
    Client.objects.update(scopes=["openid"], grant_types=["authorization_code"])

    assert replace(told, scope="openid email profile").json()["scope"] == "openid"
    wider = replace(told, grant_types=["authorization_code", "refresh_token"]).json()
    assert wider["grant_types"] == ["authorization_code"]
    assert refused(replace(told, grant_types=["client_credentials"]))


def test_a_change_undoes_nothing_that_is_the_operator_s():
    told = registered(**{"client_name#de": "Alt"})
    client = as_client(told)
    client.metadata["security_profile"] = "oauth21"
    client.access_token_lifetime, client.required_acr = 60, "urn:ostiary:aal2"
    client.save()

    assert replace(told, **{"client_name#fr": "Neuf"}).status_code == 200

    client = as_client(told)
    assert client.metadata == {
        "security_profile": "oauth21",
        "localized_client_names": {"fr": "Neuf"},
    }
    assert (client.access_token_lifetime, client.required_acr) == (60, "urn:ostiary:aal2")


def test_a_change_names_the_client_and_its_secret_rightly():
    told = registered()

    assert refused(replace(told, client_id="another"))
    assert refused(replace(told, client_secret="another"))
    assert refused(replace(told, redirect_uris=["javascript:alert(1)"]), "invalid_redirect_uri")
    assert replace(told, client_secret=told["client_secret"]).status_code == 200


def test_a_change_of_method_gives_and_takes_the_secret():
    told = registered(token_endpoint_auth_method="none")
    assert "client_secret" not in told

    with_secret = replace(told, token_endpoint_auth_method="client_secret_basic").json()
    assert as_client(told).check_secret(with_secret["client_secret"])

    assert "client_secret" not in replace(told, token_endpoint_auth_method="none").json()
    assert not as_client(told).check_secret(with_secret["client_secret"])


def test_a_client_that_removes_itself_takes_all_it_was_given_along(signed_in_browser):
    told = registered(grant_types=["authorization_code", "refresh_token"])
    tokens = flow.sign_in_tokens(signed_in_browser, as_client(told), scope="openid")

    answer = manage("DELETE", told)

    assert (answer.status_code, answer.content) == (204, b"")
    assert not Client.objects.exists()
    assert not Grant.objects.exists()
    assert not Consent.objects.exists()
    assert flow.userinfo(tokens["access_token"]).status_code == 401
    assert refused(manage("GET", told), "invalid_token", 401)
    assert Event.objects.filter(kind="client.deleted", client_id=told["client_id"]).exists()


def test_other_methods_are_refused():
    assert manage("POST", registered(), {}).status_code == 405


# --- consent --------------------------------------------------------------------------------------


def test_consent_is_asked_and_says_that_nobody_checked(signed_in_browser):
    told = registered(client_name="Your Bank", **{"client_name#en": "Your English Bank"})

    page = flow.authorize(signed_in_browser, as_client(told), scope="openid").content.decode()

    assert "registered itself" in page
    assert "Your English Bank" in page
    assert 'name="decision"' in page


def test_a_name_keeps_its_direction_to_itself(signed_in_browser):
    told = registered(client_name="שלום\u200f <2>")

    page = flow.authorize(signed_in_browser, as_client(told), scope="openid").content.decode()

    isolated = "<bdi>שלום\u200f &lt;2&gt;</bdi>"
    assert page.count(isolated) == 2
    assert page.partition("</title>")[0].count("bdi") == 0


def test_an_operator_s_own_client_has_no_such_warning(signed_in_browser, confidential_client):
    page = flow.authorize(signed_in_browser, confidential_client).content.decode()

    assert "We haven’t verified it" not in page


def test_a_confidential_one_on_the_person_s_device_asks_every_time(signed_in_browser):
    client = as_client(registered(redirect_uris=["http://127.0.0.1/callback"]))
    flow.sign_in_tokens(signed_in_browser, client, scope="openid")

    page = flow.authorize(signed_in_browser, client, scope="openid")

    assert b"program on your own device" in page.content
    assert b'name="decision"' in page.content


# --- cleaning up ----------------------------------------------------------------------------------


def test_one_that_nobody_has_used_in_time_is_removed(signed_in_browser, service_client):
    unused, used, off = registered(), registered(), registered()
    flow.sign_in_tokens(signed_in_browser, as_client(used), scope="openid")
    Client.objects.filter(client_id=off["client_id"]).update(enabled=False)
    assert cleanup.remove_unused_clients() == 0

    Client.objects.exclude(unused_expires_at=None).update(unused_expires_at=timezone.now())

    assert cleanup.remove_unused_clients() == 1
    left = set(Client.objects.values_list("client_id", flat=True))
    assert left == {used["client_id"], off["client_id"], service_client.client_id}
    assert unused["client_id"] not in left


def test_one_that_acts_for_itself_counts_as_used():
    token = initial_token(
        scopes=["api:read"], grant_types=["client_credentials"], audiences=[API]
    ).fresh_token

    told = registered(token, redirect_uris=[], grant_types=["client_credentials"])

    assert as_client(told).unused_expires_at is None


# --- the operator ---------------------------------------------------------------------------------


@pytest.fixture
def operator_s_browser():
    return desk_of(make_person("operator@example.com", is_staff=True, is_superuser=True))


TOKENS = "/admin/ostiary_oauth/initialaccesstoken/"


def test_an_operator_makes_a_token_that_is_shown_once(operator_s_browser, settings):
    configure(settings, REGISTRATION="initial_access_token")
    page = operator_s_browser.post(
        f"{TOKENS}add/",
        {"note": "For Bob", "uses_left": "1", "scopes": ["openid"], "audiences": ""},
    )

    row = InitialAccessToken.objects.get()
    [shown] = [
        part.partition("</textarea>")[0]
        for part in page.content.decode().split('spellcheck="false">')[1:]
    ]
    assert "no-store" in page["Cache-Control"]
    assert registered(shown)["scope"] == "openid"
    listed = operator_s_browser.get(TOKENS).content.decode()
    changed = operator_s_browser.get(f"{TOKENS}{row.pk}/change/").content.decode()
    assert "For Bob" in listed
    assert shown not in listed + changed
    assert row.token_hash not in listed + changed
    made = Event.objects.get(kind="initial_access_token.made")
    assert shown not in json.dumps(made.details)


def test_an_operator_ends_a_token(operator_s_browser):
    token = initial_token()

    operator_s_browser.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"})

    assert refused(register(token.fresh_token), "invalid_token", 401)
    assert Event.objects.filter(kind="initial_access_token.deleted").exists()


def test_an_operator_tells_by_whom_each_was_registered(operator_s_browser, confidential_client):
    told = registered()

    page = operator_s_browser.get("/admin/ostiary_oauth/client/?registration_source__exact=dcr")

    assert told["client_id"] in page.content.decode()
    assert confidential_client.client_id not in page.content.decode()


def test_names_in_other_languages_survive_the_operator_s_form(operator_s_browser):
    told = registered(client_name="A", **{"client_name#de": "B"})
    client = as_client(told)
    address = f"/admin/ostiary_oauth/client/{client.pk}/change/"
    form = operator_s_browser.get(address).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}

    answer = operator_s_browser.post(
        address,
        {name: value for name, value in values.items() if value not in (None, False)},
    )

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert as_client(told).registered("localized_client_names") == {"de": "B"}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"REGISTRATION": "ajar"}, "REGISTRATION is not one of"),
        ({"REGISTRATION_POLICY": "nowhere.at.all"}, "can't be imported"),
        ({"REGISTRATION_POLICY": f"{__name__}.CALLBACK"}, "not callable"),
        ({"CLIENT_ID_METADATA_HOSTS": ["https://a.example"]}, "isn't a host"),
        ({"CLIENT_ID_METADATA_HOSTS": ["*"]}, "isn't a host"),
        ({"SOFTWARE_STATEMENT_ISSUERS": {"https://a.example": "{}"}}, "neither"),
    ],
)
def test_settings_that_cannot_be_followed_are_told_at_the_start(settings, given, wrong):
    settings.OSTIARY_OAUTH = given

    [found] = check_registration(None)

    assert wrong in found.msg


def test_sound_settings_are_not_complained_of(settings, voucher):
    configure(
        settings,
        REGISTRATION="initial_access_token",
        REGISTRATION_POLICY=f"{__name__}.our_policy",
        CLIENT_ID_METADATA_HOSTS=["a.example", "*.b.example", "localhost"],
    )

    assert check_registration(None) == []
