"""The grace for a lost answer (SECURITY B2, H2): off, or exactly as stated."""

from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.utils import timezone

from oauth import cleanup, refresh_grace
from oauth.models import Grant, RefreshToken, TokenStatus
from ostiary.models import Event
from tests.oauth import flow
from tests.oauth.assertions import make_proof, new_key
from tests.oauth.conftest import API
from tests.oauth.test_dpop import redeem_with, refresh_with
from tests.parallel import at_once

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = 20
"""As many refreshes as a page with many windows fires."""


@pytest.fixture
def grace(settings):
    settings.OSTIARY_OAUTH = {"REFRESH_GRACE_SECONDS": 30}


@pytest.fixture
def grace_of_the_site(settings):
    """As the reference site has it where its environment says nothing."""
    settings.OSTIARY_OAUTH = {"PUBLIC_REFRESH_GRACE_SECONDS": 10}


@pytest.fixture
def tokens(confidential_client, signed_in_browser):
    return flow.sign_in_tokens(signed_in_browser, confidential_client, resource=API)


def over():
    RefreshToken.objects.update(replay_until=timezone.now() - timedelta(seconds=1))


def assert_ended(client, *answers):
    assert Grant.objects.get().revoked_reason == "reuse"
    assert Event.objects.filter(kind="token.reuse_detected").count() == 1
    for answer in answers:
        assert flow.refresh(client, answer["refresh_token"]).json()["error"] == "invalid_grant"
        assert flow.userinfo(answer["access_token"]).status_code == 401


def test_h2_a_page_that_fires_20_refreshes_stays_signed_in(grace, tokens, confidential_client):
    answers = at_once(lambda: flow.refresh(confidential_client, tokens["refresh_token"]), ways=PAGE)

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert RefreshToken.objects.get().generation == 1
    newest = answers[0].json()
    assert flow.userinfo(newest["access_token"]).status_code == 200
    assert flow.refresh(confidential_client, newest["refresh_token"]).status_code == 200
    assert not Event.objects.filter(kind="token.reuse_detected").exists()


def test_b2_without_the_grace_20_refreshes_end_the_family(tokens, confidential_client):
    answers = at_once(lambda: flow.refresh(confidential_client, tokens["refresh_token"]), ways=PAGE)

    [winner] = [answer.json() for answer in answers if answer.status_code == 200]
    assert_ended(confidential_client, winner)


def test_two_tabs_of_a_page_that_renew_at_once_stay_signed_in_on_the_site(
    grace_of_the_site, public_client, signed_in_browser
):
    token = flow.sign_in_tokens(signed_in_browser, public_client)["refresh_token"]

    for _ in range(3):  # again and again, as long as both are open
        tabs = at_once(lambda token=token: flow.refresh(public_client, token), ways=2)
        assert {tab.status_code for tab in tabs} == {200}
        assert len({tab.content for tab in tabs}) == 1
        token = tabs[0].json()["refresh_token"]

    assert RefreshToken.objects.get().generation == 3
    assert not Event.objects.filter(kind="token.reuse_detected").exists()


def test_b2_of_50_parallel_refreshes_of_a_page_on_the_site_there_is_one_branch(
    grace_of_the_site, public_client, signed_in_browser
):
    token = flow.sign_in_tokens(signed_in_browser, public_client)["refresh_token"]

    answers = at_once(lambda: flow.refresh(public_client, token))

    assert len({answer.content for answer in answers}) == 1
    assert RefreshToken.objects.get().generation == 1
    over()
    flow.refresh(public_client, token)
    assert_ended(public_client, answers[0].json())


def test_an_application_with_a_secret_gets_no_grace_on_the_site(
    grace_of_the_site, tokens, confidential_client
):
    newest = flow.refresh(confidential_client, tokens["refresh_token"]).json()
    assert RefreshToken.objects.get().replay is None

    flow.refresh(confidential_client, tokens["refresh_token"])

    assert_ended(confidential_client, newest)


@pytest.mark.parametrize(
    ("for_all", "for_public", "of_public"), [(0, 0, 0), (0, 10, 10), (30, 10, 30), (30, 0, 30)]
)
def test_public_clients_get_the_longer_of_the_two(
    settings, public_client, confidential_client, for_all, for_public, of_public
):
    settings.OSTIARY_OAUTH = {
        "REFRESH_GRACE_SECONDS": for_all,
        "PUBLIC_REFRESH_GRACE_SECONDS": for_public,
    }

    assert refresh_grace.seconds_of(public_client) == of_public
    assert refresh_grace.seconds_of(confidential_client) == for_all


@pytest.mark.parametrize("policy", ["blocklist", "opaque"])
def test_the_losers_leave_no_row(grace, tokens, confidential_client, policy):
    confidential_client.revocation_policy = policy
    confidential_client.save()

    answers = at_once(lambda: flow.refresh(confidential_client, tokens["refresh_token"]), ways=PAGE)

    assert len({answer.content for answer in answers}) == 1
    assert answers[0].status_code == 200
    rows = TokenStatus if policy == "blocklist" else Grant.objects.get().access_tokens
    assert (rows.objects if policy == "blocklist" else rows).count() == 1


def test_a_lost_answer_is_given_again_word_for_word(grace, tokens, confidential_client):
    first = flow.refresh(confidential_client, tokens["refresh_token"])
    again = flow.refresh(confidential_client, tokens["refresh_token"])

    assert again.status_code == 200
    assert again.content == first.content
    assert again["Cache-Control"] == "no-store"


