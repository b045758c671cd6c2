"""The example device connects to the site, and keeps the rules of RFC 8628 towards any provider."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth import get_user_model
from django.test import Client as Browser

from examples.device import device
from oauth import keys
from oauth.models import Client
from tests.oauth.flow import page_of, url_of

from .conftest import ROOT

pytestmark = pytest.mark.needs("accounts")


@pytest.fixture
def issuer_url(live_server, settings) -> str:
    """The site on a real port of this machine."""
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": live_server.url}
    keys.forget()
    return str(live_server.url)


@pytest.fixture
def television(transactional_db) -> Client:
    """What the device is registered as."""
    client = Client(
        name="Television",
        client_type="public",
        token_endpoint_auth_methods=["none"],
        grant_types=[device.GRANT_TYPE],
        scopes=["openid", "profile", "email"],
    )
    client.full_clean()
    client.save()
    return client


@pytest.fixture
def run(issuer_url: str, television: Client) -> Iterator[subprocess.Popen[str]]:
    """The example, as its user starts it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.device"],
        cwd=ROOT,
        env={
            **os.environ,
            "ISSUER_URL": issuer_url,
            "CLIENT_ID": television.client_id,
            "PYTHONIOENCODING": "utf-8",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    yield process
    process.kill()
    process.wait()


def shown_code(process: subprocess.Popen[str]) -> str:
    """The code that a person reads off the terminal."""
    assert process.stdout
    assert process.stderr
    seen = ""
    for line in process.stdout:
        seen += line
        if found := re.search(r"and enter +(\S+)", line):
            assert "▄" in seen  # the QR code
            return found[1]
    raise AssertionError(seen + process.stderr.read())


def decide(issuer_url: str, code: str, decision: str) -> None:
    """What Alice does on her phone."""
    phone = Browser()
    alice = get_user_model().objects.create_user(
        email="alice@example.com", password="correct horse battery staple", name="Alice"
    )
    phone.force_login(alice)
    page = phone.get("/oauth/device", {"user_code": code})
    phone.post(url_of(page), {"decision": decision, "page": page_of(page), "user_code": code})


@pytest.mark.parametrize(
    ("decision", "status", "said"),
    [("allow", 0, "Connected: hello, Alice."), ("deny", 1, "The user denied access.")],
)
def test_a_person_reads_the_code_and_decides(
    run: subprocess.Popen[str], issuer_url: str, decision: str, status: int, said: str
) -> None:
    decide(issuer_url, shown_code(run), decision)

    output, errors = run.communicate(timeout=60)

    assert run.returncode == status, errors
    assert said in output + errors
    assert "ey" not in output + errors  # no token is printed


# --- towards a provider that answers as the test likes --------------------------------------------

PROVIDER = device.Provider("https://p.example/d", "https://p.example/t", "https://p.example/u")
ASKED = device.Asked("code", "ABCD", "https://p.example/", "https://p.example/?c", 60, 5)


@pytest.fixture
def polled(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[object, list[float]]]:
    """The result of waiting, and the pauses that were made, for these answers in turn."""

    def poll(*answers: object) -> tuple[object, list[float]]:
        waiting, pauses = iter(answers), list[float]()

        def answer(url: str, form: dict[str, str]) -> object:
            said = next(waiting)
            if isinstance(said, Exception):
                raise said
            return (400, {"error": said}) if isinstance(said, str) else (200, said)

        monkeypatch.setattr(device, "ask", answer)
        try:
            return device.wait(PROVIDER, {"client_id": "c"}, ASKED, pauses.append), pauses
        except device.DeviceError as error:
            return str(error), pauses

    return poll


def test_it_waits_while_nobody_has_decided_and_slows_down_when_told_to(
    polled: Callable[..., tuple[object, list[float]]],
) -> None:
    tokens = {"access_token": "x"}

    assert polled("authorization_pending", "slow_down", "authorization_pending", tokens) == (
        tokens,
        [5, 5, 10, 10],
    )


def test_it_backs_off_while_nobody_answers(
    polled: Callable[..., tuple[object, list[float]]],
) -> None:
    tokens = {"access_token": "x"}

    assert polled(OSError(), ValueError(), tokens) == (tokens, [5, 10, 20])


@pytest.mark.parametrize("error", ["access_denied", "expired_token", "invalid_grant"])
def test_it_ends_when_told_no(
    polled: Callable[..., tuple[object, list[float]]], error: str
) -> None:
    assert polled(error) == (error, [5])


def test_it_does_not_wait_forever(polled: Callable[..., tuple[object, list[float]]]) -> None:
    answer, pauses = polled(*["authorization_pending"] * 100)

    assert answer == "The code expired before it was entered."
    assert sum(pauses) == ASKED.expires_in


def test_a_provider_of_another_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "ask", lambda url: (200, {"issuer": "https://evil.example"}))

    with pytest.raises(device.DeviceError):
        device.discover("https://p.example")
