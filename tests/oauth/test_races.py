"""Two requests at once: real threads, each with a database connection of its own (SECURITY B2)."""

import pytest
from django.test import Client as Browser

from oauth.models import Grant, RefreshToken
from tests.oauth import flow
from tests.parallel import WAYS, at_once


@pytest.fixture
def family(transactional_db, confidential_client, signed_in_browser):
    """The tokens of a fresh sign-in."""
    return flow.sign_in_tokens(signed_in_browser, confidential_client)


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_redemptions_of_one_code_exactly_one_succeeds(
    confidential_client, signed_in_browser
):
    code, verifier = flow.obtain_code(signed_in_browser, confidential_client)

    def redeem():
        return flow.post_token(
            confidential_client,
            grant_type="authorization_code",
            code=code,
            redirect_uri="https://rp.example/callback",
            code_verifier=verifier,
        )

    answers = at_once(redeem)

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (WAYS - 1)
    assert all(
        answer.json()["error"] == "invalid_grant" for answer in answers if answer.status_code == 400
    )


@pytest.mark.django_db(transaction=True)
def test_parallel_redemption_leaves_no_live_family(confidential_client, signed_in_browser):
    code, verifier = flow.obtain_code(signed_in_browser, confidential_client)
    answers = at_once(
        lambda: flow.post_token(
            confidential_client,
            grant_type="authorization_code",
            code=code,
            redirect_uri="https://rp.example/callback",
            code_verifier=verifier,
        ),
        ways=10,
    )
    winner = next(answer.json() for answer in answers if answer.status_code == 200)

    assert RefreshToken.objects.count() == 1
    assert Grant.objects.get().revoked_reason == "reuse"
    refused = flow.post_token(
        confidential_client, grant_type="refresh_token", refresh_token=winner["refresh_token"]
    )
    assert refused.json()["error"] == "invalid_grant"


def test_of_50_parallel_refreshes_of_one_token_one_wins_and_the_family_ends(
    family, confidential_client
):
    answers = at_once(
        lambda: flow.post_token(
            confidential_client,
            grant_type="refresh_token",
            refresh_token=family["refresh_token"],
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (WAYS - 1)
    winner = next(answer.json() for answer in answers if answer.status_code == 200)
    after = flow.post_token(
        confidential_client, grant_type="refresh_token", refresh_token=winner["refresh_token"]
    )
    assert after.status_code == 400
    assert RefreshToken.objects.count() == 1


def test_the_access_token_of_a_raced_family_is_dead_here(family, confidential_client):
    at_once(
        lambda: flow.post_token(
            confidential_client,
            grant_type="refresh_token",
            refresh_token=family["refresh_token"],
        ),
        ways=5,
    )

    answer = Browser().get(
        "/oauth/userinfo", headers={"authorization": f"Bearer {family['access_token']}"}
    )

    assert answer.status_code == 401


@pytest.mark.django_db(transaction=True)
def test_many_processes_that_start_at_once_make_one_active_key_per_algorithm():
    from oauth import keys
    from oauth.models import SigningKey

    SigningKey.objects.all().delete()

    at_once(keys.ensure, ways=8)

    states = list(SigningKey.objects.values_list("alg", "state"))
    assert sorted(states) == sorted(
        (alg, state) for alg in ("RS256", "ES256", "EdDSA") for state in ("active", "next")
    )
