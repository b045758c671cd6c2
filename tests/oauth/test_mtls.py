"""Mutual TLS (RFC 8705; SECURITY B4, B7): the certificate comes in a header of a trusted proxy."""

import ipaddress
from urllib.parse import urlencode

import pytest
from cryptography import x509
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.test import Client as Browser

from oauth import tls_client_auth
from oauth.client_metadata import SIGNING_ALGS
from oauth.models import Client
from oauth.resource_server.mtls import thumbprint
from tests.oauth import flow
from tests.oauth.assertions import CLIENT_KEY, new_key, public_jwk
from tests.oauth.conftest import API, SIGNS_PEOPLE_IN, make_client
from tests.oauth.resource_server.certificates import (
    FORMS,
    as_base64,
    as_client_cert,
    as_escaped_pem,
    new_certificate,
)

pytestmark = pytest.mark.django_db

SUBJECT = "CN=client.example,OU=Payments,O=Example Ltd,C=GB"
PROXY = {"X-Forwarded-For": "192.0.2.7"}


@pytest.fixture(autouse=True)
def proxy(settings):
    """The site stands behind one proxy, which passes certificates on."""
    settings.OSTIARY = {**settings.OSTIARY, "TRUSTED_PROXY_HOPS": 1}
    settings.OSTIARY_OAUTH = {
        **getattr(settings, "OSTIARY_OAUTH", {}),
        "CLIENT_CERTIFICATE_HEADER": "X-SSL-Client-Cert",
        "CLIENT_CERTIFICATE_VERIFIED_HEADER": "X-SSL-Client-Verify",
    }
    return settings


def headers_of(certificate, form=as_escaped_pem, verified="SUCCESS", **more):
    """What the proxy adds to a request."""
    return {
        **PROXY,
        "X-SSL-Client-Cert": form(certificate),
        "X-SSL-Client-Verify": verified,
        **more,
    }


def post(params, headers, path=flow.TOKEN):
    return Browser().post(
        path, urlencode(params, doseq=True), content_type=flow.FORM, headers=headers
    )


def ask(client, headers, **params):
    told = {"grant_type": "client_credentials", "client_id": client.client_id, **params}
    return post(told, headers)


def assert_unauthenticated(answer):
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


SERVICE = {
    "client_type": Client.CLIENT_CONFIDENTIAL,
    "grant_types": ["client_credentials"],
    "scopes": ["api:read"],
    "audiences": [API],
}


def client_of(method, **metadata):
    return make_client(
        name="TLS service", token_endpoint_auth_methods=[method], metadata=metadata, **SERVICE
    )


@pytest.fixture
def pki_client():
    """A service known by its certificate's subject."""
    return client_of("tls_client_auth", tls_client_auth_subject_dn=SUBJECT)


@pytest.fixture
def self_signed_client():
    """A service known by its certificate's key."""
    jwks = {"keys": [public_jwk(new_key()), public_jwk(CLIENT_KEY)]}
    return client_of("self_signed_tls_client_auth", jwks=jwks)


# --- who it is ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_a_subject_authenticates_in_every_form_of_the_header(pki_client, form):
    certificate = new_certificate(subject=SUBJECT)

    assert ask(pki_client, headers_of(certificate, form)).status_code == 200


@pytest.mark.parametrize(
    "registered",
    [
        "CN=CLIENT.example,OU=payments,O=Example LTD,C=gb",
        "CN=client.example,OU=Payments,O=Example  Ltd,C=GB",
        "2.5.4.3=client.example,OU=Payments,O=Example Ltd,C=GB",
        "CN=client\\2Eexample,OU=Payments,O=Example Ltd,C=GB",
    ],
)
def test_a_subject_is_compared_as_a_name_not_as_a_text(registered):
    """RFC 4514, RFC 4517 §4.2.11."""
    told = {"tls_client_auth_subject_dn": registered}
    if not tls_client_auth.is_registrable(told):
        pytest.fail(f"{registered} is a name")

    assert tls_client_auth.matches(told, new_certificate(subject=SUBJECT))


@pytest.mark.parametrize(
    "subject",
    [
        "CN=client.example",
        "CN=client.example,OU=Payments,O=Example Ltd,C=FR",
        "OU=Payments,CN=client.example,O=Example Ltd,C=GB",
        "CN=client.example+OU=Payments,O=Example Ltd,C=GB",
        "CN=client.example\\,OU=Payments,O=Example Ltd,C=GB",
        "CN=client.example,OU=Payments,O=Example Ltd,C=GB,DC=com",
    ],
)
def test_another_subject_is_refused(pki_client, subject):
    assert_unauthenticated(ask(pki_client, headers_of(new_certificate(subject=subject))))


