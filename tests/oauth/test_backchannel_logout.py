"""Back-channel logout: clients hear of exactly the sessions that ended (SECURITY B13, H17)."""

from __future__ import annotations

import time
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F
from django.test import Client as Browser
from django.utils import timezone

from oauth import backchannel_logout, cleanup, client_push, client_sessions, id_token, jws, keys
from oauth.models import ClientSession, Grant
from ostiary import cleanup as ground_cleanup
from ostiary import outbox, sessions
from ostiary.models import Event, OutboxMessage, Session
from tests.machine import free_port
from tests.oauth import flow
from tests.oauth.conftest import make_person
from tests.oauth.far_end import FarEnd, far_end
from tests.operators import desk_of
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

DAY = 24 * 3600


@pytest.fixture
def receiver():
    """Where the client wants to be told."""
    with far_end() as end:
        yield end


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    """Messages wait in the outbox until a test delivers them."""
    monkeypatch.setattr(outbox, "_publish", lambda message_id: None)


def register(client, address: str, **metadata) -> None:
    client.metadata = {"backchannel_logout_uri": address, **metadata}
    client.full_clean()
    client.save()


@pytest.fixture
def client(confidential_client, receiver):
    """The web application, which wants to hear."""
    register(confidential_client, f"{receiver.url}told")
    return confidential_client


def sign_in(person) -> Browser:
    browser = Browser()
    browser.force_login(person)
    return browser


def sid_of(tokens) -> str:
    return flow.said_by(tokens["id_token"])["sid"]


def told(receiver: FarEnd) -> list[dict]:
    """The claims of the logout tokens that arrived, each checked as a client has to (§2.6)."""
    found = []
    for method, path, body in receiver.asked:
        assert (method, path) == ("POST", "/told")
        form = parse_qs(body.decode())
        assert list(form) == ["logout_token"]
        found.append(
            jws.verify(
                form["logout_token"][0],
                typ="logout+jwt",
                issuer="http://localhost:8000",
                audience=None,
            )
        )
    return found


def time_passes(seconds: float) -> None:
    """Set back what waits in the outbox."""
    past = timedelta(seconds=seconds)
    OutboxMessage.objects.update(next_attempt_at=F("next_attempt_at") - past)


def end(sid: str, reason: str = "operator") -> None:
    assert sessions.end(Session.objects.get(pk=sid), reason)


# --- the token ----------------------------------------------------------------------------------


def test_a_client_is_told_of_the_end_of_a_session(client, signed_in_browser, receiver):
    tokens = flow.sign_in_tokens(signed_in_browser, client)

    end(sid_of(tokens))
    assert outbox.deliver_due() == 1

    [claims] = told(receiver)
    said = flow.said_by(tokens["id_token"])
    now = time.time()
    assert claims.keys() == {"iss", "aud", "sub", "sid", "iat", "exp", "jti", "events"}
    assert claims["iss"] == said["iss"]
    assert claims["aud"] == client.client_id
    assert (claims["sub"], claims["sid"]) == (said["sub"], said["sid"])
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert now - 30 < claims["iat"] <= now < claims["exp"] <= claims["iat"] + 120
    assert ClientSession.objects.get().told_at is not None


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_it_is_signed_as_the_id_tokens_of_the_client_are(client, signed_in_browser, receiver, alg):
    client.id_token_signed_response_alg = alg
    client.save()
    end(sid_of(flow.sign_in_tokens(signed_in_browser, client)))

    outbox.deliver_due()

    assert len(told(receiver)) == 1  # `verify` takes a key's own algorithm alone
    token = parse_qs(receiver.asked[0][2].decode())["logout_token"][0]
    assert jws.jwt.get_unverified_header(token)["alg"] == alg


@pytest.mark.parametrize("alg", ["RS256", "HS256"])
def test_a_logout_token_passes_for_no_other_token(client, signed_in_browser, receiver, alg):
    client.id_token_signed_response_alg = alg
    if alg == "HS256":
        client.rotate_secret()
    client.full_clean()
    client.save()
    end(sid_of(flow.sign_in_tokens(signed_in_browser, client)))
    outbox.deliver_due()
    token = parse_qs(receiver.asked[0][2].decode())["logout_token"][0]

    with pytest.raises(jws.jwt.InvalidTokenError):
        id_token.verify_hint(token)
    assert flow.userinfo(token).status_code == 401
    assert Browser().get("/oauth/logout", {"id_token_hint": token}).status_code == 400


