"""What stops the start, and what the settings are in production (SECURITY G3)."""

import json
import stat

import pytest

from tests.faults.conftest import database_url

from .site import PRODUCTION, environment, python

LOADED_WHEN_ASKED_FOR = {
    # Of the ceremonies as JSON, with what it looks for.
    "rest_framework",
    "requests",
    "markdown",
    "pygments",
    # Of the judgement of a password: 11 MiB of words.
    "zxcvbn",
    # Of tests.
    "jinja2",
    "unittest",
    "hypothesis",
    "pytest",
}
"""What no worker holds that just answers applications and shows pages (ADR 0012)."""


def manage(tmp_path, *arguments, **chosen):
    return python(environment(tmp_path, **{**PRODUCTION, **chosen}), "manage.py", *arguments)


@pytest.mark.parametrize(
    "name", ["ISSUER_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "CELERY_BROKER_URL"]
)
def test_a_missing_setting_stops_the_start_with_a_sentence(tmp_path, name):
    result = manage(tmp_path, "check", **{name: None})
    assert result.returncode != 0
    assert f"{name} is not set." in result.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS"])
def test_the_sentence_gives_a_command_that_makes_a_good_secret(tmp_path, name):
    sentence = manage(tmp_path, "check", **{name: None}).stderr
    code = sentence.rsplit('python -c "', 1)[1].split('"', 1)[0]
    made = python(environment(tmp_path), "-c", code).stdout.strip()
    assert manage(tmp_path, "check", **{name: made}).returncode == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "changeme"),
        ("FIELD_ENCRYPTION_KEYS", "c2hvcnQ="),
        ("ISSUER_URL", "http://id.example.com"),
        ("ALLOWED_HOSTS", "*"),
    ],
)
def test_a_weak_setting_stops_the_server(production_folder, name, value):
    env = environment(production_folder, **{**PRODUCTION, name: value})
    result = python(env, "-c", "import idp_site.wsgi")
    assert result.returncode != 0
    assert "The site does not start" in result.stderr
    assert PRODUCTION["SECRET_KEY"] not in result.stderr


def test_static_files_that_were_not_collected_stop_the_server(tmp_path):
    result = python(environment(tmp_path, **PRODUCTION), "-c", "import idp_site.wsgi")
    assert result.returncode != 0
    assert "python manage.py collectstatic" in result.stderr


def test_a_production_environment_starts_the_server_with_nothing_large_that_few_ask_for(
    production_folder,
):
    start = "import sys, idp_site.wsgi; print(*sys.modules)"
    result = python(environment(production_folder, **PRODUCTION), "-c", start)
    assert result.returncode == 0, result.stderr
    loaded = {module.partition(".")[0] for module in result.stdout.split()}
    assert not loaded & LOADED_WHEN_ASKED_FOR


def test_the_deployment_checks_are_clean(production_folder):
    result = manage(production_folder, "check", "--deploy", "--fail-level", "WARNING")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("switch", ["DEMO", "DEBUG"])
def test_demo_mode_is_refused_for_an_issuer_that_is_not_this_machine(tmp_path, switch):
    result = manage(tmp_path, "check", **{switch: "1"})
    assert result.returncode != 0
    assert "Demo mode" in result.stderr


def test_without_debug_there_is_no_demo_unless_it_is_said(tmp_path):
    loopback = {**PRODUCTION, "ISSUER_URL": "http://localhost:8000"}
    show = "from django.conf import settings; print(settings.DEMO, settings.EMAIL_BACKEND)"
    said = {
        switches: python(environment(tmp_path, **loopback, **dict(switches)), "-c", show).stdout
        for switches in [(), (("DEBUG", "0"),), (("DEBUG", "0"), ("DEMO", "1")), (("DEBUG", "1"),)]
    }
    assert [line.split()[0] for line in said.values()] == ["False", "False", "True", "True"]
    assert "mailbox" not in said[()]


def test_the_demo_commands_refuse_outside_demo_mode(tmp_path):
    for command in ("seed_demo", "demo_credentials"):
        result = manage(tmp_path, command)
        assert result.returncode != 0
        assert "demo" in result.stderr.lower()


