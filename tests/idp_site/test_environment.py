"""The environment of the site: every setting has a variable or a reason not to, and a wrong value
stops the start with a sentence."""

import json
import re
from dataclasses import fields
from importlib import import_module
from typing import get_type_hints

import pytest

from idp_site import environment
from tests.run import names_in_tables_of, of_a_site

from .site import PRODUCTION, ROOT, python
from .site import environment as environment_of

PREFIX = {"passkeys": "PASSKEYS_"}
"""Of variables whose names would tell nobody what they are about."""
OF_THE_MAKEFILE = {"PYTHON"}
EXAMPLES = {
    str: ("a, b=c", "a, b=c"),
    int: ("7", 7),
    bool: ("1", True),
    list[str]: ("a, b", ["a", "b"]),
    dict[str, str]: ("a=b, c,d=e", {"a": "b, c", "d": "e"}),
    dict[str, int]: ("a=1,b.c=2", {"a": 1, "b.c": 2}),
    dict[str, list[str]]: ("a=b c,d=e", {"a": ["b", "c"], "d": ["e"]}),
    dict[str, dict[str, str]]: ("a.b=1/hour,a.c=2/hour", {"a": {"b": "1/hour", "c": "2/hour"}}),
}
"""Of each type: how a value of it is written, and what it means."""
KEY = PRODUCTION["FIELD_ENCRYPTION_KEYS"]
BY_ANOTHER_WAY = {
    "FIELD_ENCRYPTION_KEYS": (KEY, [KEY]),
    "ISSUER_URL": ("https://id.example.com", "https://id.example.com"),
    "REGIONS": ("eu=https://eu.example", {"eu": {"url": "https://eu.example"}}),
    "REGISTRATION": ("token", "initial_access_token"),
}


def settings_of_the_apps():
    """Of each key of each app: its app, name, type and variable."""
    for path in ROOT.glob("*/conf.py"):
        app = path.parent.name
        module = import_module(f"{app}.conf")
        [schema] = [found for name, found in vars(module).items() if name.endswith("Settings")]
        for key in fields(schema):
            kind = get_type_hints(schema)[key.name]
            yield app, key.name, kind, PREFIX.get(app, "") + key.name


def setting(app):
    return "OSTIARY" if app == "ostiary" else f"OSTIARY_{app.upper()}"


def test_every_setting_of_the_apps_has_a_variable_or_a_reason_not_to():
    alone = names_in_tables_of("setting")
    for _, name, _, variable in settings_of_the_apps():
        assert (variable in of_a_site()) != (name in alone), name


def test_each_variable_reaches_its_setting_and_nothing_reaches_the_others(tmp_path):
    alone, found = names_in_tables_of("setting"), list(settings_of_the_apps())
    examples = {
        variable: BY_ANOTHER_WAY.get(name, EXAMPLES[kind]) for _, name, kind, variable in found
    }
    names = sorted({setting(app) for app, *_ in found})
    show = (
        "import json; from django.conf import settings as s;"
        f"print(json.dumps({{name: getattr(s, name) for name in {names}}}))"
    )

    given = {variable: written for variable, (written, _) in examples.items()}
    result = python(environment_of(tmp_path, **{**PRODUCTION, **given}), "-c", show)

    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    for app, name, _, variable in found:
        reached = told[setting(app)].get(name) == examples[variable][1]
        assert reached != (name in alone), name


def test_every_variable_that_the_site_reads_is_on_the_page_and_no_other():
    source = "".join((ROOT / "idp_site" / name).read_text() for name in ("settings.py", "run.py"))
    function = r"(?:environment\.\w+|_needed|environ\.get)"
    read = set(re.findall(rf'{function}\(\s*"([A-Z_]+)"', source)) - {"PATH"}
    of_the_apps = {variable for *_, variable in settings_of_the_apps()}

    assert read <= of_a_site()
    assert of_a_site() <= read | of_the_apps | OF_THE_MAKEFILE


def test_the_tests_are_told_nothing_of_a_developers_site():
    """``make test`` leaves out what the page names (``tests/run.py``)."""
    assert {"REGISTRATION", "SCOPES", "PASSKEYS_RP_ID", "DATABASE_URL", "PORT"} <= of_a_site()
    assert "SIGNIN_STEPS" not in of_a_site()


def test_without_any_variable_public_clients_get_ten_seconds_of_grace_and_nobody_registers(
    tmp_path,
):
    show = (
        "from django.conf import settings; from oauth.conf import oauth_settings as s;"
        "print(s.REFRESH_GRACE_SECONDS, s.PUBLIC_REFRESH_GRACE_SECONDS, s.REGISTRATION)"
    )
    told = python(environment_of(tmp_path, **PRODUCTION), "-c", show)
    assert told.stdout.split() == ["0", "10", "closed"]
    given = {**PRODUCTION, "REFRESH_GRACE_SECONDS": "0", "REGISTRATION": "open"}
    told = python(environment_of(tmp_path, **given), "-c", show)
    assert told.stdout.split() == ["0", "0", "open"]
    given = {**PRODUCTION, "REFRESH_GRACE_SECONDS": "30", "REGISTRATION": "token"}
    told = python(environment_of(tmp_path, **given), "-c", show)
    assert told.stdout.split() == ["30", "30", "initial_access_token"]