def test_the_subject_is_the_one_that_the_client_knows(client, signed_in_browser, receiver):
    client.redirect_uris = "https://rp.example/callback"
    client.subject_type = "pairwise"
    client.save()
    tokens = flow.sign_in_tokens(signed_in_browser, client)
    known_as = flow.said_by(tokens["id_token"])["sub"]

    client.subject_type = "public"  # 30 days later the registration is another
    client.save()
    end(str(Session.objects.get().pk))
    outbox.deliver_due()

    assert [claims["sub"] for claims in told(receiver)] == [known_as]


def test_each_attempt_makes_its_own_token(client, signed_in_browser, receiver):
    end(sid_of(flow.sign_in_tokens(signed_in_browser, client)))
    receiver.status = 503
    outbox.deliver_due()
    receiver.status = 204
    time_passes(DAY)
    outbox.deliver_due()

    first, second = told(receiver)
    assert first["jti"] != second["jti"]


# --- whom, and of what --------------------------------------------------------------------------


def test_only_clients_of_that_session_with_an_address_are_told(
    client, public_client, signed_in_browser, person, receiver
):
    here = sid_of(flow.sign_in_tokens(signed_in_browser, client))
    flow.sign_in_tokens(signed_in_browser, public_client)
    elsewhere = sid_of(flow.sign_in_tokens(sign_in(person), client))
    assert ClientSession.objects.count() == 2

    end(here)
    outbox.deliver_due()

    assert [claims["sid"] for claims in told(receiver)] == [here]
    assert {str(live.sid) for live in ClientSession.objects.filter(ended_at=None)} == {elsewhere}


def test_a_sign_in_without_openid_is_no_session_at_the_client(client, signed_in_browser):
    flow.sign_in_tokens(signed_in_browser, client, scope="api:read")

    assert not ClientSession.objects.exists()


def test_many_sign_ins_of_one_session_are_told_once(client, signed_in_browser, receiver):
    for _ in range(3):
        sid = sid_of(flow.sign_in_tokens(signed_in_browser, client))

    end(sid)
    outbox.deliver_due()

    assert len(told(receiver)) == 1


def _by_sign_out(browser, person, sid):
    browser.get("/oauth/logout")
    browser.post("/oauth/logout", {"decision": "allow"})


def _by_deactivation(browser, person, sid):
    person.is_active = False
    person.save()


def _by_all(browser, person, sid):
    sessions.end_all(person, "password")


def _by_idleness(browser, person, sid):
    Session.objects.update(last_seen_at=timezone.now() - timedelta(days=2))
    ground_cleanup.end_expired_sessions()


def _by_deletion(browser, person, sid):
    Session.objects.all().delete()
    cleanup.end_orphaned_client_sessions()


def _by_another_password(browser, person, sid):
    person.set_password("another one entirely")
    person.save()
    browser.get("/account/applications/")


@pytest.mark.parametrize(
    "way",
    [
        _by_sign_out,
        _by_deactivation,
        _by_all,
        _by_idleness,
        _by_deletion,
        _by_another_password,
    ],
)
def test_however_a_session_ends_its_clients_are_told(
    client, signed_in_browser, person, receiver, way
):
    sid = sid_of(flow.sign_in_tokens(signed_in_browser, client))

    way(signed_in_browser, person, sid)
    outbox.deliver_due()

    assert [claims["sid"] for claims in told(receiver)] == [sid]


def test_an_erased_person_s_clients_are_told_though_the_person_is_gone(client, receiver):
    person = make_person("gone@example.com")
    tokens = flow.sign_in_tokens(sign_in(person), client)
    sessions.end_all(person, "erased")
    get_user_model().objects.filter(pk=person.pk).delete()

    outbox.deliver_due()

    [claims] = told(receiver)
    assert claims["sub"] == flow.said_by(tokens["id_token"])["sub"]


