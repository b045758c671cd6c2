"""Pairwise subjects: a person is named otherwise in each sector (OIDC Core §8.1)."""

import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client as Browser
from django.urls import reverse

from oauth import backchannel_logout, claims, id_token, pairwise
from oauth.models import Client, ClientSession, PairwiseSalt
from oauth.models.exchange_rule import ExchangeRule
from ostiary.models import Session
from tests.oauth import flow
from tests.oauth.conftest import API, SIGNS_PEOPLE_IN, make_client
from tests.oauth.far_end import far_end
from tests.oauth.test_admin import form_of
from tests.parallel import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unknown_salt():
    """No salt is in memory but one of this test's database."""
    pairwise.forget()
    yield
    pairwise.forget()


def pairwise_client(redirect_uri, **fields):
    return make_client(
        name="Pairwise",
        client_type=Client.CLIENT_CONFIDENTIAL,
        redirect_uris=redirect_uri,
        subject_type="pairwise",
        **{**SIGNS_PEOPLE_IN, **fields},
    )


@pytest.fixture
def client():
    return pairwise_client("https://a.example/callback")


def test_two_clients_of_one_sector_know_a_person_by_one_name_and_another_sector_by_another(
    client, person, other_person
):
    same = pairwise_client("https://a.example/other https://a.example:8443/third")
    other = pairwise_client("https://b.example/callback")

    assert claims.subject_for(person, client) == claims.subject_for(person, same)
    assert claims.subject_for(person, client) != claims.subject_for(person, other)
    assert claims.subject_for(person, client) != claims.subject_for(other_person, client)


def test_the_sector_is_the_host_of_its_address_where_there_is_one(client, person):
    elsewhere = pairwise_client(
        "https://b.example/callback https://c.example/callback",
        metadata={"sector_identifier_uri": "https://a.example/sector.json"},
    )

    assert claims.subject_for(person, elsewhere) == claims.subject_for(person, client)


def test_the_subject_tells_nothing_and_needs_the_salt(client, person):
    subject = claims.subject_for(person, client)

    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", subject)
    PairwiseSalt.objects.all().delete()
    pairwise.forget()
    assert claims.subject_for(person, client) != subject


def test_the_salt_is_encrypted_in_the_database_and_stays_when_that_key_changes(
    client, person, settings
):
    subject = claims.subject_for(person, client)
    stored = bytes(PairwiseSalt.objects.values_list("salt", flat=True).get())
    assert PairwiseSalt.objects.get().salt not in stored
    new = "bmV3LWtleS1mb3ItdGhlLXJpbmctb2YtdGVzdHMtISE="

    settings.OSTIARY = {
        **settings.OSTIARY,
        "FIELD_ENCRYPTION_KEYS": [new, *settings.OSTIARY["FIELD_ENCRYPTION_KEYS"]],
    }
    row = PairwiseSalt.objects.get()
    row.save()
    settings.OSTIARY = {**settings.OSTIARY, "FIELD_ENCRYPTION_KEYS": [new]}
    pairwise.forget()

    assert claims.subject_for(person, client) == subject


@pytest.mark.django_db(transaction=True)
def test_50_processes_that_need_the_first_salt_at_once_make_one(client, person):
    def as_another_process():
        pairwise.forget()
        return claims.subject_for(person, client)

    assert len(set(at_once(as_another_process))) == 1
    assert PairwiseSalt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_costs_no_statement_once_it_is_known(client, person, django_assert_num_queries):
    claims.subject_for(person, client)

    with django_assert_num_queries(0):
        claims.subject_for(person, client)


def test_every_token_and_answer_names_the_person_alike(signed_in_browser, client, person):
    tokens = flow.sign_in_tokens(signed_in_browser, client)
    again = flow.refresh(client, tokens["refresh_token"]).json()
    subject = claims.subject_for(person, client)

    told = [
        flow.said_by(each[name]) for each in (tokens, again) for name in each if is_jwt(each, name)
    ]
    told.append(flow.userinfo(tokens["access_token"]).json())
    told.append(flow.post_as(client, "/oauth/introspect", {"token": tokens["access_token"]}).json())

    assert len(told) == 6
    assert {each["sub"] for each in told} == {subject}
    assert not any(str(value) == str(person.pk) for each in told for value in each.values())


def is_jwt(tokens, name):
    return name in ("id_token", "access_token")


def test_two_sectors_can_not_tell_a_person_by_the_session_either(
    signed_in_browser, client, person, public_client
):
    other = pairwise_client("https://b.example/callback")
    every = [client, other, public_client]
    said = [
        flow.said_by(flow.sign_in_tokens(signed_in_browser, each, scope="openid")["id_token"])
        for each in every
    ]

    session = str(Session.objects.get().pk)
    assert len({each["sid"] for each in said}) == 3
    assert [each["sid"] for each in said] == [claims.sid_for(session, each) for each in every]
    assert said[2]["sid"] == session


