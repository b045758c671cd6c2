"""Clients that are kept in memory for a moment, and changes that wait until that is over."""

import ast
import threading
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps as installed
from django.contrib.auth import get_user_model
from django.core.checks import run_checks
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import InvalidClientError

from oauth import client_authentication, client_memory, device_authorization
from oauth.client_authentication import find_client, read_client, while_registered
from oauth.models import AccessToken, Client, DeviceGrant, Grant, PushedRequest
from oauth.personal_data import erase
from tests.oauth import flow
from tests.oauth.assertions import CLIENT_KEY, public_jwk
from tests.oauth.conftest import make_client, make_person
from tests.oauth.test_device import START

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
SECONDS = 1


class Clock:
    """Time as the memory sees it, and what was waited."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waited: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch, settings) -> Clock:
    """The memory is on, and its time stands still."""
    clock = Clock()
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "CLIENT_CACHE_SECONDS": SECONDS}
    monkeypatch.setattr(client_memory, "time", clock)
    client_memory.forget()
    yield clock
    client_memory.forget()


def make_service(**fields) -> Client:
    return make_client(
        client_type="confidential",
        grant_types=["client_credentials"],
        scopes=["api:read"],
        **fields,
    )


@pytest.fixture
def client() -> Client:
    return make_service(name="Service", metadata={"jwks": {"keys": [public_jwk(CLIENT_KEY)]}})


def statements(ask) -> int:
    with CaptureQueriesContext(connection) as queries:
        ask()
    return len(queries)


def elsewhere(client: Client, **changes: object) -> None:
    """A change that this process hears nothing of, and for which nobody waited."""
    QuerySet.update(Client.objects.filter(pk=client.pk), **changes)


# --- reading --------------------------------------------------------------------------------------


def test_a_client_is_read_once_a_second(client, clock):
    assert statements(lambda: find_client(client.client_id)) == 1
    clock.now += SECONDS - 0.01
    assert statements(lambda: find_client(client.client_id)) == 0
    clock.now += 0.01
    assert statements(lambda: find_client(client.client_id)) == 1


def test_what_changes_elsewhere_past_us_holds_a_second_after_the_reading(client, clock):
    find_client(client.client_id)
    elsewhere(client, enabled=False)
    clock.now += SECONDS - 0.01
    assert find_client(client.client_id).enabled
    clock.now += 0.01
    assert not find_client(client.client_id).enabled


def test_it_is_off_by_default(client, settings):
    settings.OSTIARY_OAUTH = {}
    for _ in range(2):
        assert statements(lambda: find_client(client.client_id)) == 1


def test_the_age_counts_from_before_the_reading(client, clock, monkeypatch):
    """A reading that began before a commit and ended long after it."""
    read = client_authentication._by_client_id.first

    def slowly(**values):
        found = read(**values)
        elsewhere(client, enabled=False)
        clock.now += SECONDS
        return found

    monkeypatch.setattr(client_authentication._by_client_id, "first", slowly)
    assert find_client(client.client_id).enabled
    monkeypatch.undo()
    monkeypatch.setattr(client_memory, "time", clock)
    assert not find_client(client.client_id).enabled


def test_each_request_has_a_copy_of_its_own(client):
    known = read_client(client.client_id)
    found = [find_client(client.client_id) for _ in range(3)]  # the first is the one that was read
    for each in found:
        assert each == client
        assert vars_of(each) == vars_of(known)
        each.enabled = False
        each.scopes.append("admin")
        each.metadata["jwks"]["keys"][0]["kty"] = "oct"
        each.metadata["more"] = True
        each._state.fields_cache["user"] = "somebody"
        each.fresh_secret = "secret"
    again = find_client(client.client_id)
    assert vars_of(again) == vars_of(known)
    assert not again._state.fields_cache
    assert (again._state.db, again._state.adding) == (known._state.db, False)


def vars_of(client: Client) -> dict[str, object]:
    return deepcopy({name: value for name, value in vars(client).items() if name != "_state"})


def test_that_there_is_none_is_not_kept(clock):
    assert find_client("later") is None
    client = make_service(client_id="later")
    assert find_client("later") == client
    assert clock.waited == []


def test_what_was_read_in_a_transaction_is_not_kept(client):
    with transaction.atomic():
        Client.objects.filter(pk=client.pk).update(name="Uncommitted")
        assert find_client(client.client_id).name == "Uncommitted"
        transaction.set_rollback(True)
    assert find_client(client.client_id).name == "Service"


def test_a_transaction_sees_its_own_changes(client):
    find_client(client.client_id)
    with transaction.atomic():
        Client.objects.filter(pk=client.pk).update(enabled=False)
        assert not find_client(client.client_id).enabled


def test_no_more_are_kept_than_a_bound(monkeypatch):
    monkeypatch.setattr(client_memory, "MOST", 3)
    names = [make_service(client_id=f"client-{n}").client_id for n in range(5)]
    for name in names:
        find_client(name)
    assert statements(lambda: [find_client(name) for name in names[2:]]) == 0
    assert len(client_memory._kept) == 3


def test_threads_that_ask_at_once_each_get_their_own(client):
    found: list[Client] = []

    def ask():
        try:
            for _ in range(200):
                found.append(find_client(client.client_id))
                found[-1].scopes.append("mine")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 800
    assert {tuple(each.scopes) for each in found} == {("api:read", "mine")}


@pytest.mark.parametrize(("seconds", "fine"), [(0, True), (1, True), (2, False), (-1, False)])
def test_nobody_has_to_wait_longer_than_a_second(settings, seconds, fine):
    settings.OSTIARY_OAUTH = {"CLIENT_CACHE_SECONDS": seconds}
    found = [each for each in run_checks() if "CLIENT_CACHE_SECONDS" in each.msg]
    assert [each.id for each in found] == ([] if fine else ["ostiary_oauth.E003"])


# --- changing -------------------------------------------------------------------------------------


def disable(client):
    client.enabled = False
    client.save()


def disable_one_column(client):
    client.enabled = False
    client.save(update_fields=["enabled", "updated"])


def change_the_secret(client):
    client.rotate_secret(overlap=timedelta(0))
    client.save()


def update(client):
    Client.objects.filter(pk=client.pk).update(enabled=False)


def bulk_update(client):
    client.metadata = {}
    Client.objects.bulk_update([client], ["metadata"])


def upsert(client):
    client.enabled = False
    Client.objects.bulk_create(
        [client], update_conflicts=True, unique_fields=["id"], update_fields=["enabled"]
    )


def update_or_create(client):
    Client.objects.update_or_create(pk=client.pk, defaults={"enabled": False})


def through_the_owner(client):
    owner = make_person("owner@example.com")
    elsewhere(client, user=owner)
    owner.ostiary_oauth_client.update(enabled=False)


def by_the_default_manager(client):
    Client._default_manager.filter(pk=client.pk).update(enabled=False)


def delete(client):
    client.delete()


def delete_several(client):
    Client.objects.filter(pk=client.pk).delete()


def delete_past_the_manager(client):
    Client._base_manager.filter(pk=client.pk).delete()


CHANGES = [
    disable,
    disable_one_column,
    change_the_secret,
    update,
    bulk_update,
    upsert,
    update_or_create,
    through_the_owner,
    by_the_default_manager,
    delete,
    delete_several,
    delete_past_the_manager,
]


@pytest.mark.parametrize("change", CHANGES)
def test_who_takes_something_away_waits_until_nobody_has_it(change, client, clock):
    before = vars_of(find_client(client.client_id))
    change(Client.objects.get(pk=client.pk))
    assert clock.waited == [SECONDS + client_memory.MARGIN_SECONDS]
    clock.now = 1000.0  # this process knows it also without that
    after = find_client(client.client_id)
    assert after is None or vars_of(after) != before


def test_nobody_waits_where_nothing_is_kept(clock, settings):
    settings.OSTIARY_OAUTH = {}
    for change in CHANGES:
        change(make_service())
        get_user_model().objects.all().delete()
    assert clock.waited == []


def test_what_takes_nothing_away_waits_for_nothing(client, clock):
    find_client(client.client_id)
    make_service(name="Another")
    Client.objects.bulk_create([Client(name="A third")])
    client.name = "Renamed"
    client.save(update_fields=["name", "contacts", "updated"])
    Client.objects.filter(pk=client.pk).update(unused_expires_at=timezone.now())
    assert clock.waited == []
    assert find_client(client.client_id).name == "Renamed"  # in this process at once


def test_a_transaction_waits_once_and_after_its_commit(client, clock, monkeypatch):
    other = make_service(name="Another")
    open_ones = []
    monkeypatch.setattr(clock, "sleep", lambda _: open_ones.append(connection.in_atomic_block))
    with transaction.atomic():
        disable(client)
        with transaction.atomic():
            update(other)
        other.delete()
        assert open_ones == []
    assert open_ones == [False]
    with transaction.atomic():
        disable(client)
    assert open_ones == [False, False]


def test_what_is_rolled_back_waits_for_nothing_and_the_next_one_waits(client, clock):
    with transaction.atomic():
        disable(client)
        transaction.set_rollback(True)
    assert clock.waited == []
    assert find_client(client.client_id).enabled
    with transaction.atomic():
        with transaction.atomic():
            disable(client)
            transaction.set_rollback(True)
        change_the_secret(Client.objects.get(pk=client.pk))
    assert len(clock.waited) == 1


def test_a_reading_that_ends_after_the_commit_is_over_when_the_wait_is(client, clock, monkeypatch):
    """The worst that can happen: it began just before, and is kept after everything was dropped."""
    read = client_authentication._by_client_id.first

    def overtaken(**values):
        found = read(**values)
        monkeypatch.setattr(client_authentication._by_client_id, "first", read)
        monkeypatch.setattr(clock, "sleep", lambda _: None)
        disable(client)
        return found

    monkeypatch.setattr(client_authentication._by_client_id, "first", overtaken)
    assert find_client(client.client_id).enabled
    assert find_client(client.client_id).enabled  # while the operator still waits
    clock.now += SECONDS + client_memory.MARGIN_SECONDS
    assert not find_client(client.client_id).enabled


def test_no_statement_of_ours_changes_clients_past_this():
    """Neither hand-written SQL that names the table, nor what sends no signal and asks no queryset
    of the client's."""
    table, found = Client._meta.db_table, []
    for app in ("accounts", "idp_site", "mfa", "oauth", "ostiary", "passkeys"):
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            found += [
                f"{path.relative_to(ROOT)}:{node.lineno}"
                for node in ast.walk(ast.parse(path.read_text()))
                if _is_past_it(node, table)
            ]
    assert found == []