def test_a_withdrawn_consent_ends_the_sessions_at_that_client(
    client, signed_in_browser, person, receiver, other_person
):
    sids = {
        sid_of(flow.sign_in_tokens(each, client)) for each in (signed_in_browser, sign_in(person))
    }
    flow.sign_in_tokens(sign_in(other_person), client)

    signed_in_browser.post(f"/account/applications/{client.pk}/withdraw/")
    outbox.deliver_due()

    assert {claims["sid"] for claims in told(receiver)} == sids
    assert Session.objects.filter(ended_at=None).count() == 3  # they stay signed in here


def test_after_a_withdrawal_a_new_sign_in_is_told_of_too(client, signed_in_browser, receiver):
    flow.sign_in_tokens(signed_in_browser, client)
    signed_in_browser.post(f"/account/applications/{client.pk}/withdraw/")
    sid = sid_of(flow.sign_in_tokens(signed_in_browser, client))
    end(sid)

    outbox.deliver_due()

    assert [claims["sid"] for claims in told(receiver)] == [sid, sid]


def test_an_id_token_that_comes_with_the_code_is_a_session_at_once(
    client, signed_in_browser, receiver
):
    register(client, f"{receiver.url}told", response_types=["code", "code id_token"])
    page = flow.authorize(
        signed_in_browser, client, response_type="code id_token", response_mode="form_post"
    )
    flow.allow(signed_in_browser, page)

    session = Session.objects.get()
    assert ClientSession.objects.get().sid == session.pk
    assert sessions.end(session, "signout")
    outbox.deliver_due()
    assert [claims["sid"] for claims in told(receiver)] == [str(session.pk)]


def test_what_is_rolled_back_is_never_told(client, signed_in_browser, receiver):
    sid = sid_of(flow.sign_in_tokens(signed_in_browser, client))
    with transaction.atomic():
        end(sid)
        transaction.set_rollback(True)

    assert outbox.deliver_due() == 0
    assert ClientSession.objects.get().ended_at is None


def test_a_client_without_the_address_is_never_asked(confidential_client, signed_in_browser):
    sid = sid_of(flow.sign_in_tokens(signed_in_browser, confidential_client))

    end(sid)

    assert not OutboxMessage.objects.exists()


def test_offline_tokens_got_after_the_end_are_told_of_at_once(client, signed_in_browser, receiver):
    code, verifier = flow.obtain_code(signed_in_browser, client)
    sessions.end(Session.objects.get(), "signout")
    tokens = flow.redeem(client, code, verifier).json()

    assert outbox.deliver_due() == 0  # the client has not had its answer yet
    time_passes(client_sessions.TOO_LATE_SECONDS)
    outbox.deliver_due()

    assert [claims["sid"] for claims in told(receiver)] == [sid_of(tokens)]


def test_a_code_that_is_not_offline_gives_no_session_after_the_end(client, signed_in_browser):
    code, verifier = flow.obtain_code(signed_in_browser, client, scope="openid")
    sessions.end(Session.objects.get(), "signout")

    assert flow.redeem(client, code, verifier).json()["error"] == "invalid_grant"
    assert not ClientSession.objects.exists()


# --- receivers as they are ----------------------------------------------------------------------


def test_a_receiver_that_was_down_for_a_day_hears_of_it(client, signed_in_browser, receiver):
    register(client, f"http://127.0.0.1:{free_port()}/told")
    sid = sid_of(flow.sign_in_tokens(signed_in_browser, client))
    end(sid)
    for _ in range(8):
        assert outbox.deliver_due() == 0
        time_passes(4 * 3600)
    session = ClientSession.objects.get()
    assert session.told_at is None
    assert session.failing_since is not None
    assert "ConnectionRefused" in session.last_error

    register(client, f"{receiver.url}told")
    time_passes(DAY)
    assert outbox.deliver_due() == 1

    assert [claims["sid"] for claims in told(receiver)] == [sid]
    session.refresh_from_db()
    assert (session.failing_since, session.last_error) == (None, "")
    assert session.told_at is not None


