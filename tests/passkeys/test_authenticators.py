"""The names of authenticators, from the list that is kept with the app."""

import json
import re
from datetime import date
from pathlib import Path
from uuid import UUID

import passkeys
from passkeys import authenticators


def test_an_authenticator_is_called_what_people_know_it_by():
    assert authenticators.name_of(UUID("fbfc3007-154e-4ecc-8c0b-6e020557d7bd").bytes) == (
        "Apple Passwords"
    )
    assert authenticators.name_of(UUID("bada5566-a7aa-401f-bd96-45619a55120d").bytes) == "1Password"


def test_one_that_keeps_its_model_to_itself_or_is_unknown_has_no_name():
    assert authenticators.name_of(bytes(16)) == ""
    assert authenticators.name_of(b"\x01" * 16) == ""


def test_the_script_is_one_short_module_of_ours_alone():
    script = Path(passkeys.__file__).with_name("static") / "ostiary_passkeys/passkeys.js"
    text = script.read_text()

    assert len(text.splitlines()) < 250
    assert not re.search(r"\bimport\b|https?:|\beval\b|innerHTML", text)


def test_the_list_says_where_and_when_it_is_from_and_is_of_aaguids():
    kept = json.loads((Path(passkeys.__path__[0]) / "aaguids.json").read_text(encoding="utf-8"))

    assert "pypi.org" in kept["source"]
    assert "Redistribution" in kept["licence"]
    assert date.fromisoformat(kept["date"])
    assert all(str(UUID(aaguid)) == aaguid and name for aaguid, name in kept["names"].items())
    assert len(kept["names"]) > 300
