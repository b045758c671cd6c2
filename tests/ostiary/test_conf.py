"""The settings: typed, with defaults, and never read wrong."""

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

import ostiary.conf
from ostiary.conf import OstiarySettings, ostiary_settings
from ostiary.typed_settings import defaults, unknown_keys, wrong_values

OURS = ("OSTIARY", OstiarySettings)


def test_what_a_project_does_not_set_has_its_default(settings):
    settings.OSTIARY = {}
    assert ostiary_settings.PENDING_SIGNIN_SECONDS == 600
    assert ostiary_settings.SIGNIN_STEPS == []


def test_a_change_in_a_test_is_seen(settings):
    settings.OSTIARY = {"SITE_NAME": "One"}
    assert ostiary_settings.SITE_NAME == "One"
    settings.OSTIARY = {"SITE_NAME": "Two"}
    assert ostiary_settings.SITE_NAME == "Two"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"ISSUER_URI": "x"},
            "OSTIARY has no setting 'ISSUER_URI'. Did you mean 'ISSUER_URL'?",
        ),
        ({"nonsense": 1}, "OSTIARY has no setting 'nonsense'."),
        (
            {"SESSION_IDLE_SECONDS": "3600"},
            "OSTIARY['SESSION_IDLE_SECONDS'] is of the type str. Write a whole number, "
            "such as 43200.",
        ),
        (
            {"SESSION_IDLE_SECONDS": 0},
            "OSTIARY['SESSION_IDLE_SECONDS'] is 0. Write 1 or more.",
        ),
        (
            {"TRUSTED_PROXY_HOPS": True},
            "OSTIARY['TRUSTED_PROXY_HOPS'] is of the type bool. Write a whole number.",
        ),
        ({"TRUSTED_PROXY_HOPS": -1}, "OSTIARY['TRUSTED_PROXY_HOPS'] is -1. Write 0 or more."),
        (
            {"FIELD_ENCRYPTION_KEYS": "a-secret-key"},
            "OSTIARY['FIELD_ENCRYPTION_KEYS'] is of the type str. Write a list of strings.",
        ),
        (
            {"SIGNIN_STEPS": [1]},
            "OSTIARY['SIGNIN_STEPS'] is of the type list. Write a list of strings.",
        ),
        (
            {"THROTTLES": {"signin": "5/minute"}},
            "OSTIARY['THROTTLES'] is of the type dict. "
            "Write a dictionary of dictionaries of strings.",
        ),
        (["ISSUER_URL"], "OSTIARY is of the type list. Write a dictionary."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_stops_the_start(settings, db, given, sentence):
    settings.OSTIARY = given
    assert [*unknown_keys(*OURS), *wrong_values(*OURS)] == [sentence]
    with pytest.raises(ImproperlyConfigured, match=re.escape(sentence)):
        _ = ostiary_settings.SITE_NAME
    with pytest.raises(Exception, match=re.escape(sentence)):
        call_command("check")


def test_no_sentence_shows_a_key(settings):
    settings.OSTIARY = {"FIELD_ENCRYPTION_KEYS": "a-secret-key"}
    assert "a-secret-key" not in "".join(wrong_values(*OURS))


def test_a_tuple_will_do_for_a_list(settings):
    settings.OSTIARY = {"SIGNIN_STEPS": ("a.b",)}
    assert list(wrong_values(*OURS)) == []


def test_every_default_is_a_right_value(settings):
    settings.OSTIARY = defaults(OstiarySettings)
    assert list(wrong_values(*OURS)) == []


def test_every_setting_says_what_it_is_for():
    """The reference is made of these words."""
    source = Path(ostiary.conf.__file__).read_text()
    for name in defaults(OstiarySettings):
        assert re.search(rf'    {name}: (?:.+\n)+?    """', source), name