ALTERNATIVE = {
    "san_dns": ("Client.example", x509.DNSName("client.EXAMPLE"), x509.DNSName("*.example")),
    "san_uri": (
        "spiffe://example/client",
        x509.UniformResourceIdentifier("spiffe://example/client"),
        x509.UniformResourceIdentifier("spiffe://example/Client"),
    ),
    "san_ip": (
        "2001:db8:0::1",
        x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
        x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
    ),
    "san_email": (
        "client@Example.com",
        x509.RFC822Name("client@example.com"),
        x509.RFC822Name("Client@example.com"),
    ),
}


@pytest.mark.parametrize(("name", "told"), ALTERNATIVE.items(), ids=ALTERNATIVE)
def test_an_alternative_name_authenticates_and_another_does_not(name, told):
    registered, right, wrong = told
    client = client_of("tls_client_auth", **{f"tls_client_auth_{name}": registered})
    filler = (x509.DNSName("other.example"),)

    good = new_certificate(registered[:60], names=(*filler, right))
    assert ask(client, headers_of(good)).status_code == 200
    for certificate in (
        new_certificate(registered[:60], names=(*filler, wrong)),
        new_certificate(registered[:60]),
        new_certificate(names=(x509.DirectoryName(good.subject),)),
    ):
        assert_unauthenticated(ask(client, headers_of(certificate)))


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"tls_client_auth_subject_dn": SUBJECT, "tls_client_auth_san_dns": "a.example"},
        {"tls_client_auth_subject_dn": "not a name"},
        {"tls_client_auth_subject_dn": "CN"},
        {"tls_client_auth_san_ip": "1.2.3"},
        {"tls_client_auth_san_email": "a"},
    ],
)
def test_exactly_one_name_can_be_registered(metadata):
    with pytest.raises(ValidationError, match="exactly one"):
        client_of("tls_client_auth", **metadata)


@pytest.mark.parametrize("verified", ["NONE", "FAILED:self signed", "success", "", None])
def test_a_chain_that_the_proxy_did_not_verify_proves_no_subject(pki_client, verified):
    headers = headers_of(new_certificate(subject=SUBJECT), verified=verified or "")
    if verified is None:
        del headers["X-SSL-Client-Verify"]

    assert_unauthenticated(ask(pki_client, headers))


@pytest.mark.parametrize("verified", ["NONE", "FAILED:self signed certificate"])
def test_a_registered_key_authenticates_whoever_signed_its_certificate(
    self_signed_client, verified
):
    certificate = new_certificate("anything", key=CLIENT_KEY)

    assert ask(self_signed_client, headers_of(certificate, verified=verified)).status_code == 200


def test_another_key_is_refused(self_signed_client):
    assert_unauthenticated(ask(self_signed_client, headers_of(new_certificate())))


@pytest.mark.parametrize("alg", [alg for alg in SIGNING_ALGS if alg != "EdDSA"])
def test_keys_of_each_kind_are_found(alg):
    key = new_key(alg)
    jwk = {**public_jwk(key, alg), "alg": alg, "x5c": [as_base64(new_certificate(key=key))]}
    client = client_of("self_signed_tls_client_auth", jwks={"keys": [jwk]})

    assert ask(client, headers_of(new_certificate(key=key))).status_code == 200


def test_a_key_of_its_own_is_needed_to_register_a_self_signed_certificate():
    with pytest.raises(ValidationError, match="jwks"):
        client_of("self_signed_tls_client_auth")


@pytest.mark.parametrize("days", [(-3, -1), (1, 3)], ids=["expired", "not yet valid"])
def test_a_certificate_counts_while_it_is_valid(pki_client, self_signed_client, days):
    certificate = new_certificate(subject=SUBJECT, key=CLIENT_KEY, days=days)

    for client in (pki_client, self_signed_client):
        assert_unauthenticated(ask(client, headers_of(certificate)))


@pytest.mark.parametrize(
    "value",
    ["", "x", "::", ":%%:", "-----BEGIN", "%2D" * 500, "é", "A" * 20000, ":" + "A" * 400 + ":"],
)
def test_what_is_no_certificate_authenticates_nobody(pki_client, value):
    headers = {**PROXY, "X-SSL-Client-Cert": value, "X-SSL-Client-Verify": "SUCCESS"}

    assert_unauthenticated(ask(pki_client, headers))


