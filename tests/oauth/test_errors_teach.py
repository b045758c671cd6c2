"""Errors name the parameter, what was sent and what would have been right, in characters that an
``error_description`` may hold (RFC 6749 §5.2)."""

import pytest

from tests.oauth import flow

pytestmark = pytest.mark.django_db

NASTY = '"\\é\u202e<b>'

AUTHORIZATION = [
    ({"prompt": f"login {NASTY}"}, "prompt"),
    ({"response_mode": NASTY}, "response_mode"),
    ({"response_type": NASTY}, "response_type"),
    ({"response_type": "code id_token"}, "response_type=code id_token"),
    ({"response_type": "code id_token"}, "but for: code"),
    ({"scope": NASTY}, "%22%5C%C3%A9"),
    ({"resource": f"https://x.example/{NASTY}"}, "https://x.example/%22%5C"),
    ({"state": "s" * 8193}, "state"),
    ({"state": "s" * 8193}, "8192"),
    ({"filler": "x" * 20_000}, "20000"),
    ({"code_challenge": None}, "code_challenge_method=S256"),
    ({"id_token_hint": NASTY}, "id_token_hint"),
]


@pytest.mark.parametrize(("wrong", "words"), AUTHORIZATION)
def test_of_an_authorization_request(signed_in_browser, confidential_client, wrong, words):
    answer = flow.answer_of(flow.authorize(signed_in_browser, confidential_client, **wrong))

    assert words in answer["error_description"]
    assert flow.DESCRIPTION.fullmatch(answer["error_description"])


TOKEN = [
    ({"grant_type": NASTY}, "grant type: %22%5C%C3%A9"),
    ({"grant_type": "refresh_token"}, "not registered for refresh_token, but for: client_cred"),
    ({"grant_type": "client_credentials", "resource": NASTY}, "resource %22%5C"),
    ({"grant_type": "client_credentials", "scope": NASTY}, "%22%5C%C3%A9"),
    ([("grant_type", "client_credentials"), (NASTY, "1"), (NASTY, "2")], "request: %22%5C"),
]


@pytest.mark.parametrize(("wrong", "words"), TOKEN)
def test_of_a_token_request(service_client, wrong, words):
    authorization = flow.basic(service_client.client_id, service_client.raw_secret)

    answer = flow.post_form(flow.TOKEN, wrong, authorization).json()

    assert words in answer["error_description"]
    assert flow.DESCRIPTION.fullmatch(answer["error_description"])
