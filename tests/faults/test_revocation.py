"""What an operator takes back holds in every process, measured under load.

Two servers share a database. While clients hammer both, an application is disabled, the secret of
another is replaced, a third is deleted, the keys of a fourth are changed, and a signing key is
revoked. Of the requests that begin once the change of an application has returned, none may be
accepted, also where processes keep applications in memory. A key is looked up again after
``RECHECK_SECONDS``: of the requests that begin later than that, none may be.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from django.db import transaction

from oauth import keys
from oauth.models import Client
from tests.faults.conftest import eventually
from tests.faults.servers import Servers

pytestmark = [
    pytest.mark.needs("oauth", "accounts"),
    pytest.mark.django_db(transaction=True),
]
MORE = 20


@pytest.fixture(params=[0, 1], ids=["read each time", "kept for a second"])
def servers(
    request: pytest.FixtureRequest,
    transactional_db: None,
    tmp_path_factory: pytest.TempPathFactory,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Servers]:
    """Two processes over one database, with a key set of this test alone; the operator's process,
    which is this one, has the same settings."""
    monkeypatch.setenv("CLIENT_CACHE_SECONDS", str(request.param))
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "CLIENT_CACHE_SECONDS": request.param}
    keys.forget()
    keys.ensure()
    started = Servers(tmp_path_factory.mktemp("servers"), "ostiary.session_engines.db", None)
    yield started
    started.stop()
    keys.forget()


def make_client(name: str) -> tuple[str, str]:
    """An application for itself; its name and its secret."""
    client = Client(
        client_id=name,
        name=name,
        client_type="confidential",
        grant_types=["client_credentials"],
        scopes=["api:read"],
    )
    secret = client.rotate_secret()
    client.save()
    return name, secret


@dataclass(frozen=True)
class Asked:
    """A request: for what, where, when it began, and whether it was accepted."""

    what: str
    server: str
    began: float
    accepted: bool


class Load:
    """Threads that ask both servers for everything over and over."""

    def __init__(self, servers: Servers, ask: dict[str, Callable[[httpx.Client], bool]]) -> None:
        self.made: list[Asked] = []
        self._ask, self._urls = ask, servers.urls
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._hammer, args=(url,), daemon=True)
            for url in servers.urls
            for _ in range(2)
        ]
        for thread in self._threads:
            thread.start()

    def _hammer(self, url: str) -> None:
        with httpx.Client(base_url=url, timeout=60) as http:
            for what in itertools.cycle(self._ask):
                if self._stopped.is_set():
                    return
                began = time.monotonic()
                accepted = self._ask[what](http)
                self.made.append(Asked(what, url, began, accepted))

    def wait_for_more(self) -> None:
        """Until each server was asked for everything so often, in requests that begin now."""
        now, wanted = time.monotonic(), len(self._ask) * len(self._urls)

        def asked() -> bool:
            counts = Counter((a.what, a.server) for a in list(self.made) if a.began > now)
            return len(counts) == wanted and min(counts.values()) >= MORE

        eventually(asked, "each server is asked for everything")

    def accepted(
        self, what: str, *, after: float = 0, before: float = float("inf")
    ) -> Counter[str]:
        """How often each server accepted what was asked of it in that time."""
        return Counter(
            a.server
            for a in self.made
            if a.what == what and after < a.began < before and a.accepted
        )

    def stop(self) -> None:
        """No more."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()


def gets_a_token(*credentials: str) -> Callable[[httpx.Client], bool]:
    def ask(http: httpx.Client) -> bool:
        answer = token_of(http, *credentials)
        assert answer.status_code in (200, 401, 429), answer.text
        return answer.status_code == 200

    return ask


def token_of(http: httpx.Client, *credentials: str) -> httpx.Response:
    return http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=credentials)  # type: ignore[arg-type]


def is_active(token: str, *credentials: str) -> Callable[[httpx.Client], bool]:
    def ask(http: httpx.Client) -> bool:
        answer = http.post("/oauth/introspect", data={"token": token}, auth=credentials)  # type: ignore[arg-type]
        return bool(answer.json()["active"])

    return ask


def disable(client: Client) -> None:
    Client.objects.filter(pk=client.pk).update(enabled=False)


def replace_the_secret(client: Client) -> None:
    client.rotate_secret(overlap=timedelta(0))
    client.save()


def delete(client: Client) -> None:
    client.delete()


def forbid_its_method(client: Client) -> None:
    """It may prove who it is by other means only than those that it uses."""
    with transaction.atomic():
        client.token_endpoint_auth_methods = ["private_key_jwt"]
        client.save(update_fields=["token_endpoint_auth_methods", "updated"])


CHANGES: dict[str, Callable[[Client], None]] = {
    each.__name__: each for each in (disable, replace_the_secret, delete, forbid_its_method)
}


def test_what_is_taken_back_is_accepted_nowhere_after_the_stated_bound(servers: Servers) -> None:
    clients = {name: make_client(name) for name in CHANGES}
    other, rolled_back = make_client("other"), make_client("rolled back")
    with httpx.Client(base_url=servers.urls[0], timeout=60) as http:
        token: Any = token_of(http, *other).json()["access_token"]
    load = Load(
        servers,
        {
            **{name: gets_a_token(*credentials) for name, credentials in clients.items()},
            "rolled back": gets_a_token(*rolled_back),
            "key": is_active(token, *other),
        },
    )
    changed, bounds = {}, {}
    try:
        load.wait_for_more()

        for name, change in CHANGES.items():
            client = Client.objects.get(client_id=name)
            changed[name] = time.monotonic()
            change(client)
            bounds[name] = time.monotonic()
        with transaction.atomic():
            disable(Client.objects.get(client_id="rolled back"))
            transaction.set_rollback(True)
        given_up = changed["key"] = time.monotonic()
        keys.revoke(jwt.get_unverified_header(token)["kid"])
        in_the_end = bounds["key"] = time.monotonic() + keys.RECHECK_SECONDS

        eventually(lambda: time.monotonic() > in_the_end, "the time is up")
        load.wait_for_more()
        with httpx.Client(base_url=servers.urls[1], timeout=60) as http:
            fresh = token_of(http, *other).json()["access_token"]
            assert is_active(fresh, *other)(http)
    finally:
        load.stop()

    for what, bound in bounds.items():
        assert load.accepted(what, before=changed[what]).keys() == set(servers.urls)
        assert load.accepted(what, after=bound) == {}, what
    assert load.accepted("rolled back", after=given_up).keys() == set(servers.urls)
    assert keys.RECHECK_SECONDS <= 1


def test_without_the_wait_the_test_above_would_find_it(servers: Servers, settings: Any) -> None:
    """Both servers do keep what they have read: where nobody waits, the old row is still taken."""
    kept = settings.OSTIARY_OAUTH["CLIENT_CACHE_SECONDS"] > 0
    credentials = make_client("disabled")
    load = Load(servers, {"disabled": gets_a_token(*credentials)})
    try:
        load.wait_for_more()
        settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "CLIENT_CACHE_SECONDS": 0}
        disable(Client.objects.get(client_id="disabled"))
        at_once = time.monotonic()
        load.wait_for_more()
    finally:
        load.stop()
    assert bool(load.accepted("disabled", after=at_once)) is kept