def test_two_certificates_in_the_header_are_none(pki_client):
    form = as_client_cert(new_certificate(subject=SUBJECT))
    headers = {**PROXY, "X-SSL-Client-Cert": f"{form}, {form}", "X-SSL-Client-Verify": "SUCCESS"}

    assert_unauthenticated(ask(pki_client, headers))


# --- whose word the header is ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hops", "forwarded"), [(0, "192.0.2.7"), (1, None), (1, " ,"), (2, "192.0.2.7")]
)
def test_a_header_that_did_not_come_through_our_proxies_is_ignored(
    pki_client, self_signed_client, proxy, hops, forwarded
):
    proxy.OSTIARY = {**proxy.OSTIARY, "TRUSTED_PROXY_HOPS": hops}
    headers = headers_of(new_certificate(subject=SUBJECT, key=CLIENT_KEY))
    headers.pop("X-Forwarded-For")
    if forwarded is not None:
        headers["X-Forwarded-For"] = forwarded

    for client in (pki_client, self_signed_client):
        assert_unauthenticated(ask(client, headers))


def test_no_header_but_the_configured_one_counts(pki_client, proxy):
    certificate = new_certificate(subject=SUBJECT)
    headers = {**headers_of(certificate), "Client-Cert": as_client_cert(certificate)}
    headers.pop("X-SSL-Client-Cert")

    assert_unauthenticated(ask(pki_client, headers))

    proxy.OSTIARY_OAUTH = {}
    assert_unauthenticated(ask(pki_client, headers_of(certificate)))


def test_a_certificate_is_no_help_to_a_client_of_another_method(service_client, public_client):
    service_client.metadata = {
        "tls_client_auth_subject_dn": SUBJECT,
        "jwks": {"keys": [public_jwk(CLIENT_KEY)]},
    }
    service_client.save()
    headers = headers_of(new_certificate(subject=SUBJECT, key=CLIENT_KEY))

    assert_unauthenticated(ask(service_client, headers))
    assert ask(public_client, headers).json()["error"] == "unauthorized_client"


def test_a_secret_is_no_help_to_a_client_of_certificates(pki_client):
    assert_unauthenticated(ask(pki_client, PROXY, client_secret=pki_client.raw_secret))
    basic = {"Authorization": flow.basic(pki_client.client_id, pki_client.raw_secret)}
    assert_unauthenticated(ask(pki_client, {**PROXY, **basic}))
    assert_unauthenticated(ask(pki_client, PROXY))


def test_a_disabled_client_s_certificate_is_refused(pki_client):
    Client.objects.update(enabled=False)

    assert_unauthenticated(ask(pki_client, headers_of(new_certificate(subject=SUBJECT))))


def test_the_client_id_must_come_with_the_certificate(pki_client):
    """RFC 8705 §2."""
    headers = headers_of(new_certificate(subject=SUBJECT))

    assert_unauthenticated(post({"grant_type": "client_credentials"}, headers))


@pytest.mark.parametrize("path", [flow.REVOKE, "/oauth/introspect"])
def test_the_other_endpoints_take_it_too(pki_client, path):
    params = {"client_id": pki_client.client_id, "token": "x"}
    headers = headers_of(new_certificate(subject=SUBJECT))

    assert post(params, headers, path).status_code == 200
    assert_unauthenticated(post(params, PROXY, path))


# --- bound tokens ---------------------------------------------------------------------------------


def test_tokens_are_bound_to_the_certificate_where_the_client_wants_it(pki_client):
    certificate = new_certificate(subject=SUBJECT)
    unbound = ask(pki_client, headers_of(certificate)).json()
    assert "cnf" not in flow.said_by(unbound["access_token"])

    pki_client.metadata["tls_client_certificate_bound_access_tokens"] = True
    pki_client.save()

    bound = ask(pki_client, headers_of(certificate)).json()
    assert bound["token_type"] == "Bearer"
    assert flow.said_by(bound["access_token"])["cnf"] == {"x5t#S256": thumbprint(certificate)}


@pytest.fixture(params=["confidential", "public"])
def binding_client(request):
    """Signs people in, and wants its tokens bound."""
    return make_client(
        name="Bound",
        client_type=request.param,
        redirect_uris="https://rp.example/callback",
        metadata={"tls_client_certificate_bound_access_tokens": True},
        **SIGNS_PEOPLE_IN,
    )


def exchange(client, headers, **params):
    if client.is_public:
        params["client_id"] = client.client_id
    else:
        basic = flow.basic(client.client_id, client.raw_secret)
        headers = {**headers, "Authorization": basic}
    return post(params, headers)


