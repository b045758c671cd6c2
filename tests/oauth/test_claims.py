"""Claims and scopes of any project's people (OIDC Core §5.1, §5.4)."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from oauth import claims, scopes


def test_our_own_person_has_every_claim():
    alice = SimpleNamespace(
        name="Alice Liddell",
        given_name="Alice",
        family_name="Liddell",
        middle_name="Pleasance",
        nickname="Al",
        preferred_username="alice",
        profile="https://alice.example/about",
        website="https://alice.example",
        gender="female",
        birthdate=date(1852, 5, 4),
        address={"country": "England"},
        picture="https://id.example/alice.png",
        zoneinfo="Europe/London",
        locale="en",
        updated_at=datetime(2026, 11, 24, tzinfo=UTC),
        email="alice@example.com",
        email_verified_at=datetime(2026, 11, 24, tzinfo=UTC),
    )

    found = claims.for_scopes(alice, ["openid", "profile", "email", "address"])

    assert set(found) == {*claims.PROFILE_CLAIMS, *claims.EMAIL_CLAIMS, "address"}
    assert found["birthdate"] == "1852-05-04"
    assert found["updated_at"] == 1795478400
    assert found["email_verified"] is True


def test_djangos_own_user_has_what_its_fields_tell():
    alice = SimpleNamespace(
        username="alice",
        first_name="Alice",
        last_name="Liddell",
        email="alice@example.com",
        get_full_name=lambda: "Alice Liddell",
    )

    assert claims.for_scopes(alice, ["profile", "email"]) == {
        "name": "Alice Liddell",
        "given_name": "Alice",
        "family_name": "Liddell",
        "preferred_username": "alice",
        "email": "alice@example.com",
        "email_verified": False,
    }


def test_a_bare_user_has_none_and_that_is_no_error():
    assert claims.for_scopes(SimpleNamespace(), ["openid", "profile", "email", "other"]) == {}


def test_a_claim_without_a_value_is_left_out():
    nobody = SimpleNamespace(name="", locale=None, email="", email_verified_at=None)

    assert claims.for_scopes(nobody, ["profile", "email"]) == {}


def test_objects_of_a_projects_own_fields_become_text():
    alice = SimpleNamespace(zoneinfo=ZoneInfo("Europe/London"))

    assert claims.for_scopes(alice, ["profile"]) == {"zoneinfo": "Europe/London"}


def test_the_subject_is_the_primary_key_as_text():
    assert claims.subject(SimpleNamespace(pk=7)) == "7"


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        (None, []),
        ("", []),
        ("  ", []),
        ("a b", ["a", "b"]),
        ("b a  b", ["b", "a"]),
        ("a\tb", ["a\tb"]),
        ("a\u00a0b", ["a\u00a0b"]),
    ],
)
def test_scopes_are_separated_by_spaces_and_come_once(value, parsed):
    assert scopes.parse(value) == parsed


def test_every_scope_has_words(settings):
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "SCOPES": {"own": "Do own things"}}

    words = scopes.descriptions()

    assert words["own"] == "Do own things"
    assert set(scopes.STANDARD) <= set(words)
    assert all(str(text) for text in words.values())
