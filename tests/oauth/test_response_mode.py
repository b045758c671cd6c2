"""How an authorization response is carried: success and error alike, as the request wants it
(SECURITY A2; OAuth 2.0 Multiple Response Type Encoding Practices)."""

import pytest

from oauth import response_type
from oauth.models import Client
from tests.oauth import flow

pytestmark = pytest.mark.django_db

BEGINS = {
    "query": "https://rp.example/callback?",
    "fragment": "https://rp.example/callback#",
    "query.jwt": "https://rp.example/callback?response=",
    "fragment.jwt": "https://rp.example/callback#response=",
}


def carried_by(response) -> str:
    """The mode in which a response came."""
    target = flow.led_on_to(response)
    if not target:
        return "form_post.jwt" if b'name="response"' in response.content else "form_post"
    return max((mode for mode in BEGINS if target.startswith(BEGINS[mode])), key=len)


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post", *list(BEGINS)[2:]])
@pytest.mark.parametrize("public", [False, True])
def test_success_and_error_come_in_the_mode_asked_for(
    signed_in_browser, confidential_client, mode, public
):
    if public:
        confidential_client.client_type = Client.CLIENT_PUBLIC
        confidential_client.save()
    flow.obtain_code(signed_in_browser, confidential_client)

    good = flow.authorize(signed_in_browser, confidential_client, response_mode=mode)
    bad = flow.authorize(signed_in_browser, confidential_client, response_mode=mode, scope="x")
    denied = flow.allow(
        signed_in_browser,
        flow.authorize(
            signed_in_browser, confidential_client, response_mode=mode, prompt="consent"
        ),
        "deny",
    )

    for answer in (good, bad, denied):
        assert carried_by(answer) == mode
        told = flow.answer_of(answer)
        assert told["state"] == "state-123"
        assert told["iss"] == "http://localhost:8000"
    assert "code" in flow.answer_of(good)
    assert flow.answer_of(bad)["error"] == "invalid_scope"
    assert flow.answer_of(denied)["error"] == "access_denied"


@pytest.mark.parametrize("mode", ["web_message", "JWT", "query.jwt.jwt", ".jwt", "none", "%00"])
@pytest.mark.parametrize(("wanted", "carrier"), [("code", "query"), ("token", "fragment")])
def test_another_mode_is_refused_in_the_mode_of_the_response_type(
    signed_in_browser, confidential_client, mode, wanted, carrier
):
    answer = flow.authorize(
        signed_in_browser, confidential_client, response_mode=mode, response_type=wanted
    )

    assert carried_by(answer) == carrier
    assert "error" in flow.answer_of(answer)


@pytest.mark.parametrize("mode", response_type.RESPONSE_MODES)
@pytest.mark.parametrize("wanted", ["code", "code id_token", "token", "none", ""])
@pytest.mark.parametrize("encrypts", [False, True])
def test_no_token_is_carried_by_a_query_unless_encrypted(mode, wanted, encrypts):
    client = Client(
        metadata={"authorization_encrypted_response_alg": "ECDH-ES"} if encrypts else {}
    )

    carrier, _, form = response_type.mode_for(mode, wanted, client).partition(".")

    assert carrier in response_type.CARRIERS
    if carrier == "query" and not (form and encrypts):
        assert "token" not in wanted