def sign_in(browser, client, headers):
    code, verifier = flow.obtain_code(browser, client)
    return exchange(
        client,
        headers,
        grant_type="authorization_code",
        code=code,
        redirect_uri=client.redirect_uris,
        code_verifier=verifier,
    )


def test_without_its_certificate_such_a_client_gets_no_token(signed_in_browser, binding_client):
    for headers in (PROXY, headers_of(new_certificate(days=(-3, -1)))):
        answer = sign_in(signed_in_browser, binding_client, headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_userinfo_takes_a_bound_token_over_its_own_connection_only(
    signed_in_browser, binding_client
):
    mine, other = new_certificate(), new_certificate()
    token = sign_in(signed_in_browser, binding_client, headers_of(mine)).json()["access_token"]

    def status(headers):
        bearer = {"Authorization": f"Bearer {token}"}
        return Browser().get(flow.USERINFO, headers={**bearer, **headers})

    assert status(headers_of(mine)).status_code == 200
    forged = headers_of(mine)
    forged.pop("X-Forwarded-For")
    for headers in (PROXY, headers_of(other), forged, {}):
        answer = status(headers)
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer["WWW-Authenticate"]


def test_a_refresh_token_of_a_public_client_is_bound_of_a_confidential_one_not(
    signed_in_browser, binding_client
):
    """RFC 8705 §4: a confidential client is bound by its authentication, and may change its
    certificate."""
    mine, other = new_certificate(), new_certificate()
    first = sign_in(signed_in_browser, binding_client, headers_of(mine)).json()

    answer = exchange(
        binding_client,
        headers_of(other),
        grant_type="refresh_token",
        refresh_token=first["refresh_token"],
    )

    if binding_client.is_public:
        assert answer.json()["error"] == "invalid_grant"
        again = exchange(
            binding_client,
            headers_of(mine),
            grant_type="refresh_token",
            refresh_token=first["refresh_token"],
        )
        assert again.status_code == 200
    else:
        cnf = flow.said_by(answer.json()["access_token"])["cnf"]
        assert cnf == {"x5t#S256": thumbprint(other)}


def test_introspection_tells_to_which_certificate_a_token_is_bound(pki_client):
    pki_client.metadata["tls_client_certificate_bound_access_tokens"] = True
    pki_client.save()
    certificate = new_certificate(subject=SUBJECT)
    token = ask(pki_client, headers_of(certificate)).json()["access_token"]

    told = post(
        {"client_id": pki_client.client_id, "token": token},
        headers_of(certificate),
        "/oauth/introspect",
    ).json()

    assert told["cnf"] == {"x5t#S256": thumbprint(certificate)}
    assert told["token_type"] == "Bearer"


# --- what is told ---------------------------------------------------------------------------------

BOTH = ["tls_client_auth", "self_signed_tls_client_auth"]


@pytest.mark.parametrize(
    ("told", "methods"),
    [
        ({}, []),
        ({"CLIENT_CERTIFICATE_HEADER": "Client-Cert"}, BOTH[1:]),
        (
            {
                "CLIENT_CERTIFICATE_HEADER": "Client-Cert",
                "CLIENT_CERTIFICATE_VERIFIED_HEADER": "X-Verified",
            },
            BOTH,
        ),
    ],
)
def test_discovery_tells_what_the_proxy_makes_possible(proxy, told, methods):
    proxy.OSTIARY_OAUTH = told

    document = Browser().get("/.well-known/oauth-authorization-server").json()

    for endpoint in ("token", "revocation", "introspection"):
        supported = document[f"{endpoint}_endpoint_auth_methods_supported"]
        assert [name for name in supported if "tls" in name] == methods
    assert document["tls_client_certificate_bound_access_tokens"] == bool(methods)
    # RFC 8705 §5: the endpoints are the same for mutual TLS.
    assert "mtls_endpoint_aliases" not in document


def problems():
    return [problem.id for problem in run_checks() if problem.id == "ostiary_oauth.E007"]


def test_the_header_needs_a_trusted_proxy(proxy):
    assert problems() == []

    proxy.OSTIARY = {**proxy.OSTIARY, "TRUSTED_PROXY_HOPS": 0}
    assert problems() == ["ostiary_oauth.E007"]

    proxy.OSTIARY_OAUTH = {}
    assert problems() == []


def test_the_header_of_the_verdict_needs_that_of_the_certificate(proxy):
    proxy.OSTIARY_OAUTH = {"CLIENT_CERTIFICATE_VERIFIED_HEADER": "X-Verified"}

    assert problems() == ["ostiary_oauth.E007"]
