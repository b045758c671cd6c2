"""Two requests at once: real threads, each with a database connection of its own (SECURITY B2, H1;
the policy is stated in docs/adr/0004)."""

from itertools import cycle

import pytest

from oauth import keys
from oauth.client_metadata import SIGNING_ALGS
from oauth.models import Client, Consent, Grant, RefreshToken, SigningKey, TokenStatus
from ostiary.models import Event
from tests.oauth import flow
from tests.parallel import WAYS, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def family(confidential_client, signed_in_browser):
    """The tokens of a fresh sign-in."""
    return flow.sign_in_tokens(signed_in_browser, confidential_client)


def one_success(answers) -> dict:
    """The body of the one answer that succeeded; all the others are ``invalid_grant``."""
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(answers) - len(refused) == 1
    assert {answer.status_code for answer in refused} == {400}
    assert {answer.json()["error"] for answer in refused} == {"invalid_grant"}
    return next(answer.json() for answer in answers if answer.status_code == 200)


def assert_dead(client, tokens):
    """Nothing of what was issued is good for anything here."""
    assert flow.refresh(client, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert flow.userinfo(tokens["access_token"]).status_code == 401


def test_of_50_parallel_redemptions_of_one_code_one_wins_and_the_family_ends(
    confidential_client, signed_in_browser
):
    code, verifier = flow.obtain_code(signed_in_browser, confidential_client)

    winner = one_success(at_once(lambda: flow.redeem(confidential_client, code, verifier)))

    assert RefreshToken.objects.count() == 1
    assert Grant.objects.get().revoked_reason == "reuse"
    assert Event.objects.filter(kind="token.reuse_detected").count() == 1
    assert_dead(confidential_client, winner)


def test_of_50_parallel_refreshes_of_one_token_one_wins_and_the_family_ends(
    family, confidential_client
):
    winner = one_success(
        at_once(lambda: flow.refresh(confidential_client, family["refresh_token"]))
    )

    assert RefreshToken.objects.get().generation == 1
    assert Grant.objects.get().revoked_reason == "reuse"
    assert Event.objects.filter(kind="token.reuse_detected").count() == 1
    assert_dead(confidential_client, winner)
    assert_dead(confidential_client, family)


@pytest.mark.parametrize("policy", ["blocklist", "opaque"])
def test_whatever_the_policy_50_parallel_redemptions_leave_nothing_live(
    confidential_client, signed_in_browser, policy
):
    """A token with a row is not even issued where the family ended just before."""
    confidential_client.revocation_policy = policy
    confidential_client.save()
    code, verifier = flow.obtain_code(signed_in_browser, confidential_client)

    answers = at_once(lambda: flow.redeem(confidential_client, code, verifier))

    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(won) <= 1
    assert {answer.status_code for answer in answers} <= {200, 400}
    assert Grant.objects.get().revoked_reason == "reuse"
    assert not TokenStatus.objects.filter(revoked_at=None).exists()
    for tokens in won:
        assert_dead(confidential_client, tokens)


def test_50_parallel_refreshes_of_50_families_all_succeed(confidential_client, signed_in_browser):
    tokens = [
        flow.sign_in_tokens(signed_in_browser, confidential_client)["refresh_token"]
        for _ in range(WAYS)
    ]
    waiting = iter(tokens)

    answers = at_once(lambda: flow.refresh(confidential_client, next(waiting)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == WAYS


def test_a_family_revoked_while_it_is_refreshed_is_dead(family, confidential_client):
    turns = cycle([flow.TOKEN, flow.REVOKE])

    def use_or_revoke():
        if next(turns) == flow.TOKEN:
            return flow.refresh(confidential_client, family["refresh_token"])
        return flow.post_as(confidential_client, flow.REVOKE, {"token": family["refresh_token"]})

    answers = at_once(use_or_revoke, ways=10)

    assert {answer.status_code for answer in answers} <= {200, 400}
    for answer in answers:
        if "refresh_token" in answer.json():
            assert_dead(confidential_client, answer.json())
    assert_dead(confidential_client, family)


def test_parallel_consents_are_one(signed_in_browser, confidential_client, person):
    pages = [flow.authorize(signed_in_browser, confidential_client, scope="openid")]
    pages += [flow.authorize(signed_in_browser, confidential_client, scope="email")]
    Consent.objects.all().delete()
    turns = cycle(pages)

    def decide():
        browser = flow.Browser()
        browser.cookies = signed_in_browser.cookies
        return flow.allow(browser, next(turns))

    answers = at_once(decide, ways=10)

    assert all("code" in flow.answer_of(answer) for answer in answers)
    assert Consent.objects.get().scopes == ["email", "openid"]


def test_a_client_disabled_while_its_codes_are_redeemed_keeps_nothing_here(
    signed_in_browser, confidential_client
):
    codes = iter([flow.obtain_code(signed_in_browser, confidential_client) for _ in range(9)])
    turns = iter([*[False] * 5, True, *[False] * 4])

    def redeem_or_disable():
        if next(turns):
            Client.objects.update(enabled=False)
            return None
        return flow.redeem(confidential_client, *next(codes))

    answers = [answer for answer in at_once(redeem_or_disable, ways=10) if answer is not None]

    assert {answer.status_code for answer in answers} <= {200, 401}
    for answer in answers:
        if answer.status_code == 200:
            assert flow.userinfo(answer.json()["access_token"]).status_code == 401


def test_many_processes_that_start_at_once_make_one_active_key_per_algorithm():
    SigningKey.objects.all().delete()

    at_once(keys.ensure, ways=8)

    states = list(SigningKey.objects.values_list("alg", "state"))
    assert sorted(states) == sorted(
        (alg, state) for alg in SIGNING_ALGS for state in ("active", "next")
    )