def test_thirty_days_later_exactly_the_sessions_that_ended_are_told(
    client, signed_in_browser, person, receiver
):
    """The tokens have gone long before: the clean-up has run, and the keys were rotated."""
    kept, ended = (sid_of(flow.sign_in_tokens(sign_in(person), client)) for _ in range(2))
    month = timedelta(days=30)
    Grant.objects.update(ends_at=timezone.now() - timedelta(days=1))
    ClientSession.objects.update(created_at=F("created_at") - month)
    cleanup.remove_ended_grants()
    cleanup.remove_client_sessions()
    keys.rotate("RS256")
    assert not Grant.objects.exists()

    end(ended)
    outbox.deliver_due()

    assert [claims["sid"] for claims in told(receiver)] == [ended]
    assert str(ClientSession.objects.get(ended_at=None).sid) == kept


def test_fifty_sessions_ended_at_once_are_fifty_tokens(client, person, receiver):
    sids = {sid_of(flow.sign_in_tokens(sign_in(person), client)) for _ in range(50)}

    assert sessions.end_all(person, "password") == 50
    assert outbox.deliver_due() == 50

    found = [claims["sid"] for claims in told(receiver)]
    assert len(found) == 50
    assert set(found) == sids


@pytest.mark.parametrize("status", [200, 204])
def test_what_was_told_is_not_told_again(client, signed_in_browser, receiver, status):
    receiver.status = status
    end(sid_of(flow.sign_in_tokens(signed_in_browser, client)))
    outbox.deliver_due()
    payload = {"client_session": str(ClientSession.objects.get().pk)}

    backchannel_logout.deliver(payload, "again")  # a worker was killed before it noted the end

    assert len(receiver.asked) == 1


def test_a_token_that_is_refused_as_such_is_parked_with_the_reason(
    client, signed_in_browser, receiver
):
    receiver.status = 400
    end(sid_of(flow.sign_in_tokens(signed_in_browser, client)))
    outbox.deliver_due()

    message = OutboxMessage.objects.get()
    assert message.state == OutboxMessage.State.PARKED
    assert message.last_error == "PermanentFailure: It answered 400."
    assert ClientSession.objects.get().last_error == "It answered 400."


@pytest.mark.parametrize("status", [302, 307, 403, 404, 500, 503])
def test_other_answers_are_tried_again(client, signed_in_browser, receiver, status):
    receiver.status = status
    receiver.headers = {"Location": f"{receiver.url}elsewhere"}
    end(sid_of(flow.sign_in_tokens(signed_in_browser, client)))
    outbox.deliver_due()

    assert len(receiver.asked) == 1, "a redirect is not followed"
    message = OutboxMessage.objects.get()
    assert message.state == OutboxMessage.State.PENDING
    assert message.next_attempt_at > timezone.now()
    assert ClientSession.objects.get().last_error == f"It answered {status}."


def test_a_slow_receiver_is_left_and_tried_again(client, signed_in_browser, receiver, monkeypatch):
    monkeypatch.setattr(client_push, "ANSWER_SECONDS", 0.2)
    receiver.pause = 1.0
    end(sid_of(flow.sign_in_tokens(signed_in_browser, client)))

    assert outbox.deliver_due() == 0
    assert ClientSession.objects.get().told_at is None
    assert OutboxMessage.objects.get().state == OutboxMessage.State.PENDING


def test_an_endless_answer_is_cut_off(client, signed_in_browser, receiver):
    receiver.body = b"x" * (client_push.MAX_BYTES + 1)
    end(sid_of(flow.sign_in_tokens(signed_in_browser, client)))

    assert outbox.deliver_due() == 0


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/told",
        "https://localhost/told",
        "https://[::1]/told",
        "https://10.0.0.1/told",
    ],
)
def test_an_address_of_our_own_network_is_never_asked(client, signed_in_browser, address, settings):
    register(client, address)
    end(sid_of(flow.sign_in_tokens(signed_in_browser, client)))
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": "https://id.example.com"}

    assert outbox.deliver_due() == 0
    assert "not a public address" in ClientSession.objects.get().last_error


def test_plain_http_is_for_trying_out_alone(client, signed_in_browser, settings, receiver):
    end(sid_of(flow.sign_in_tokens(signed_in_browser, client)))
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": "https://id.example.com"}

    assert outbox.deliver_due() == 0
    assert receiver.asked == []


