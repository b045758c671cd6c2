"""Applications hear that a person was erased, once it has happened (RISC ``account-purged``)."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import jwt
import pytest
from django.contrib.auth import get_user_model
from django.db.models import F
from django.test import Client as Browser
from django.utils import timezone

from oauth import cleanup, id_token, registration
from oauth.models import Client, ErasureNotice
from ostiary import dead_letters, erasure, outbox
from ostiary.encryption import Sealed
from ostiary.mentions import SHORTEST_ID
from ostiary.models import Event, OutboxMessage
from tests.machine import free_port
from tests.oauth import flow
from tests.oauth.conftest import SIGNS_PEOPLE_IN, make_client, make_person
from tests.oauth.far_end import FarEnd, far_end
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

ACCOUNT_PURGED = "https://schemas.openid.net/secevent/risc/event-type/account-purged"
HEADER = "Bearer of-the-receiver"


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    """Messages wait in the outbox until a test delivers them."""
    monkeypatch.setattr(outbox, "_publish", lambda message_id: None)


@pytest.fixture
def receiver():
    """Where the application takes security events."""
    with far_end() as end:
        end.status = 202
        yield end


def subscribe(client, address: str, **fields) -> None:
    client.metadata = {**client.metadata, "security_event_uri": address}
    for name, value in fields.items():
        setattr(client, name, value)
    client.full_clean()
    client.save()


@pytest.fixture
def client(confidential_client, receiver):
    """The web application, which wants to hear."""
    subscribe(confidential_client, f"{receiver.url}events", security_event_secret=HEADER)
    return confidential_client


def erase(person) -> None:
    assert erasure.run(erasure.request(person, grace=timedelta()).pk)


def deliver() -> int:
    """Deliver what is due of our kind; other messages are not for this test."""
    OutboxMessage.objects.exclude(kind="oauth.account_purged").delete()
    return outbox.deliver_due()


def later() -> None:
    OutboxMessage.objects.update(next_attempt_at=F("next_attempt_at") - timedelta(days=1))


def told(receiver: FarEnd) -> list[dict]:
    """The claims of the tokens that arrived, each checked as a stranger can: by our published keys
    alone (RFC 8417, RFC 8935 §2.1)."""
    keys = jwt.PyJWKSet.from_dict(Browser().get("/.well-known/jwks.json").json())
    found = []
    for (method, path, body), headers in zip(receiver.asked, receiver.headed, strict=True):
        assert (method, path) == ("POST", "/events")
        assert headers["Content-Type"] == "application/secevent+jwt"
        assert headers["Accept"] == "application/json"
        header = jwt.get_unverified_header(body)
        assert header["typ"] == "secevent+jwt"
        found.append(
            jwt.decode(
                body,
                keys[header["kid"]],
                algorithms=[header["alg"]],
                issuer="http://localhost:8000",
                options={"verify_aud": False},
            )
        )
    return found


def test_an_application_hears_that_a_person_was_erased(client, signed_in_browser, person, receiver):
    known_as = flow.said_by(flow.sign_in_tokens(signed_in_browser, client)["id_token"])["sub"]
    before = time.time()

    erase(person)
    assert deliver() == 1

    [claims] = told(receiver)
    assert claims.keys() == {"iss", "aud", "iat", "jti", "sub_id", "events"}
    assert claims["aud"] == client.client_id
    assert before - 1 <= claims["iat"] <= time.time()
    assert claims["sub_id"] == {
        "format": "iss_sub",
        "iss": "http://localhost:8000",
        "sub": known_as,
    }
    assert claims["events"] == {ACCOUNT_PURGED: {}}
    assert receiver.headed[0]["Authorization"] == HEADER
    assert not ErasureNotice.objects.exists()
    assert OutboxMessage.objects.get().payload is None


def test_by_a_pairwise_subject_it_is_the_one_that_the_application_knows(
    client, signed_in_browser, person, receiver
):
    client.redirect_uris = "https://rp.example/callback"
    client.subject_type = "pairwise"
    client.save()
    known_as = flow.said_by(flow.sign_in_tokens(signed_in_browser, client)["id_token"])["sub"]

    erase(person)
    deliver()

    [claims] = told(receiver)
    assert claims["sub_id"]["sub"] == known_as != str(person.pk)


def test_what_waits_names_nobody(client, signed_in_browser, person):
    flow.sign_in_tokens(signed_in_browser, client)

    erase(person)

    message = OutboxMessage.objects.get(kind="oauth.account_purged")
    assert json.loads(message.payload) == {"notice": str(ErasureNotice.objects.get().pk)}
    assert message.key is None
    assert isinstance(ErasureNotice.objects.values_list("subject", flat=True).get(), Sealed)


def test_only_those_who_knew_the_person_and_want_to_hear_are_told(
    client, person, other_person, receiver, signed_in_browser
):
    flow.sign_in_tokens(signed_in_browser, client)
    stranger = make_client(
        name="Never seen",
        client_type=Client.CLIENT_PUBLIC,
        redirect_uris="https://stranger.example/callback",
        metadata={"security_event_uri": f"{receiver.url}events"},
        **SIGNS_PEOPLE_IN,
    )
    own = make_client(
        name="Ours",
        client_type=Client.CLIENT_PUBLIC,
        first_party=True,
        redirect_uris="https://own.example/callback",
        metadata={"security_event_uri": f"{receiver.url}events"},
        **SIGNS_PEOPLE_IN,
    )

    erase(person)
    assert deliver() == 2

    heard = {claims["aud"] for claims in told(receiver)}
    assert heard == {client.client_id, own.client_id}
    assert stranger.client_id not in heard


def test_an_application_that_takes_none_is_not_asked(
    confidential_client, signed_in_browser, person
):
    flow.sign_in_tokens(signed_in_browser, confidential_client)
    erase(person)
    assert not OutboxMessage.objects.filter(kind="oauth.account_purged").exists()


def test_an_application_that_the_person_made_goes_and_is_not_told(person, receiver):
    make_client(
        name="Mine",
        user=person,
        first_party=True,
        client_type=Client.CLIENT_PUBLIC,
        redirect_uris="https://mine.example/callback",
        registration_source=Client.RegistrationSource.SELF_SERVICE,
        metadata={"security_event_uri": f"{receiver.url}events"},
        **SIGNS_PEOPLE_IN,
    )
    erase(person)
    deliver()
    assert receiver.asked == []
    assert not ErasureNotice.objects.exists()


def test_hs256_is_of_no_use_to_whoever_verifies_by_our_keys(
    client, signed_in_browser, person, receiver
):
    client.id_token_signed_response_alg = "HS256"
    client.rotate_secret()
    client.save()
    flow.sign_in_tokens(signed_in_browser, client)
    erase(person)
    deliver()

    assert len(told(receiver)) == 1
    assert jwt.get_unverified_header(receiver.asked[0][2])["alg"] == "RS256"


def test_it_passes_for_no_other_token(client, signed_in_browser, person, receiver):
    flow.sign_in_tokens(signed_in_browser, client)
    erase(person)
    deliver()
    token = receiver.asked[0][2].decode()

    with pytest.raises(jwt.InvalidTokenError):
        id_token.verify_hint(token)
    assert flow.userinfo(token).status_code == 401
    assert Browser().get("/oauth/logout", {"id_token_hint": token}).status_code == 400


# --- receivers as they are ----------------------------------------------------------------------


def test_a_receiver_that_was_down_hears_it_once_it_is_up_and_by_the_same_token_each_time(
    client, signed_in_browser, person, receiver
):
    flow.sign_in_tokens(signed_in_browser, client)
    subscribe(client, f"http://127.0.0.1:{free_port()}/events")
    erase(person)
    assert deliver() == 0
    later()
    subscribe(client, f"{receiver.url}events")
    for status in (503, 429):
        receiver.status = status
        assert deliver() == 0
        later()
    receiver.status = 202
    assert deliver() == 1
    later()
    assert deliver() == 0

    assert len({claims["jti"] for claims in told(receiver)}) == 1
    assert len(receiver.asked) == 3
    assert not ErasureNotice.objects.exists()


@pytest.mark.parametrize("status", [302, 401, 403, 404, 500])
def test_other_answers_are_tried_again(client, signed_in_browser, person, receiver, status):
    receiver.status = status
    receiver.headers = {"Location": f"{receiver.url}elsewhere"}
    flow.sign_in_tokens(signed_in_browser, client)
    erase(person)
    deliver()

    assert len(receiver.asked) == 1, "a redirect is not followed"
    message = OutboxMessage.objects.get()
    assert message.state == OutboxMessage.State.PENDING
    assert message.last_error == f"NotDeliveredError: It answered {status}."


@pytest.mark.parametrize(
    ("wait", "least", "most"),
    [("600", 590, 610), ("86400", 3590, 3610), ("soon", 0, 10)],
)
def test_a_receiver_is_left_alone_for_as_long_as_it_says_within_reason(
    client, signed_in_browser, person, receiver, wait, least, most
):
    receiver.status, receiver.headers = 429, {"Retry-After": wait}
    flow.sign_in_tokens(signed_in_browser, client)
    erase(person)
    deliver()

    waits = OutboxMessage.objects.get().next_attempt_at - timezone.now()
    assert least <= waits.total_seconds() <= most


@pytest.mark.parametrize(
    ("body", "state", "reason"),
    [
        (
            b'{"err": "invalid_key", "description": "alice@example.com is unknown"}',
            OutboxMessage.State.PARKED,
            "PermanentFailure: It answered 400. (invalid_key)",
        ),
        (b'{"err": "alice"}', OutboxMessage.State.PARKED, "PermanentFailure: It answered 400."),
        (b"<html>", OutboxMessage.State.PENDING, "NotDeliveredError: It answered 400."),
        (b'["err"]', OutboxMessage.State.PENDING, "NotDeliveredError: It answered 400."),
        (b"[" * 5000, OutboxMessage.State.PENDING, "NotDeliveredError: It answered 400."),
    ],
)
def test_a_token_that_is_refused_as_such_is_parked_with_the_reason(
    client, signed_in_browser, person, receiver, body, state, reason
):
    receiver.status, receiver.body = 400, body
    flow.sign_in_tokens(signed_in_browser, client)
    erase(person)
    deliver()

    message = OutboxMessage.objects.get()
    assert (message.state, message.last_error) == (state, reason)


def test_what_was_given_up_is_told_after_all_or_forgotten_with_its_message(
    client, signed_in_browser, person, receiver
):
    receiver.status, receiver.body = 400, b'{"err": "access_denied"}'
    flow.sign_in_tokens(signed_in_browser, client)
    erase(person)
    deliver()
    message = OutboxMessage.objects.get()
    assert cleanup.remove_erasure_notices() == 0

    assert dead_letters.retry(message)
    receiver.status = 202
    assert deliver() == 1
    assert not ErasureNotice.objects.exists()


def test_what_an_operator_has_dropped_is_forgotten(client, signed_in_browser, person):
    flow.sign_in_tokens(signed_in_browser, client)
    erase(person)
    OutboxMessage.objects.update(state=OutboxMessage.State.DROPPED)
    assert cleanup.remove_erasure_notices() == 1


def test_an_address_of_our_own_network_is_never_asked(
    client, signed_in_browser, person, receiver, settings
):
    flow.sign_in_tokens(signed_in_browser, client)
    erase(person)
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": "https://id.example.com"}

    assert deliver() == 0
    assert receiver.asked == []
    assert "not a public address" in OutboxMessage.objects.get().last_error


@pytest.mark.parametrize("header", ["Bearer a\r\nHost: b", "Bearer ü", " Bearer a", "x" * 4001])
def test_a_header_that_could_smuggle_is_not_kept(confidential_client, header):
    with pytest.raises(Exception, match="Authorization header"):
        subscribe(confidential_client, "https://rp.example/events", security_event_secret=header)


# --- operators ----------------------------------------------------------------------------------


@pytest.fixture
def desk(db):
    """An operator at the administration."""
    person = make_person("operator@example.com", is_staff=True, is_superuser=True)
    get_user_model().objects.filter(pk=person.pk).update(is_staff=True, is_superuser=True)
    return desk_of(person)


def form_of(page) -> dict:
    """What a browser would send back of the form of a client."""
    form = page.context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    for name in ("jwks", "localized_client_names"):
        shown[name] = ""
    return {name: value for name, value in shown.items() if value not in (None, False)}


def test_operators_write_the_header_and_never_read_it(client, desk):
    url = f"/admin/ostiary_oauth/client/{client.pk}/change/"
    page = desk.get(url)
    assert HEADER not in page.content.decode()
    assert "0 waiting, 0 failed. With an Authorization header." in page.content.decode()

    def send(**changed):
        answer = desk.post(url, {**form_of(page), **changed})
        assert answer.status_code == 302, answer.context["adminform"].form.errors
        return Client.objects.get(pk=client.pk).security_event_secret

    assert send() == HEADER
    assert send(security_event_authorization="Bearer another-zqx") == "Bearer another-zqx"
    assert "another-zqx" not in str([event.details for event in Event.objects.all()])
    assert Event.objects.filter(kind="client.changed").latest("pk").details == {
        "security_event_authorization": "changed"
    }
    assert send(security_event_uri="https://elsewhere.example/events") is None


def test_an_operator_sees_who_was_not_told_and_why(
    client, signed_in_browser, person, desk, receiver
):
    key = str(person.pk)
    receiver.status, receiver.body = 400, b'{"err": "access_denied"}'
    flow.sign_in_tokens(signed_in_browser, client)
    erase(person)
    deliver()

    listed = desk.get("/admin/ostiary_oauth/erasurenotice/").content.decode()
    notice = ErasureNotice.objects.get()
    page = desk.get(f"/admin/ostiary_oauth/erasurenotice/{notice.pk}/change/")

    assert "It answered 400. (access_denied)" in listed
    assert page.status_code == 200
    assert len(key) < SHORTEST_ID or key not in listed + page.content.decode()
    assert (
        "1 failed" in desk.get(f"/admin/ostiary_oauth/client/{client.pk}/change/").content.decode()
    )


def test_a_header_for_one_address_is_never_sent_to_another(client):
    """An application that changes its own registration knows nothing of the operator's secret."""
    said = {**registration.registered(client), "token_endpoint_auth_method": "client_secret_basic"}
    registration.apply(client, said, registration.held_by(client))
    assert client.security_event_secret == HEADER

    elsewhere = {**said, "security_event_uri": "https://elsewhere.example/events"}
    registration.apply(client, elsewhere, registration.held_by(client))
    assert client.registered("security_event_uri") == "https://elsewhere.example/events"
    assert client.security_event_secret is None
