"""A restart of the web servers loses no request (SECURITY G4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model

from tests.faults.servers import Browser, Hammer, Servers

pytestmark = [pytest.mark.needs("accounts"), pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery staple"


@pytest.fixture
def servers(tmp_path: Path, transactional_db: None) -> Iterator[Servers]:
    """Two web servers."""
    started = Servers(tmp_path, "ostiary.session_engines.db", None)
    yield started
    started.stop()


def test_two_servers_restarted_one_after_the_other_lose_no_request_and_no_session(
    servers: Servers,
) -> None:
    """Behind a proxy that asks the other one where the first doesn't answer."""
    get_user_model().objects.create_user("alice@example.com", PASSWORD)
    browser = Browser().sign_in(servers.urls[0], "alice@example.com", PASSWORD)
    hammer = Hammer(servers, {"alice": browser.session_key})
    hammer.wait_for_more(5)

    servers.restart(0)
    servers.restart(1)

    hammer.wait_for_more(5)
    assert {request.status for request in hammer.stop()} == {200}
    browser.http.close()