@pytest.mark.parametrize(
    "address", ["http://rp.example/told", "https://rp.example/told#x", "ftp://x/"]
)
def test_an_address_that_could_not_be_asked_is_not_registered(confidential_client, address):
    with pytest.raises(Exception, match="backchannel_logout_uri"):
        register(confidential_client, address)


def test_a_client_that_was_deleted_meanwhile_needs_no_message(client, signed_in_browser, receiver):
    end(sid_of(flow.sign_in_tokens(signed_in_browser, client)))
    client.delete()

    assert outbox.deliver_due() == 1
    assert receiver.asked == []


# --- at once ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_session_ended_by_fifty_at_once_is_told_once(client, signed_in_browser, receiver):
    flow.sign_in_tokens(signed_in_browser, client)
    session = Session.objects.get()

    ended = at_once(lambda: sessions.end(session, "person"))

    assert sum(ended) == 1
    assert OutboxMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_sign_in_that_races_with_the_end_is_told_or_refused(client, signed_in_browser):
    codes = [flow.obtain_code(signed_in_browser, client) for _ in range(20)]
    session = Session.objects.get()
    todo = [lambda c=c: flow.redeem(client, *c).status_code for c in codes]
    todo.insert(10, lambda: sessions.end(session, "person"))
    waiting = iter(todo)

    at_once(lambda: next(waiting)(), ways=len(todo))

    assert not ClientSession.objects.filter(ended_at=None).exists()
    assert OutboxMessage.objects.count() == ClientSession.objects.count()


# --- statements and rows ------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_exchange_of_a_code_keeps_to_its_statements(
    client, signed_in_browser, django_assert_max_num_queries
):
    keys.keyset()
    code, verifier = flow.obtain_code(signed_in_browser, client)

    with django_assert_max_num_queries(8):
        assert flow.redeem(client, code, verifier).status_code == 200


def test_what_is_settled_is_forgotten_after_a_while(client, signed_in_browser, person, receiver):
    for _ in range(2):
        end(sid_of(flow.sign_in_tokens(sign_in(person), client)))
    [first, second] = ClientSession.objects.order_by("pk")
    outbox.deliver(first.message_id)
    long_ago = timezone.now() - timedelta(days=31)
    ClientSession.objects.update(ended_at=long_ago)

    assert cleanup.remove_client_sessions() == 1

    assert ClientSession.objects.get() == second, "it has still to be told"


# --- operators ----------------------------------------------------------------------------------


@pytest.fixture
def operator(db):
    person = make_person("operator@example.com", is_staff=True, is_superuser=True)
    get_user_model().objects.filter(pk=person.pk).update(is_staff=True, is_superuser=True)
    return desk_of(person)


def test_an_operator_sees_who_was_not_told_and_why_and_tells_them_again(
    client, signed_in_browser, receiver, operator
):
    receiver.status = 400
    end(sid_of(flow.sign_in_tokens(signed_in_browser, client)))
    outbox.deliver_due()
    session = ClientSession.objects.get()

    listed = operator.get("/admin/ostiary_oauth/clientsession/").content.decode()
    page = operator.get(f"/admin/ostiary_oauth/client/{client.pk}/change/").content.decode()
    assert "It answered 400." in listed
    assert "0 notified, 0 waiting, 1 failed. Failing since" in page
    assert (
        operator.get(f"/admin/ostiary_oauth/clientsession/{session.pk}/change/").status_code == 200
    )

    receiver.status = 200
    operator.post(
        "/admin/ostiary_oauth/clientsession/",
        {"action": "retry", "_selected_action": [str(session.pk)]},
    )
    assert outbox.deliver_due() == 1
    assert len(receiver.asked) == 2
    assert Event.objects.filter(kind="outbox.retried", client_id=client.client_id).exists()
    page = operator.get(f"/admin/ostiary_oauth/client/{client.pk}/change/").content.decode()
    assert "1 notified, 0 waiting, 0 failed." in page


def test_no_operator_edits_or_deletes_them(client, signed_in_browser, operator):
    flow.sign_in_tokens(signed_in_browser, client)
    session = ClientSession.objects.get()

    assert (
        operator.post(f"/admin/ostiary_oauth/clientsession/{session.pk}/delete/").status_code == 403
    )
    assert operator.get("/admin/ostiary_oauth/clientsession/add/").status_code == 403