def _is_past_it(node: ast.AST, table: str) -> bool:
    match node:
        case ast.Constant(value=str(text)):
            return table in text and text != table and "UPDATE" in text.upper()
        case ast.Attribute(attr="_raw_delete" | "_update", value=ast.Call()):
            return True
        case ast.Call(func=ast.Attribute(attr="Update"), args=[ast.Name(id="Client"), *_]):
            return True
        case ast.Attribute(attr="_base_manager", value=ast.Name(id="Client")):
            return True
    return False


def test_the_client_has_no_other_manager():
    model = installed.get_model("ostiary_oauth.Client")
    assert [type(manager) for manager in model._meta.managers] == [type(Client.objects)]


# --- what it means for requests -------------------------------------------------------------------


@pytest.fixture
def warm(client):
    assert flow.post_token(client, grant_type="client_credentials").status_code == 200
    return client


def test_client_credentials_takes_no_statement(warm):
    asked = []
    assert statements(lambda: asked.append(ask(warm))) == 0
    assert asked[0].status_code == 200


def ask(client):
    return flow.post_token(client, grant_type="client_credentials")


@pytest.mark.parametrize("policy", ["blocklist", "opaque"])
def test_a_token_with_a_row_is_not_given_to_a_client_just_deleted_elsewhere(warm, policy):
    Client.objects.filter(pk=warm.pk).update(revocation_policy=policy)
    assert ask(warm).status_code == 200
    AccessToken.objects.all().delete()
    Client.objects.filter(pk=warm.pk)._raw_delete("default")
    answer = ask(warm)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_the_blocklist_takes_no_token_of_a_client_just_disabled_elsewhere(warm):
    """Or it would stay good at APIs that only ask the list, revoked as all others are."""
    Client.objects.filter(pk=warm.pk).update(revocation_policy="blocklist")
    assert ask(warm).status_code == 200
    elsewhere(warm, enabled=False)
    answer = ask(warm)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("way", ["par", "device", "authorize"])
