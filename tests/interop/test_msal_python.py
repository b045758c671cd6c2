"""msal for Python, which takes a provider by https only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.oauth import flow

from .conftest import API, register
from .person import Person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def grace(person: Person, certificate: Path) -> Iterator[Person]:
    """The person, in a browser that trusts the certificate."""
    browsing = Person(person.email, person.password)
    yield browsing
    browsing.browser.close()


def test_msal_signs_a_person_in(run_python_client, secure_issuer, grace):
    told = register(
        "client_secret_post",
        token_endpoint_auth_methods=[],
        grant_types=["authorization_code", "refresh_token", "client_credentials"],
        scopes=["openid", "profile", "email", "offline_access", "api:read"],
        audiences=[API],
    )

    learned = run_python_client(
        "msal_application.py", {**told, "authority": f"{secure_issuer}/."}, grace
    )

    assert "code_challenge_method=S256" in learned["url"]
    assert learned["signed_in"]["id_token_claims"]["email"] == "grace@example.com"
    assert learned["renewed"]["access_token"] != learned["signed_in"]["access_token"]
    assert flow.said_by(learned["own"]["access_token"])["aud"] == API
    assert learned["username"] == ""  # until the person chooses a user name


def test_msal_signs_a_person_in_on_a_device(run_python_client, secure_issuer, grace):
    told = register(
        "none",
        redirect_uris="",
        grant_types=["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
    )

    learned = run_python_client(
        "msal_device.py",
        {**told, "authority": f"{secure_issuer}/."},
        confirm=lambda url: grace.read(url, until="Device connected") and "done",
    )

    assert learned["signed_in"]["id_token_claims"]["email"] == "grace@example.com"
    assert learned["renewed"]["access_token"] != learned["signed_in"]["access_token"]
