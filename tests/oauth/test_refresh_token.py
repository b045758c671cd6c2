"""Refresh tokens: rotated, hashed, bound, and ended with what they rest on (SECURITY B3)."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.utils import timezone

from oauth import apis, keys
from oauth.models import Client, Grant, RefreshToken
from ostiary import sessions
from ostiary.models import Event, Session
from ostiary.privacy import pseudonym_of
from tests.oauth import flow
from tests.oauth.conftest import API, PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def tokens(signed_in_browser, confidential_client):
    """The tokens of a sign-in without offline access."""
    return flow.sign_in_tokens(
        signed_in_browser, confidential_client, scope="openid profile email api:read"
    )


@pytest.fixture
def offline_tokens(signed_in_browser, confidential_client):
    """The tokens of a sign-in with offline access."""
    return flow.sign_in_tokens(signed_in_browser, confidential_client)


def assert_invalid(response, error="invalid_grant"):
    assert response.status_code == 400
    assert response.json()["error"] == error


# --- rotation -------------------------------------------------------------------------------------


def test_a_refresh_token_is_kept_by_its_hash_only(tokens):
    row = RefreshToken.objects.values().get()

    assert len(tokens["refresh_token"]) == 65
    assert tokens["refresh_token"][:22] not in str(row)
    assert tokens["refresh_token"][22:] not in str(row)


def test_every_use_gives_a_new_one(tokens, confidential_client):
    seen = {tokens["refresh_token"]}
    token = tokens["refresh_token"]
    for _ in range(4):
        token = flow.refresh(confidential_client, token).json()["refresh_token"]
        seen.add(token)

    assert len(seen) == 5
    assert RefreshToken.objects.get().generation == 4


def test_a_refreshed_answer_is_about_the_same_sign_in(tokens, confidential_client):
    first = flow.said_by(tokens["id_token"])
    answer = flow.refresh(confidential_client, tokens["refresh_token"]).json()
    second = flow.said_by(answer["id_token"])

    for name in ("iss", "sub", "aud", "azp", "auth_time", "acr", "amr", "sid"):
        assert second[name] == first[name]
    assert "nonce" not in second  # OIDC Core §12.2


def test_reuse_ends_the_family_and_tells(tokens, confidential_client, person):
    newest = flow.refresh(confidential_client, tokens["refresh_token"]).json()

    assert_invalid(flow.refresh(confidential_client, tokens["refresh_token"]))

    assert_invalid(flow.refresh(confidential_client, newest["refresh_token"]))
    assert flow.userinfo(newest["access_token"]).status_code == 401
    event = Event.objects.get(kind="token.reuse_detected")
    assert event.subject == pseudonym_of(person)
    assert event.client_id == confidential_client.client_id
    assert Grant.objects.get().revoked_reason == "reuse"


def test_reuse_of_one_many_generations_old_ends_the_family(tokens, confidential_client):
    token = tokens["refresh_token"]
    for _ in range(6):
        token = flow.refresh(confidential_client, token).json()["refresh_token"]

    assert_invalid(flow.refresh(confidential_client, tokens["refresh_token"]))

    assert_invalid(flow.refresh(confidential_client, token))


def test_h1_an_old_one_is_dead_though_everything_kept_in_memory_is_lost(
    tokens, confidential_client
):
    """As after a restart of every worker and of the cache."""
    new = flow.refresh(confidential_client, tokens["refresh_token"]).json()
    for each in caches.all():
        each.clear()
    keys.forget()
    apis.forget()

    assert_invalid(flow.refresh(confidential_client, tokens["refresh_token"]))
    assert_invalid(flow.refresh(confidential_client, new["refresh_token"]))
    assert flow.userinfo(new["access_token"]).status_code == 401


def test_one_family_ends_and_the_others_live(tokens, signed_in_browser, confidential_client):
    other = flow.sign_in_tokens(signed_in_browser, confidential_client)
    flow.refresh(confidential_client, tokens["refresh_token"])
    flow.refresh(confidential_client, tokens["refresh_token"])

    assert flow.refresh(confidential_client, other["refresh_token"]).status_code == 200


def test_an_invented_token_is_invalid_and_ends_nothing(tokens, confidential_client):
    for token in ("x", "x" * 65, "é" * 65, "nul\x00", "a" * 22 + tokens["refresh_token"][22:]):
        assert_invalid(flow.refresh(confidential_client, token))

    assert flow.refresh(confidential_client, tokens["refresh_token"]).status_code == 200


def test_an_access_token_is_no_refresh_token(tokens, confidential_client):
    assert_invalid(flow.refresh(confidential_client, tokens["access_token"]))


def test_another_clients_token_is_refused_and_lives_on(tokens, confidential_client, public_client):
    assert_invalid(flow.refresh(public_client, tokens["refresh_token"]))

    assert flow.refresh(confidential_client, tokens["refresh_token"]).status_code == 200


def test_another_client_cannot_end_a_family_with_an_old_token(
    tokens, confidential_client, public_client
):
    newest = flow.refresh(confidential_client, tokens["refresh_token"]).json()

    assert_invalid(flow.refresh(public_client, tokens["refresh_token"]))

    assert flow.refresh(confidential_client, newest["refresh_token"]).status_code == 200


# --- scope and resource ---------------------------------------------------------------------------


def test_scope_can_shrink_and_comes_back_when_not_asked_for_less(tokens, confidential_client):
    fewer = flow.refresh(confidential_client, tokens["refresh_token"], scope="email").json()
    assert fewer["scope"] == "email"
    assert "id_token" not in fewer
    assert flow.said_by(fewer["access_token"])["scope"] == ("email")

    again = flow.refresh(confidential_client, fewer["refresh_token"]).json()
    assert again["scope"] == "openid profile email api:read"


@pytest.mark.parametrize("scope", ["offline_access", "admin", "x" * 5000, "e\x00mail"])
def test_scope_never_grows(tokens, confidential_client, scope):
    response = flow.refresh(confidential_client, tokens["refresh_token"], scope=scope)

    assert_invalid(response, "invalid_scope")
    assert flow.refresh(confidential_client, tokens["refresh_token"]).status_code == 200


def test_a_scope_taken_from_the_client_is_not_given_again(tokens, confidential_client):
    confidential_client.scopes = ["openid", "email"]
    confidential_client.save()

    answer = flow.refresh(confidential_client, tokens["refresh_token"])

    assert answer.json()["scope"] == "openid email"


def test_a_client_that_may_have_none_of_its_scopes_any_more_gets_nothing(
    tokens, confidential_client
):
    confidential_client.scopes = []
    confidential_client.save()

    assert_invalid(flow.refresh(confidential_client, tokens["refresh_token"]), "invalid_scope")


@pytest.mark.parametrize("resource", [API, "https://other-api.example/"])
def test_a_resource_that_was_not_granted_is_an_invalid_target(
    tokens, confidential_client, resource
):
    response = flow.refresh(confidential_client, tokens["refresh_token"], resource=resource)

    assert_invalid(response, "invalid_target")


def test_an_api_taken_from_the_client_is_an_invalid_target(signed_in_browser, confidential_client):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, resource=API)
    confidential_client.audiences = []
    confidential_client.save()

    assert_invalid(flow.refresh(confidential_client, tokens["refresh_token"]), "invalid_target")


# --- lifetimes ------------------------------------------------------------------------------------


def test_an_unused_token_ends_after_the_idle_lifetime(tokens, confidential_client):
    row = RefreshToken.objects.get()
    idle = timedelta(seconds=confidential_client.refresh_token_idle_lifetime)
    assert abs(row.idle_expires_at - timezone.now() - idle) < timedelta(minutes=1)

    RefreshToken.objects.update(idle_expires_at=timezone.now())

    assert_invalid(flow.refresh(confidential_client, tokens["refresh_token"]))


def test_use_renews_the_idle_lifetime_and_not_the_absolute_one(tokens, confidential_client):
    soon = timezone.now() + timedelta(seconds=60)
    RefreshToken.objects.update(idle_expires_at=soon)
    before = RefreshToken.objects.get()

    token = flow.refresh(confidential_client, tokens["refresh_token"]).json()["refresh_token"]

    row = RefreshToken.objects.get()
    assert row.idle_expires_at > soon
    assert row.expires_at == before.expires_at

    RefreshToken.objects.update(expires_at=timezone.now())
    assert_invalid(flow.refresh(confidential_client, token))


def test_the_idle_lifetime_never_passes_the_absolute_one(tokens, confidential_client):
    end = timezone.now() + timedelta(seconds=90)
    RefreshToken.objects.update(expires_at=end)

    flow.refresh(confidential_client, tokens["refresh_token"])

    assert RefreshToken.objects.get().idle_expires_at == end


# --- what it rests on -----------------------------------------------------------------------------


def test_a_disabled_person_gets_nothing(offline_tokens, confidential_client, person):
    person.is_active = False
    person.save()

    assert_invalid(flow.refresh(confidential_client, offline_tokens["refresh_token"]))


def test_a_changed_password_ends_it(offline_tokens, confidential_client, person):
    person.set_password(PASSWORD + "!")
    person.save()

    assert_invalid(flow.refresh(confidential_client, offline_tokens["refresh_token"]))
    assert flow.userinfo(offline_tokens["access_token"]).status_code == 401


def test_a_new_secret_key_of_the_site_does_not(offline_tokens, confidential_client, settings):
    settings.SECRET_KEY = "another-secret-key-of-this-site-0123456789abcdef"

    answer = flow.refresh(confidential_client, offline_tokens["refresh_token"])

    assert answer.status_code == 200


@pytest.mark.parametrize("how", ["ended", "idle", "absolute"])
def test_it_ends_with_the_session(tokens, confidential_client, person, how):
    long_ago = timezone.now() - timedelta(days=60)
    if how == "ended":
        sessions.end_all(person, "signout")
    elif how == "idle":
        Session.objects.update(last_seen_at=long_ago)
    else:
        Session.objects.update(created_at=long_ago)

    assert_invalid(flow.refresh(confidential_client, tokens["refresh_token"]))


def test_offline_access_outlives_the_session(offline_tokens, confidential_client, person):
    sessions.end_all(person, "signout")

    answer = flow.refresh(confidential_client, offline_tokens["refresh_token"])

    assert answer.status_code == 200


def test_refreshing_counts_as_using_the_session(tokens, confidential_client):
    an_hour_ago = timezone.now() - timedelta(hours=1)
    Session.objects.update(last_seen_at=an_hour_ago)

    flow.refresh(confidential_client, tokens["refresh_token"])

    assert Session.objects.get().last_seen_at > an_hour_ago


def test_a_disabled_client_gets_nothing(offline_tokens, confidential_client):
    Client.objects.update(enabled=False)

    response = flow.refresh(confidential_client, offline_tokens["refresh_token"])

    assert response.status_code == 401
    assert flow.userinfo(offline_tokens["access_token"]).status_code == 401


def test_a_client_that_may_not_refresh_any_more_gets_nothing(offline_tokens, confidential_client):
    Client.objects.update(grant_types=["authorization_code"])

    response = flow.refresh(confidential_client, offline_tokens["refresh_token"])

    assert_invalid(response, "unauthorized_client")