def test_who_was_just_deleted_elsewhere_is_unknown(way, signed_in_browser):
    """The row of the request refers to one that is gone."""
    client = make_client(
        name="Application",
        client_type="public",
        grant_types=["authorization_code", device_authorization.GRANT_TYPE],
        redirect_uris="https://spa.example/callback",
        scopes=["openid"],
        first_party=True,
    )
    ask = {
        "par": lambda: flow.push(client),
        "device": lambda: flow.post_as(client, START, {"scope": "openid"}),
        "authorize": lambda: flow.authorize(signed_in_browser, client),
    }[way]
    assert ask().status_code in (200, 201, 302)
    for rows in (Grant, DeviceGrant, PushedRequest):
        rows.objects.all().delete()
    client.origins.all().delete()
    Client.objects.filter(pk=client.pk)._raw_delete("default")
    answer = ask()
    if way == "authorize":
        assert "error=invalid_client" in answer["Location"]
    else:
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_another_error_of_the_database_is_told_as_it_is(client):
    with pytest.raises(IntegrityError), while_registered(client):
        raise IntegrityError
    with pytest.raises(InvalidClientError), while_registered(Client(client_id="gone")):
        raise IntegrityError


def test_erasing_a_person_waits_once_for_all_their_applications(clock):
    person = make_person("maker@example.com")
    for name in ("one", "two"):
        make_service(name=name, user=person, registration_source="self_service")
    with transaction.atomic():
        erase(get_user_model().objects.get(pk=person.pk))
    assert len(clock.waited) == 1
    assert not Client.objects.exists()
