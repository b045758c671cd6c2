"""An ended session is anonymous at the next request on every process (SECURITY C6), measured.

Two servers share a database and a session engine. While clients hammer both with the cookies of
some people, each person's session is ended in another way; of all requests that begin after that,
none may be accepted, though the cache could not be told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from ostiary import sessions
from ostiary.models import Session
from tests.faults.brokers import Wire
from tests.faults.servers import Browser, Hammer, Servers
from tests.machine import REDIS, service
from tests.operators import prove_two_factors

pytestmark = [pytest.mark.needs("accounts"), pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery staple"
DB, CACHED_DB = "ostiary.session_engines.db", "ostiary.session_engines.cached_db"
CACHE = "django.contrib.sessions.backends.cache"
ENGINES = [DB] if connection.vendor == "sqlite" else [DB, CACHED_DB, CACHE]


@pytest.fixture(scope="module", params=ENGINES)
def servers(
    request: pytest.FixtureRequest, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Servers]:
    """Two processes; with one engine after another."""
    wire = None if request.param == DB else Wire(service("Redis", REDIS))
    started = Servers(tmp_path_factory.mktemp("servers"), request.param, wire)
    yield started
    started.stop()


class People:
    """Each signed in on the first server; and an operator, on the second."""

    def __init__(self, servers: Servers, names: list[str]) -> None:
        self.here, self.there = servers.urls
        self._all: list[Browser] = []
        self.ids = {name: self._make(name) for name in names}
        self.browsers = {name: self._signed_in(self.here, name) for name in names}
        self.keys = {name: browser.session_key for name, browser in self.browsers.items()}
        self._make("operator", is_staff=True, is_superuser=True)
        self.operator = self._signed_in(self.there, "operator")
        with servers.engine_settings():
            prove_two_factors(self.operator)

    def _make(self, name: str, **fields: bool) -> str:
        user = get_user_model().objects.create_user(f"{name}@example.com", PASSWORD, **fields)
        return str(user.pk)

    def _signed_in(self, server: str, name: str) -> Browser:
        self._all.append(Browser())
        return self._all[-1].sign_in(server, f"{name}@example.com", PASSWORD)

    def close(self) -> None:
        """Close every browser."""
        for browser in self._all:
            browser.http.close()

    def elsewhere(self, name: str) -> Browser:
        """Another browser of this person, signed in on the second server."""
        return self._signed_in(self.there, name)

    def sid(self, name: str) -> str:
        """The session that is hammered."""
        return str(Session.objects.get(session_key=self.keys[name]).pk)

    def act(self, model: str, action: str, pk: str) -> None:
        """The operator's choice in a list of the admin, on the second server."""
        page = f"/admin/{model}/"
        chosen = {"action": action, "_selected_action": pk}
        assert self.operator.post(self.there, page, **chosen).status_code == 302


def by_the_person_elsewhere(people: People, name: str) -> None:
    path = f"/account/sessions/{people.sid(name)}/end/"
    people.elsewhere(name).post(people.there, path, page="/account/sessions/")


def with_all_others(people: People, name: str) -> None:
    path = "/account/sessions/others/end/"
    people.elsewhere(name).post(people.there, path, page="/account/sessions/")


def by_sign_out(people: People, name: str) -> None:
    people.browsers[name].post(people.there, "/signout/")


def by_a_new_password(people: People, name: str) -> None:
    passwords = {"current_password": PASSWORD, "password": "a different long passphrase"}
    answer = people.elsewhere(name).post(people.there, "/account/security/", **passwords)
    assert answer.status_code == 302, answer.text


def by_an_operator(people: People, name: str) -> None:
    people.act("ostiary/session", "end_session", people.sid(name))


def by_an_operator_everywhere(people: People, name: str) -> None:
    people.act("ostiary_accounts/user", "end_sessions", people.ids[name])


def by_switching_off(people: People, name: str) -> None:
    people.act("ostiary_accounts/user", "deactivate", people.ids[name])


def by_a_job(people: People, name: str) -> None:
    """In a third process, which knows nothing of the engine's cache."""
    sessions.end_all(get_user_model().objects.get(pk=people.ids[name]), "person")


def by_switching_off_in_the_database(people: People, name: str) -> None:
    get_user_model().objects.filter(pk=people.ids[name]).update(is_active=False)


Way = Callable[[People, str], None]
BY_PAGES: list[Way] = [
    by_the_person_elsewhere,
    with_all_others,
    by_sign_out,
    by_a_new_password,
    by_an_operator,
    by_an_operator_everywhere,
    by_switching_off,
]
BY_OTHERS: list[Way] = [by_a_job, by_switching_off_in_the_database]


def accepted_after_the_end(servers: Servers, ways: list[Way], *, redis_is_down: bool) -> list[str]:
    """End one session in each way under the hammer; the ways after which requests were accepted."""
    people = People(servers, [way.__name__ for way in ways])
    hammer = Hammer(servers, people.keys)
    hammer.wait_for_more(1)
    if servers.wire and redis_is_down:
        servers.wire.go_down()
    ended: dict[str, float] = {}
    for way in ways:
        way(people, way.__name__)
        ended[way.__name__] = time.monotonic()
    hammer.wait_for_more(1)
    if servers.wire and redis_is_down:
        servers.wire.come_back()
    hammer.wait_for_more(5)
    requests = hammer.stop()
    people.close()
    assert {r.status for r in requests} == {200, 302}
    for name in ended:  # it was a session, on both
        before = {r.server for r in requests if r.whose == name and r.status == 200}
        assert before == set(servers.urls), name
    return [r.whose for r in requests if r.status == 200 and r.began > ended[r.whose]]


def test_no_request_is_accepted_on_any_process_once_a_session_has_ended(servers: Servers) -> None:
    assert accepted_after_the_end(servers, BY_PAGES + BY_OTHERS, redis_is_down=False) == []


def test_none_is_accepted_though_the_cache_could_not_be_told_of_the_end(servers: Servers) -> None:
    if servers.wire is None:
        pytest.skip("sessions in the database need no cache")
    # With sessions in the cache alone, nobody is signed in meanwhile who could end one by a page.
    by_pages: list[Way] = [by_the_person_elsewhere, by_a_new_password, by_switching_off]
    ways = BY_OTHERS if servers.engine == CACHE else by_pages + BY_OTHERS

    assert accepted_after_the_end(servers, ways, redis_is_down=True) == []