def test_its_id_token_signs_the_person_out_without_a_question(signed_in_browser, client):
    hint = flow.sign_in_tokens(signed_in_browser, client)["id_token"]

    signed_in_browser.get("/oauth/logout", {"id_token_hint": hint})

    assert Session.objects.get().ended_at is not None


def test_its_logout_tokens_name_person_and_session_as_its_id_tokens_did(signed_in_browser, client):
    client.metadata = {"backchannel_logout_uri": "https://a.example/logout"}
    client.save()
    said = flow.said_by(flow.sign_in_tokens(signed_in_browser, client)["id_token"])

    token = flow.said_by(backchannel_logout.logout_token(ClientSession.objects.get()))

    assert (token["sub"], token["sid"]) == (said["sub"], said["sid"])


def test_its_id_token_is_a_hint_at_the_person_and_at_nobody_else(
    signed_in_browser, client, other_person
):
    hint = flow.sign_in_tokens(signed_in_browser, client)["id_token"]
    bob = Browser()
    bob.force_login(other_person)

    def asked(browser):
        return flow.authorize(browser, client, id_token_hint=hint, prompt="none")

    assert "code" in flow.answer_of(asked(signed_in_browser))
    assert flow.answer_of(asked(bob))["error"] == "login_required"
    assert id_token.verify_hint(hint)["aud"] == client.client_id


def test_an_exchanged_token_names_the_person_as_its_own_client_knows_them(
    signed_in_browser, client, person
):
    service = make_client(
        name="API",
        client_type=Client.CLIENT_CONFIDENTIAL,
        redirect_uris="https://api.example/callback",
        subject_type="pairwise",
        grant_types=["urn:ietf:params:oauth:grant-type:token-exchange"],
    )
    ExchangeRule.objects.create(
        client=service, subject_audience=API, target_audience="https://b/", scopes=["api:read"]
    )
    tokens = flow.sign_in_tokens(signed_in_browser, client, resource=API)

    answer = flow.post_token(
        service,
        grant_type="urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token=tokens["access_token"],
        subject_token_type="urn:ietf:params:oauth:token-type:access_token",
        audience="https://b/",
    )

    said = flow.said_by(answer.json()["access_token"])
    assert said["sub"] == claims.subject_for(person, service)
    assert said["sub"] != flow.said_by(tokens["access_token"])["sub"]


@pytest.mark.parametrize(
    "redirect_uris",
    ["https://a.example/ https://b.example/", "com.example.app:/callback"],
)
def test_without_one_host_the_sector_has_to_be_told(client, redirect_uris):
    client.redirect_uris = redirect_uris
    with pytest.raises(ValidationError) as refused:
        client.full_clean()
    assert "subject_type" in refused.value.message_dict

    client.metadata = {"sector_identifier_uri": "https://a.example/sector.json"}
    client.full_clean()


# --- the sector's own word ---------------------------------------------------------------------


@pytest.fixture
def sector():
    with far_end() as serving:
        yield serving


def test_a_sector_that_lists_all_redirect_uris_is_right(client, sector):
    sector.body = json.dumps(["https://a.example/callback", "https://b.example/"]).encode()
    client.metadata = {"sector_identifier_uri": sector.url}

    pairwise.check_sector(client)

    assert sector.asked == [("GET", "/", b"")]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'["https://a.example/other"]'),
        (200, b"{}"),
        (200, b"[1]"),
        (200, b"no json"),
        (200, b"[" * 50_000),
        (404, b'["https://a.example/callback"]'),
    ],
)
def test_a_sector_that_says_anything_else_is_refused(client, sector, status, body):
    sector.status, sector.body = status, body
    client.metadata = {"sector_identifier_uri": sector.url}

    with pytest.raises(ValidationError) as refused:
        pairwise.check_sector(client)

    assert list(refused.value.message_dict) == ["sector_identifier_uri"]


def test_no_private_address_is_asked_for_a_sector(client, sector, settings):
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": "https://id.example"}
    client.metadata = {"sector_identifier_uri": sector.url}

    with pytest.raises(ValidationError):
        pairwise.check_sector(client)

    assert not sector.asked


def test_the_admin_asks_the_sector_before_it_saves(client, sector, admin_client):
    given = form_of(subject_type="pairwise", sector_identifier_uri=sector.url)
    address = reverse("admin:ostiary_oauth_client_add")
    sector.body = b"[]"
    refused = admin_client.post(address, given)
    assert "sector_identifier_uri" in refused.context["adminform"].form.errors

    sector.body = b'["https://new.example/a", "https://new.example/b"]'
    admin_client.post(address, given)

    saved = Client.objects.get(client_id="new-client")
    assert saved.registered("sector_identifier_uri") == sector.url
