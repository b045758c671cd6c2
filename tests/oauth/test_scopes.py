"""Scopes narrow and never widen: what is not to be had is left out, and the answer says what was
given (RFC 6749 §3.3, OIDC Core §3.1.2.1; SECURITY A5, A7, J7)."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth2.rfc6749.errors import InvalidScopeError

from oauth import scopes
from oauth.models import Client, Consent, DeviceGrant, ExchangeRule, Grant
from tests.oauth import flow
from tests.oauth.conftest import API, SIGNS_PEOPLE_IN, make_client
from tests.oauth.test_device import GRANT_TYPE as DEVICE
from tests.oauth.test_device import START, decide, poll
from tests.oauth.test_security_profile import FIELDS, METADATA
from tests.oauth.test_security_profile import post as post_as_bank
from tests.oauth.test_token_exchange import GRANT_TYPE as EXCHANGE
from tests.oauth.test_token_exchange import NEXT, exchange

pytestmark = pytest.mark.django_db

METADATA_DOCUMENT = "/.well-known/oauth-authorization-server"


def consent_page(browser, client, **overrides) -> str:
    """What the consent page says."""
    page = flow.authorize(browser, client, **overrides)
    assert page.status_code == 200, page["Location"]
    return page.content.decode()


def refusal(response):
    """The error and its description, at the redirect URI or in JSON."""
    answer = flow.answer_of(response) if response.status_code == 302 else response.json()
    assert flow.DESCRIPTION.fullmatch(answer["error_description"])
    return answer["error"], answer["error_description"]


# --- what nobody knows, or this client may not have -----------------------------------------------


@pytest.mark.parametrize(
    "extra", ["groups", "phone", "address", "claudeai", "openid:x", '"', "é", "https://x.example/a"]
)
def test_a_scope_that_is_not_to_be_had_is_left_out_and_told_so(
    signed_in_browser, confidential_client, extra
):
    tokens = flow.sign_in_tokens(
        signed_in_browser, confidential_client, scope=f"{extra} openid {extra} email"
    )

    assert tokens["scope"] == "openid email"
    assert flow.said_by(tokens["access_token"])["scope"] == "openid email"
    assert Consent.objects.get().scopes == ["email", "openid"]
    assert Grant.objects.get().scope == "openid email"


def test_the_page_shows_only_what_will_be_given(signed_in_browser, confidential_client):
    confidential_client.scopes = ["openid", "email", "offline_access"]
    confidential_client.grant_types = ["authorization_code"]
    confidential_client.save()

    page = consent_page(
        signed_in_browser, confidential_client, scope="openid profile email groups offline_access"
    )

    assert "See your email address" in page
    for other in ("See your name and profile", "Stay connected"):
        assert other not in page


def test_if_nothing_is_left_the_error_names_what_was_asked_for(
    signed_in_browser, confidential_client, service_client
):
    asked = 'groups "quoted" \\ é'
    for answer in (
        flow.authorize(signed_in_browser, confidential_client, scope=asked),
        flow.push(confidential_client, scope=asked),
        flow.post_token(service_client, grant_type="client_credentials", scope=asked),
    ):
        error, words = refusal(answer)
        assert error == "invalid_scope"
        assert words.endswith("groups %22quoted%22 %5C %C3%A9")


def test_what_was_asked_for_is_told_back_in_part_where_it_is_long(service_client):
    answer = flow.post_token(
        service_client, grant_type="client_credentials", scope="scope-of-another " * 200
    )

    assert len(refusal(answer)[1]) < 300


def test_a_pushed_request_is_narrowed_like_any_other(signed_in_browser, confidential_client):
    pushed = flow.push(confidential_client, scope="openid groups")
    assert pushed.status_code == 201

    page = flow.come(signed_in_browser, confidential_client, pushed)
    flow.allow(signed_in_browser, page)

    assert Grant.objects.get().scope == "openid"


def test_a_device_gets_what_it_may_have_and_nothing_else(signed_in_browser):
    television = make_client(
        name="Television", client_type="public", grant_types=[DEVICE], scopes=["openid", "email"]
    )
    started = flow.post_as(television, START, {"scope": "openid groups offline_access phone"})
    assert started.status_code == 200

    page = signed_in_browser.get("/oauth/device", {"user_code": started.json()["user_code"]})
    assert "Stay connected" not in page.content.decode()
    decide(signed_in_browser, started.json()["user_code"], "allow")

    assert poll(television, started.json()).json()["scope"] == "openid"


def test_a_service_gets_what_it_may_have_and_nothing_else(service_client):
    answer = flow.post_token(
        service_client, grant_type="client_credentials", scope="openid api:read groups"
    ).json()

    assert answer["scope"] == flow.said_by(answer["access_token"])["scope"] == "api:read"


def test_an_exchange_gives_what_it_may_and_nothing_else(signed_in_browser, confidential_client):
    api = make_client(name="Api", client_type="confidential", grant_types=[EXCHANGE])
    ExchangeRule.objects.create(
        client=api, subject_audience=API, target_audience=NEXT, scopes=["api:read"]
    )
    brought = flow.sign_in_tokens(signed_in_browser, confidential_client, resource=API)

    answer = exchange(api, brought["access_token"], scope="api:read openid api:write").json()

    assert answer["scope"] == "api:read"


# --- a refresh ------------------------------------------------------------------------------------


def test_a_refresh_may_send_the_list_of_the_first_request_again(
    signed_in_browser, confidential_client
):
    """AppAuth and MSAL do."""
    asked = "openid groups address email"
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, scope=asked)

    answer = flow.refresh(confidential_client, tokens["refresh_token"], scope=asked).json()

    assert answer["scope"] == flow.said_by(answer["access_token"])["scope"] == "openid email"


def test_a_refresh_never_gets_what_the_person_was_not_asked_for(
    signed_in_browser, confidential_client, settings
):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, scope="openid groups")
    refused = flow.refresh(
        confidential_client, tokens["refresh_token"], scope="openid profile email"
    )
    assert refusal(refused) == (
        "invalid_scope",
        "Not granted, ask the person for it: profile email",
    )

    # What nobody knew when it was asked for was not granted: a refresh does not catch up on it.
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "SCOPES": {"groups": "Your groups"}}
    confidential_client.scopes = [*confidential_client.scopes, "groups"]
    confidential_client.save()

    refused = flow.refresh(confidential_client, tokens["refresh_token"], scope="openid groups")
    assert refusal(refused)[0] == "invalid_scope"
    answer = flow.refresh(confidential_client, tokens["refresh_token"]).json()
    assert answer["scope"] == "openid"


def test_a_scope_that_was_taken_from_the_client_is_left_out_though_asked_for(
    signed_in_browser, confidential_client
):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, scope="openid email")
    confidential_client.scopes = ["openid"]
    confidential_client.save()

    answer = flow.refresh(confidential_client, tokens["refresh_token"], scope="openid email")

    assert answer.json()["scope"] == "openid"


# --- none -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [None, "", " "])
def test_without_a_scope_the_client_gets_all_it_may_have_and_people_see_it(
    signed_in_browser, confidential_client, scope
):
    page = consent_page(signed_in_browser, confidential_client, scope=scope)
    for name in confidential_client.scopes:
        assert str(scopes.descriptions()[name]) in page

    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, scope=scope)

    assert tokens["scope"].split() == confidential_client.scopes


def test_a_device_without_a_scope_too():
    television = make_client(
        name="Television",
        client_type="public",
        grant_types=[DEVICE],
        scopes=["openid", "email", "offline_access"],
    )

    assert flow.post_as(television, START, {}).status_code == 200
    assert DeviceGrant.objects.get().scope == "openid email"


def test_a_client_without_scopes_is_told_so(signed_in_browser, confidential_client):
    confidential_client.scopes = []
    confidential_client.save()

    error, words = refusal(flow.authorize(signed_in_browser, confidential_client, scope=None))

    assert error == "invalid_scope"
    assert "no scope that this client may have" in words


# --- offline_access -------------------------------------------------------------------------------


def test_offline_access_is_given_only_where_a_refresh_token_comes(
    signed_in_browser, confidential_client
):
    for grant_types in (["authorization_code"], ["authorization_code", "refresh_token"]):
        confidential_client.grant_types = grant_types
        confidential_client.save()
        Consent.objects.all().delete()

        for scope in ("openid offline_access", None):
            tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, scope=scope)

            comes = "refresh_token" in grant_types
            assert ("refresh_token" in tokens) is comes
            assert ("offline_access" in tokens["scope"].split()) is comes
            assert Grant.objects.latest("created").offline is comes


def test_nothing_but_offline_access_is_nothing_where_it_can_not_come(
    signed_in_browser, confidential_client
):
    confidential_client.grant_types = ["authorization_code"]
    confidential_client.save()

    answer = flow.authorize(signed_in_browser, confidential_client, scope="offline_access")

    assert refusal(answer)[0] == "invalid_scope"


# --- attacks --------------------------------------------------------------------------------------


@given(
    asked=st.lists(st.sampled_from(["a", "b", "c", "openid", "x y", "", "A"]), max_size=6),
    possible=st.lists(st.sampled_from(["a", "b", "c", "openid"]), unique=True),
)
def test_no_request_whatsoever_gets_more_than_is_possible_or_asked_for(asked, possible):
    value = " ".join(asked)
    try:
        got = scopes.given(value, possible, Client())
    except InvalidScopeError:
        assert not set(value.split()) & set(possible) if value.split() else not possible
        return
    assert got
    assert len(got) == len(set(got))
    assert set(got) <= set(possible)
    assert set(got) <= set(value.split()) or not value.split()


def test_a_page_that_was_shown_for_less_allows_no_more(signed_in_browser, confidential_client):
    """What a client may have can grow while its page is open: by its metadata document, too."""
    confidential_client.scopes = ["openid"]
    confidential_client.save()
    page = flow.authorize(signed_in_browser, confidential_client, scope="openid email profile")
    assert "See your email address" not in page.content.decode()
    Client.objects.filter(pk=confidential_client.pk).update(scopes=["openid", "email"])

    asked_again = flow.allow(signed_in_browser, page)

    assert asked_again.status_code == 200
    assert "See your email address" in asked_again.content.decode()
    assert not Consent.objects.exists()
    assert not Grant.objects.exists()


def test_a_consent_for_what_was_left_covers_nothing_that_comes_later(
    signed_in_browser, confidential_client
):
    confidential_client.scopes = ["openid"]
    confidential_client.save()
    flow.sign_in_tokens(signed_in_browser, confidential_client, scope="openid email")
    Client.objects.filter(pk=confidential_client.pk).update(scopes=["openid", "email"])

    page = flow.authorize(signed_in_browser, confidential_client, scope="openid email")

    assert page.status_code == 200
    assert "See your email address" in page.content.decode()


def test_a_claim_that_nobody_was_asked_about_is_not_released_by_a_scope_that_comes_later(
    signed_in_browser, confidential_client
):
    confidential_client.scopes = ["openid", "email"]
    confidential_client.save()
    tokens = flow.sign_in_tokens(
        signed_in_browser,
        confidential_client,
        scope="openid",
        claims='{"userinfo": {"email": null, "name": null}}',
    )
    Client.objects.filter(pk=confidential_client.pk).update(scopes=["openid", "email", "profile"])

    told = flow.userinfo(tokens["access_token"]).json()

    assert set(told) == {"sub", "email"}


# --- FAPI 2.0 -------------------------------------------------------------------------------------


@pytest.fixture
def bank():
    return make_client(name="Bank", metadata=METADATA, **FIELDS)


@pytest.mark.parametrize("scope", ["openid groups", "groups", None])
def test_a_fapi_client_gets_exactly_what_it_asks_for_or_nothing(bank, scope):
    params = flow.authorization_params(bank, flow.new_verifier(), scope=scope)

    answer = post_as_bank(bank, flow.PAR, **params)

    assert answer.status_code == 400
    assert refusal(answer)[0] == "invalid_scope"
    if scope:
        assert "groups" in refusal(answer)[1]


# --- what the metadata tell -----------------------------------------------------------------------


def told(path=METADATA_DOCUMENT):
    return Browser().get(path).json()["scopes_supported"]


def test_the_metadata_name_every_scope_while_an_operator_registers_all():
    assert told() == list(scopes.descriptions())


@pytest.mark.parametrize(
    "opened",
    [
        {"REGISTRATION": "open"},
        {"REGISTRATION": "initial_access_token"},
        {"CLIENT_ID_METADATA_HOSTS": ["agent.example"]},
    ],
)
def test_while_clients_register_themselves_they_name_what_such_a_one_can_have(settings, opened):
    """The MCP SDKs ask for all that is listed (openai/codex #15643, mcp-remote #162)."""
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, **opened}
    assert told() == ["openid", "profile", "email", "offline_access"]

    settings.OSTIARY_OAUTH |= {"REGISTRATION_SCOPES": ["api:read", "gone"]}
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH}
    assert told() == ["api:read"]
    assert told("/.well-known/openid-configuration") == ["openid", "api:read"]


def test_a_fresh_client_gets_all_that_the_metadata_name(settings, signed_in_browser):
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "REGISTRATION": "open"}
    answer = Browser().post(
        "/oauth/register",
        {
            "client_name": "MCP",
            "redirect_uris": ["http://127.0.0.1/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        },
        content_type="application/json",
    )
    client = Client.objects.get(client_id=answer.json()["client_id"])

    tokens = flow.sign_in_tokens(signed_in_browser, client, scope=" ".join(told()))

    assert tokens["scope"].split() == told()


def test_a_scope_that_is_not_there_can_not_be_registered():
    with pytest.raises(ValidationError):
        make_client(name="X", **{**SIGNS_PEOPLE_IN, "scopes": ["groups"]})
