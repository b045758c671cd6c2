"""Every field of every model is marked with what it tells of people."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from ostiary import privacy_map
from ostiary.privacy_map import Mark, Marks

SESSION = "ostiary.Session"


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("privacy_map", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def remarked(monkeypatch):
    """Change the marks of the model of sessions, for one test."""

    def change(**fields: Mark | None) -> None:
        before = privacy_map._marks[SESSION]
        after = {**before.fields, **fields}
        marks = {name: mark for name, mark in after.items() if mark is not None}
        monkeypatch.setitem(privacy_map._marks, SESSION, replace(before, fields=marks))

    printed()  # which finds the marks
    return change


def test_every_field_is_marked_and_so_are_those_of_django():
    told = printed().splitlines()

    for line in (
        "ostiary.Session.ip_address  personal",
        "ostiary.Session.user  pseudonymous",
        "ostiary.Session.remembered  none",
        "contenttypes.ContentType.model  none",
    ):
        assert line in told
    assert not [line for line in told if line.endswith("?")]


def test_a_field_that_nobody_has_marked_fails_and_is_named(remarked):
    remarked(user_agent=None, amr=None)

    with pytest.raises(CommandError) as failed:
        printed()
    assert str(failed.value).splitlines() == [
        "ostiary.Session.amr is not marked.",
        "ostiary.Session.user_agent is not marked.",
    ]


def test_a_key_to_a_person_is_not_none_and_a_field_that_is_gone_has_no_mark(remarked):
    remarked(user=Mark.NONE, fax=Mark.PERSONAL)

    assert privacy_map.problems() == [
        "ostiary.Session.user leads to a person, and is marked as if it did not.",
        "ostiary.Session.fax is marked, and there is no such field.",
    ]


def test_what_is_marked_twice_is_told_at_once(monkeypatch):
    monkeypatch.setattr(privacy_map, "_marks", {"shop.Order": Marks({})})

    with pytest.raises(ValueError, match=r"shop\.Order"):
        privacy_map.mark("shop.Order", none="id")
    with pytest.raises(ValueError, match=r"shop\.Customer"):
        privacy_map.mark("shop.Customer", personal="name", none="id name")


def test_it_is_written_for_programs_too():
    models = {each["model"]: each for each in json.loads(printed("--json"))["models"]}

    assert models["ostiary.Session"]["fields"]["user_agent"] == "personal"
    assert "destroyed" in models["ostiary.Event"]["kept"]
    assert models.keys() >= {settings.AUTH_USER_MODEL, "auth.Group"}


def test_the_tables_that_django_makes_stand_under_their_field():
    named = {str(each) for each in privacy_map.fields()}

    assert f"{settings.AUTH_USER_MODEL}.groups" in named
    assert not [name for name in named if "_groups." in name]


def test_a_page_that_is_old_fails(tmp_path):
    page = tmp_path / "map.md"
    page.write_text(printed("--markdown"))
    assert printed("--check", str(page)) == ""

    page.write_text("# Privacy map\n")
    with pytest.raises(CommandError, match="is old"):
        printed("--check", str(page))
