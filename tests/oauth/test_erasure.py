"""A person is erased: their tokens die, their applications are told, and nothing of it is left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from oauth import cleanup, personal_data
from oauth.models import AccessToken, Client, ClientSession, Consent, Grant, RefreshToken
from ostiary import erasure, outbox, receipts
from ostiary.models import OutboxMessage
from tests.oauth import flow
from tests.oauth.conftest import SIGNS_PEOPLE_IN, make_client, make_person
from tests.oauth.far_end import far_end
from tests.oauth.test_backchannel_logout import register, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    """Messages wait in the outbox until a test delivers them."""
    monkeypatch.setattr(outbox, "_publish", lambda message_id: None)


@pytest.fixture
def receiver():
    """Where the client wants to be told."""
    with far_end() as end:
        yield end


@pytest.fixture
def tokens(confidential_client, signed_in_browser, receiver):
    """What Alice's application got; it wants to hear when she leaves."""
    register(confidential_client, f"{receiver.url}told")
    return flow.sign_in_tokens(
        signed_in_browser, confidential_client, scope="openid offline_access api:read"
    )


def erase(person):
    asked = erasure.request(person, grace=timedelta())
    assert erasure.run(asked.pk)
    asked.refresh_from_db()
    return receipts.verify(asked.receipt)


def test_tokens_die_and_every_row_goes_and_is_counted(person, tokens, confidential_client):
    said = erase(person)

    assert flow.refresh(confidential_client, tokens["refresh_token"]).status_code == 400
    for model in (Grant, RefreshToken, AccessToken, Consent):
        assert not model.objects.exists()
    [step] = [step for step in said["steps"] if step["name"] == "ostiary_oauth"]
    assert step["erased"]["ostiary_oauth.Grant"] == 1
    assert step["erased"]["ostiary_oauth.RefreshToken"] == 1
    assert step["erased"]["ostiary_oauth.Consent"] == 1


def test_the_application_is_told_and_then_its_row_goes_too(person, tokens, receiver):
    erase(person)
    [waiting] = ClientSession.objects.all()
    assert waiting.user_id is None

    outbox.deliver_due()

    [logout] = told(receiver)
    assert logout["sub"] == flow.said_by(tokens["id_token"])["sub"]
    assert not ClientSession.objects.exists()


def test_an_application_that_never_hears_it_keeps_nothing_alive(person, tokens):
    erase(person)
    assert cleanup.remove_client_sessions() == 0
    OutboxMessage.objects.update(state=OutboxMessage.State.PARKED)

    assert cleanup.remove_client_sessions() == 1


def test_their_own_applications_go_and_those_of_the_site_stay_without_them(person):
    own = make_client(
        name="Mine",
        user=person,
        client_type=Client.CLIENT_PUBLIC,
        redirect_uris="https://mine.example/callback",
        registration_source=Client.RegistrationSource.SELF_SERVICE,
        **SIGNS_PEOPLE_IN,
    )
    site = make_client(
        name="The site's",
        user=person,
        contacts=["ALICE@example.com", "team@example.com"],
        client_type=Client.CLIENT_PUBLIC,
        redirect_uris="https://site.example/callback",
        **SIGNS_PEOPLE_IN,
    )

    erase(person)

    assert not Client.objects.filter(pk=own.pk).exists()
    site.refresh_from_db()
    assert (site.user_id, site.contacts) == (None, ["team@example.com"])


def test_what_others_gave_stays(person, confidential_client):
    another = make_person("carol@example.com")
    Consent.objects.create(user=another, client=confidential_client, scopes=["openid"])

    personal_data.erase(person)

    assert Consent.objects.filter(user=another).exists()
