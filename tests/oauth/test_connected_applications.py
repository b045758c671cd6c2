"""`/account/applications/`: what acts for a person, and taking it back (SECURITY B3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from oauth import connected
from oauth.device_authorization import GRANT_TYPE
from oauth.models import ClientSession, Consent, Grant, RefreshToken
from ostiary.models import Event, Session
from tests.oauth import flow
from tests.oauth.conftest import API

pytestmark = pytest.mark.django_db

PAGE = "/account/applications/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


def page(browser) -> str:
    return " ".join(browser.get(PAGE).content.decode().split())


def withdraw(browser, client):
    return browser.post(f"{PAGE}{client.pk}/withdraw/", follow=True)


@pytest.fixture
def first_party(confidential_client):
    confidential_client.first_party = True
    confidential_client.save()
    return confidential_client


def test_each_says_what_it_may_do_at_which_api_in_words(signed_in_browser, confidential_client):
    flow.sign_in_tokens(signed_in_browser, confidential_client, scope="openid email")
    flow.sign_in_tokens(
        signed_in_browser, confidential_client, scope="openid api:read", resource=API
    )

    shown = page(signed_in_browser)

    assert "See your email address" in shown
    assert "Read the API" in shown
    assert API in shown
    assert "See your name and profile" not in shown


def test_each_says_since_when_and_when_it_was_last_used(
    signed_in_browser, confidential_client, person
):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)
    long_ago = timezone.now() - timedelta(days=40)
    person.oauth_consents.update(granted_at=long_ago)
    Grant.objects.update(redeemed_at=long_ago, created=long_ago)
    RefreshToken.objects.update(updated=long_ago)
    [before] = connected.applications(person)
    assert (before.since, before.last_used) == (long_ago, long_ago)

    flow.refresh(confidential_client, tokens["refresh_token"])

    [after] = connected.applications(person)
    assert after.since == long_ago
    assert timezone.now() - after.last_used < timedelta(minutes=1)
    assert "Used just now." in page(signed_in_browser)


def test_each_says_in_which_sessions_it_is_used(signed_in_browser, confidential_client):
    Session.objects.update(user_agent=FIREFOX)
    flow.sign_in_tokens(signed_in_browser, confidential_client, scope="openid")

    shown = page(signed_in_browser)
    assert "Signed in with: Firefox on Linux." in shown
    assert "Keeps access" not in shown

    flow.sign_in_tokens(signed_in_browser, confidential_client)
    assert "Keeps access when you sign out." in page(signed_in_browser)


def test_what_it_may_do_with_the_account_is_told_apart_from_the_apis(
    signed_in_browser, confidential_client
):
    flow.sign_in_tokens(
        signed_in_browser, confidential_client, scope="openid email api:read", resource=API
    )

    [application] = connected.applications(Consent.objects.get().user)

    assert [
        ([uri for uri, _name in resource], [scope for scope, _words in permissions])
        for resource, permissions in application.permissions()
    ] == [([], ["openid", "email"]), ([API], ["api:read"])]


def test_removing_is_asked_once_more_and_says_what_ends(signed_in_browser, confidential_client):
    Session.objects.update(user_agent=FIREFOX)
    flow.sign_in_tokens(signed_in_browser, confidential_client)
    asks = f"{PAGE}{confidential_client.pk}/remove/"
    assert f'href="{asks}" aria-label="Remove access for Web"' in page(signed_in_browser)

    shown = signed_in_browser.get(asks).content.decode()

    assert "Remove access for Web?" in shown
    assert "signed out of the application on Firefox on Linux." in shown
    assert "no longer use your account while you’re away" in shown
    assert f'action="{PAGE}{confidential_client.pk}/withdraw/"' in shown
    assert Consent.objects.count() == 1, "nothing has ended yet"


def test_devices_are_named_where_the_application_connects_them(
    signed_in_browser, confidential_client
):
    flow.sign_in_tokens(signed_in_browser, confidential_client)
    asks = f"{PAGE}{confidential_client.pk}/remove/"
    assert "Devices that you connected" not in signed_in_browser.get(asks).content.decode()

    confidential_client.grant_types = [*confidential_client.grant_types, GRANT_TYPE]
    confidential_client.save()

    assert "Devices that you connected" in signed_in_browser.get(asks).content.decode()


def test_of_what_is_not_connected_nothing_is_asked(
    signed_in_browser, confidential_client, other_person
):
    theirs = Browser()
    theirs.force_login(other_person)
    flow.sign_in_tokens(theirs, confidential_client)

    assert signed_in_browser.get(f"{PAGE}{confidential_client.pk}/remove/").status_code == 404


def test_a_session_that_is_over_is_no_place(signed_in_browser, confidential_client, person):
    elsewhere = Browser()
    elsewhere.force_login(person)
    flow.sign_in_tokens(elsewhere, confidential_client)
    elsewhere.post("/oauth/logout", {"decision": "allow"})

    [application] = connected.applications(person)

    assert application.places == []
    assert application.offline


def test_a_part_of_this_site_is_shown_and_signed_out_of(signed_in_browser, first_party):
    tokens = flow.sign_in_tokens(signed_in_browser, first_party, resource=API)
    shown = page(signed_in_browser)
    assert "Part of this site" in shown
    assert "Sign out of Web" in shown
    assert "Read the API" in shown

    withdraw(signed_in_browser, first_party)

    assert flow.refresh(first_party, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert "You haven’t connected any applications yet." in page(signed_in_browser)
    assert Event.objects.filter(kind="consent.withdrawn").count() == 1


def test_what_the_application_still_holds_keeps_it_on_the_page(
    signed_in_browser, first_party, person
):
    """A client without refresh tokens: its grants are forgotten, its session is not."""
    first_party.metadata = {"backchannel_logout_uri": "https://rp.example/told"}
    first_party.grant_types = ["authorization_code"]
    first_party.save()
    flow.sign_in_tokens(signed_in_browser, first_party, scope="openid")
    Grant.objects.all().delete()

    [application] = connected.applications(person)
    assert len(application.places) == 1

    withdraw(signed_in_browser, first_party)
    assert ClientSession.objects.get().ended_at is not None
    assert connected.applications(person) == []


def test_ended_grants_connect_nothing(signed_in_browser, first_party, person):
    flow.sign_in_tokens(signed_in_browser, first_party)
    Grant.objects.update(ends_at=timezone.now() - timedelta(seconds=1))

    assert connected.applications(person) == []


def test_nothing_of_another_person_is_shown_or_ended(signed_in_browser, first_party, other_person):
    theirs = Browser()
    theirs.force_login(other_person)
    tokens = flow.sign_in_tokens(theirs, first_party)

    assert "Web" not in page(signed_in_browser)
    assert withdraw(signed_in_browser, first_party).status_code == 404
    assert flow.refresh(first_party, tokens["refresh_token"]).status_code == 200


def test_its_name_is_text(signed_in_browser, confidential_client):
    confidential_client.name = "<b>Web</b>{{ x }}"
    confidential_client.save()
    flow.sign_in_tokens(signed_in_browser, confidential_client)

    shown = page(signed_in_browser)

    assert "<b>Web</b>" not in shown
    assert "&lt;b&gt;Web&lt;/b&gt;{{ x }}" in shown


def test_the_page_costs_the_same_for_one_application_as_for_many(
    signed_in_browser, confidential_client, public_client, person, django_assert_num_queries
):
    for client in (confidential_client, public_client, confidential_client):
        flow.sign_in_tokens(signed_in_browser, client)

    with django_assert_num_queries(5):
        assert len(connected.applications(person)) == 2