def test_demo_secrets_are_made_once_and_readable_by_their_owner_only(tmp_path):
    show = "from django.conf import settings; print(settings.SECRET_KEY)"
    first = python(environment(tmp_path, DEMO="1"), "-c", show)
    assert len(first.stdout) > 50
    assert first.stdout == python(environment(tmp_path, DEMO="1"), "-c", show).stdout
    files = list((tmp_path / "secrets").iterdir())
    assert len(files) == 2
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)


def test_an_environment_that_configures_the_site_is_not_mixed_with_the_demo(tmp_path):
    (tmp_path / "demo.env").write_text("DEMO=1\nISSUER_URL=http://localhost:8123\n")
    show = "from django.conf import settings; print(settings.DEMO, settings.ISSUER_URL)"
    alone = python(environment(tmp_path), "-c", show)
    assert alone.stdout.split() == ["True", "http://localhost:8123"]
    configured = python(environment(tmp_path, **PRODUCTION), "-c", show)
    assert configured.stdout.split() == ["False", "https://id.example.com"]


def test_cookies_are_host_bound_under_https_and_plain_on_loopback(tmp_path):
    show = (
        "from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE,"
        " s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE, s.SESSION_COOKIE_DOMAIN)"
    )
    https = python(environment(tmp_path, **PRODUCTION), "-c", show).stdout.split()
    assert https[0].startswith("__Host-")
    assert https[1].startswith("__Host-")
    assert https[2:] == ["True", "True", "Lax", "None"]
    http = python(environment(tmp_path, DEMO="1"), "-c", show).stdout.split()
    assert not http[0].startswith("__Host-")
    assert http[2:] == ["False", "True", "Lax", "None"]


SIGN_IN = """
import json
import idp_site.wsgi
from django.contrib.auth import get_user_model
from django.test import Client
get_user_model().objects.create_user("alice@example.com", "correct horse battery staple")
browser = Client(headers={"host": "id.example.com"})
said = []
def note(answer):
    said.extend(cookie.OutputString() for cookie in answer.cookies.values())
note(browser.get("/signin/?ui_locales=de", secure=True))
form = {"identifier": "alice@example.com", "password": "correct horse battery staple"}
note(browser.post("/signin/", {**form, "remember": "on"}, secure=True))
note(browser.post("/language/", {"language": "de"}, secure=True))
assert browser.get("/account/", secure=True).status_code == 200
print(json.dumps(said))
"""


@pytest.mark.django_db(transaction=True)
def test_every_cookie_of_a_sign_in_is_bound_to_this_host_and_to_https(production_folder):
    env = environment(production_folder, **{**PRODUCTION, "DATABASE_URL": database_url()})
    result = python(env, "-c", SIGN_IN)

    cookies = json.loads(result.stdout or "null")
    assert cookies, result.stderr
    assert {"session", "csrf", "language", "device"} <= {
        cookie.partition("=")[0].removeprefix("__Host-ostiary-") for cookie in cookies
    }
    for cookie in cookies:
        name, _, attributes = cookie.partition("=")
        said = {part.strip().lower() for part in attributes.split(";")[1:]}
        assert name.startswith("__Host-"), cookie
        assert {"path=/", "secure", "httponly", "samesite=lax"} <= said, cookie
        assert not any(part.startswith("domain") for part in said), cookie


def test_redis_is_used_for_cache_sessions_and_throttles_when_it_is_named(tmp_path):
    show = (
        "from django.conf import settings as s;"
        "print(s.SESSION_ENGINE, s.CACHES['default']['BACKEND'], s.OSTIARY['THROTTLE_STORAGE'])"
    )
    url = "redis://127.0.0.1:6379/5"
    named = python(environment(tmp_path, **PRODUCTION, REDIS_URL=url), "-c", show).stdout.split()
    assert named == ["ostiary.session_engines.cached_db", "idp_site.cache.RedisCache", url]
    without = python(environment(tmp_path, **PRODUCTION), "-c", show).stdout.split()
    assert without[0] == "ostiary.session_engines.db"
    assert without[2] == "database://"


def test_sqlite_waits_for_its_turn_and_writes_ahead(db):
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("SQLite only")
    with connection.cursor() as cursor:
        found = {
            pragma: cursor.execute(f"PRAGMA {pragma}").fetchone()[0]
            for pragma in ("journal_mode", "synchronous", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 1, "busy_timeout": 20000}
    assert connection.transaction_mode == "IMMEDIATE"
