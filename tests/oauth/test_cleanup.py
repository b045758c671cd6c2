"""Clean-up removes what has ended and nothing else (SECURITY H14)."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from oauth import cleanup, tasks
from oauth.models import AccessToken, Grant, IDToken, RefreshToken
from tests.oauth import flow

pytestmark = pytest.mark.django_db


def test_no_row_is_kept_for_a_jwt(signed_in_browser, confidential_client, service_client):
    flow.sign_in_tokens(signed_in_browser, confidential_client)
    flow.post_token(service_client, grant_type="client_credentials")

    assert AccessToken.objects.count() == 0
    assert IDToken.objects.count() == 0


def test_a_family_has_one_row_however_often_it_was_refreshed(
    signed_in_browser, confidential_client
):
    token = flow.sign_in_tokens(signed_in_browser, confidential_client)["refresh_token"]
    for _ in range(5):
        answer = flow.post_token(
            confidential_client, grant_type="refresh_token", refresh_token=token
        )
        token = answer.json()["refresh_token"]

    assert RefreshToken.objects.get().generation == 5


def test_a_code_that_was_never_redeemed_goes_after_it_expired(
    signed_in_browser, confidential_client
):
    flow.obtain_code(signed_in_browser, confidential_client)
    assert cleanup.remove_ended_grants() == 0

    Grant.objects.update(ends_at=timezone.now() - timedelta(seconds=1))

    assert cleanup.remove_ended_grants() == 1


def test_a_live_family_outlives_the_clean_up(signed_in_browser, confidential_client):
    token = flow.sign_in_tokens(signed_in_browser, confidential_client)["refresh_token"]

    call_command("cleartokens")

    answer = flow.post_token(confidential_client, grant_type="refresh_token", refresh_token=token)
    assert answer.status_code == 200


def test_a_grant_lives_as_long_as_anything_issued_from_it(signed_in_browser, confidential_client):
    flow.sign_in_tokens(signed_in_browser, confidential_client)

    grant = Grant.objects.get()
    last_access_token = grant.refresh_token.expires_at + timedelta(
        seconds=confidential_client.access_token_lifetime
    )
    assert abs(grant.ends_at - last_access_token) < timedelta(seconds=5)


def test_the_commands_and_the_task_clean_up_alike(signed_in_browser, confidential_client):
    flow.obtain_code(signed_in_browser, confidential_client)
    Grant.objects.update(ends_at=timezone.now() - timedelta(seconds=1))

    tasks.clean_up()

    assert Grant.objects.count() == 0
    assert "ostiary.oauth.cleanup" in {task["task"] for task in tasks.BEAT_SCHEDULE.values()}


def test_no_token_request_deletes_anything(signed_in_browser, confidential_client, service_client):
    with CaptureQueriesContext(connection) as queries:
        token = flow.sign_in_tokens(signed_in_browser, confidential_client)["refresh_token"]
        flow.refresh(confidential_client, token)
        flow.post_token(service_client, grant_type="client_credentials")

    assert not [query for query in queries if query["sql"].startswith("DELETE")]


def test_clean_up_works_in_bounded_batches(signed_in_browser, confidential_client):
    for _ in range(5):
        flow.obtain_code(signed_in_browser, confidential_client)
    Grant.objects.update(ends_at=timezone.now() - timedelta(seconds=1))

    assert cleanup.remove_ended_grants(batch=2, most=1) == 2
    assert cleanup.remove_ended_grants(batch=2) == 3