def test_the_grace_is_off_by_default_and_nothing_is_kept(tokens, confidential_client):
    newest = flow.refresh(confidential_client, tokens["refresh_token"]).json()

    row = RefreshToken.objects.get()
    assert (row.replay, row.replay_until, row.replaced_checksum) == (None, None, "")
    flow.refresh(confidential_client, tokens["refresh_token"])
    assert_ended(confidential_client, newest)


def test_the_kept_answer_is_encrypted(grace, tokens, confidential_client):
    newest = flow.refresh(confidential_client, tokens["refresh_token"]).json()

    stored = str(RefreshToken.objects.values().get())
    assert newest["access_token"] not in stored
    assert newest["refresh_token"] not in stored


def test_a_replay_after_the_grace_ends_the_family(grace, tokens, confidential_client):
    newest = flow.refresh(confidential_client, tokens["refresh_token"]).json()
    over()

    refused = flow.refresh(confidential_client, tokens["refresh_token"])

    assert refused.json()["error"] == "invalid_grant"
    assert_ended(confidential_client, newest)


def test_a_token_two_generations_old_ends_the_family(grace, tokens, confidential_client):
    second = flow.refresh(confidential_client, tokens["refresh_token"]).json()
    third = flow.refresh(confidential_client, second["refresh_token"]).json()

    flow.refresh(confidential_client, tokens["refresh_token"])

    assert_ended(confidential_client, third)


def test_a_grace_that_was_turned_off_gives_nothing_again(
    grace, tokens, confidential_client, settings
):
    newest = flow.refresh(confidential_client, tokens["refresh_token"]).json()
    settings.OSTIARY_OAUTH = {}

    flow.refresh(confidential_client, tokens["refresh_token"])

    assert_ended(confidential_client, newest)


def test_another_client_gets_nothing_and_ends_nothing(
    grace, tokens, confidential_client, public_client
):
    newest = flow.refresh(confidential_client, tokens["refresh_token"]).json()

    refused = flow.refresh(public_client, tokens["refresh_token"])

    assert refused.json()["error"] == "invalid_grant"
    assert flow.refresh(confidential_client, newest["refresh_token"]).status_code == 200


@pytest.mark.parametrize("params", [{"scope": "openid"}, {"resource": API}])
def test_another_request_is_refused_and_ends_nothing(grace, tokens, confidential_client, params):
    newest = flow.refresh(confidential_client, tokens["refresh_token"]).json()

    refused = flow.refresh(confidential_client, tokens["refresh_token"], **params)

    assert refused.json()["error"] == "invalid_grant"
    assert flow.refresh(confidential_client, newest["refresh_token"]).status_code == 200


@pytest.mark.parametrize("end", ["revoked", "disabled person", "ended session"])
def test_what_has_ended_is_not_given_again(grace, tokens, confidential_client, person, end):
    flow.refresh(confidential_client, tokens["refresh_token"])
    if end == "revoked":
        flow.post_as(confidential_client, flow.REVOKE, {"token": tokens["refresh_token"]})
    elif end == "disabled person":
        type(person).objects.update(is_active=False)
    else:
        Grant.objects.update(offline=False, sid="00000000-0000-0000-0000-000000000000")

    refused = flow.refresh(confidential_client, tokens["refresh_token"])

    assert refused.json()["error"] == "invalid_grant"


# --- with DPoP ------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["confidential", "public"])
def test_h2_the_same_key_gets_the_same_answer_and_another_ends_the_family(
    grace, signed_in_browser, confidential_client, public_client, which
):
    client = confidential_client if which == "confidential" else public_client
    key, other = new_key(), new_key()
    code, verifier = flow.obtain_code(signed_in_browser, client)
    begun = redeem_with(make_proof(key), client, code, verifier)
    token = begun.json()["refresh_token"]
    first = refresh_with(make_proof(key), client, token)
    assert first.status_code == 200

    assert refresh_with(make_proof(key), client, token).content == first.content
    refused = refresh_with(make_proof(other), client, token)

    assert refused.json()["error"] == "invalid_grant"
    assert Grant.objects.get().revoked_reason == "reuse"
    assert Event.objects.filter(kind="token.reuse_detected").count() == 1
    dead = refresh_with(make_proof(key), client, first.json()["refresh_token"])
    assert dead.json()["error"] == "invalid_grant"


# --- house-keeping --------------------------------------------------------------------------------


def test_clean_up_forgets_answers_that_nobody_gets_again(grace, tokens, confidential_client):
    newest = flow.refresh(confidential_client, tokens["refresh_token"]).json()
    assert cleanup.forget_replays() == 0
    over()

    assert cleanup.forget_replays() == 1

    row = RefreshToken.objects.get()
    assert (row.replay, row.replay_until, row.replaced_checksum) == (None, None, "")
    assert flow.refresh(confidential_client, newest["refresh_token"]).status_code == 200


@pytest.mark.parametrize("name", ["REFRESH_GRACE_SECONDS", "PUBLIC_REFRESH_GRACE_SECONDS"])
@pytest.mark.parametrize("seconds", [61, -1, "30", True])
def test_a_grace_that_makes_no_sense_stops_the_start(settings, name, seconds):
    settings.OSTIARY_OAUTH = {name: seconds}

    found = [each.msg for each in run_checks() if each.id == "ostiary_oauth.E003"]

    assert len(found) == 1
    assert repr(name) in found[0]


def test_the_longest_grace_is_a_minute(settings):
    settings.OSTIARY_OAUTH = {"REFRESH_GRACE_SECONDS": refresh_grace.LONGEST_SECONDS}

    assert not [each for each in run_checks() if each.id == "ostiary_oauth.E003"]


def test_the_grace_costs_no_statement(
    grace, tokens, confidential_client, django_assert_max_num_queries
):
    with django_assert_max_num_queries(8):
        flow.refresh(confidential_client, tokens["refresh_token"])