# --- what is wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("REGISTRATION", "everybody", "Write one of closed, token, open."),
        ("REGISTRATION", "initial_access_token", "Write one of closed, token, open."),
        ("LOG_LEVEL", "loud", "Write one of DEBUG, INFO"),
        ("REFRESH_GRACE_SECONDS", "ten", "Write a whole number."),
        ("FACTOR_RECOVERY_DAYS", "1.5", "Write a whole number."),
        ("DPOP_NONCE_REQUIRED", "perhaps", "Write 1 or 0."),
        ("DEBUG", "maybe", "Write 1 or 0."),
        ("SCOPES", "groups", "Write name=value"),
        ("SCOPES", "groups=See your groups,notes:read", "Write name=value"),
        ("OUTBOX_KEEP_DAYS", "default=long", "Write name=number"),
        ("THROTTLES", "signin=60/hour", "Write group.name=value"),
    ],
)
def test_a_wrong_value_stops_the_start_with_a_sentence(tmp_path, name, value, advice):
    env = environment_of(tmp_path, **{**PRODUCTION, name: value})
    result = python(env, "manage.py", "check")
    assert result.returncode != 0
    told = result.stderr.strip().rpartition("\n")[2]
    assert f"{name} is {value!r}." in told
    assert advice in told


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("REFRESH_GRACE_SECONDS", "61", "is above 60"),
        ("OWN_APPLICATIONS_MAX", "0", "Write 1 or more."),
        ("CLAIMS_HOOKS", "nowhere.claims", "which isn't a function"),
        ("CLIENT_ID_METADATA_HOSTS", "https://app.example.com", "isn't a host"),
        ("SCOPES", "see groups=See your groups", "can't be asked for"),
        ("SCOPE_CLAIMS", "groups=groups", "which this site doesn't have"),
        ("PASSKEYS_USER_VERIFICATION", "never", 'Write "required" or "preferred".'),
        ("SIGNUP", "opened", "which isn't a sign-up mode"),
    ],
)
def test_what_makes_no_sense_is_told_by_the_checks(tmp_path, name, value, told):
    env = environment_of(tmp_path, **{**PRODUCTION, name: value})
    result = python(env, "manage.py", "check")
    assert result.returncode != 0
    assert name.removeprefix("PASSKEYS_") in result.stderr
    assert told in result.stderr


def test_a_wrong_address_of_the_database_is_told_without_its_password(tmp_path):
    given = {**PRODUCTION, "DATABASE_URL": "postgres://site:p4ssw0rd/@db:port/site"}
    result = python(environment_of(tmp_path, **given), "manage.py", "check")
    assert result.returncode != 0
    assert "DATABASE_URL is no address of a database." in result.stderr
    assert "p4ssw0rd" not in result.stderr


# --- how values are written -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("groups=See your groups", {"groups": "See your groups"}),
        (
            "groups=See your groups, and who leads them,notes:read=Read your notes, = and more",
            {
                "groups": "See your groups, and who leads them",
                "notes:read": "Read your notes, = and more",
            },
        ),
        ("a=One, b=Two ,  c=Three = 3,", {"a": "One", "b": "Two", "c": "Three = 3"}),
        ("a=Eins,\nb=Zwei, drei", {"a": "Eins", "b": "Zwei, drei"}),
        ("  ", {}),
        ("", {}),
    ],
)
def test_words_of_scopes_may_have_commas(monkeypatch, written, meant):
    monkeypatch.setenv("SCOPES", written)
    assert environment.pairs("SCOPES") == meant


@pytest.mark.parametrize("written", ["1", "true", "True", "yes", "ON"])
def test_a_switch_is_on_in_every_usual_spelling(monkeypatch, written):
    monkeypatch.setenv("REQUIRE_PAR", written)
    assert environment.switch("REQUIRE_PAR", default=False) is True


def test_what_is_empty_is_not_set_but_for_lists(monkeypatch):
    for name in ("REQUIRE_PAR", "DATABASE_POOL_SIZE", "REGISTRATION", "SMS_COUNTRIES"):
        monkeypatch.setenv(name, "")
    assert environment.switch("REQUIRE_PAR", default=True) is True
    assert environment.number("DATABASE_POOL_SIZE", 3) == 3
    assert environment.choice("REGISTRATION", {"closed": "closed"}, default="closed") == "closed"
    assert environment.listed("SMS_COUNTRIES", ["DE"]) == []


def test_a_list_loses_blanks_and_what_is_empty(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", " a.example, b.example ,,")
    assert environment.listed("ALLOWED_HOSTS") == ["a.example", "b.example"]


def test_a_settings_module_of_ones_own_starts_from_the_sites(tmp_path):
    (tmp_path / "mysite.py").write_text(
        "from idp_site.settings import *\n"
        "OAUTH2_PROVIDER['SCOPES'] |= {'notes:read': 'Read your notes'}\n"
        "OSTIARY['OUTBOX_LEASE_SECONDS'] = 600\n"
    )
    env = environment_of(tmp_path, **PRODUCTION, SCOPES="groups=See your groups")
    env |= {"DJANGO_SETTINGS_MODULE": "mysite", "PYTHONPATH": f"{tmp_path}:{env['PYTHONPATH']}"}
    show = (
        "from django.conf import settings; from ostiary.conf import ostiary_settings as s;"
        "print(*settings.OAUTH2_PROVIDER['SCOPES'], s.OUTBOX_LEASE_SECONDS)"
    )
    result = python(env, "-c", show)
    assert result.stdout.split() == ["groups", "notes:read", "600"], result.stderr
