"""The system checks: every misconfiguration that can be told at the start, in words."""

import pytest
from django.core.checks import run_checks

from ostiary.checks import check_deployment, check_settings, is_loopback
from tests.ostiary.test_encryption import new_key

HTTPS = "https://id.example.com"
SECRET = "kKnJ-xj2H1lrtAro0Sr5z9G3_Mjrm2vydQumIm2IZ44tDdRWJ8p0wZXWruToqsKs"


def found(*, deploy: bool = False) -> list[tuple[str, str, str]]:
    """Id, sentence and hint of what our own checks find."""
    messages = check_settings(None) + (check_deployment(None) if deploy else [])
    return [(message.id, message.msg, message.hint or "") for message in messages]


def ids(*, deploy: bool = False) -> list[str]:
    return [name.removeprefix("ostiary.") for name, _, _ in found(deploy=deploy)]


@pytest.fixture(autouse=True)
def sound(settings, ostiary):
    """A project in which everything is right."""
    settings.SECRET_KEY = SECRET
    settings.ALLOWED_HOSTS = ["id.example.com"]
    ostiary(ISSUER_URL=HTTPS, FIELD_ENCRYPTION_KEYS=[new_key()])


def test_of_a_sound_project_nothing_is_said():
    assert found(deploy=True) == []


def test_django_runs_our_checks_those_of_a_deployment_when_asked(settings, ostiary, db):
    settings.ALLOWED_HOSTS = ["*"]
    ostiary(ISSUER_URL="")
    ours = [
        [message.id for message in run_checks(include_deployment_checks=deploy) if message.id]
        for deploy in (False, True)
    ]
    assert "ostiary.E003" in ours[0]
    assert "ostiary.E007" not in ours[0]
    assert {"ostiary.E003", "ostiary.E007"} <= set(ours[1])


def test_an_unknown_setting_is_told_with_the_one_that_was_meant(ostiary):
    ostiary(SIGNIN_STEP=[])
    [(name, sentence, _)] = found(deploy=True)
    assert name == "ostiary.E001"
    assert "Did you mean 'SIGNIN_STEPS'?" in sentence


def test_a_value_of_a_wrong_type_is_told(ostiary):
    ostiary(STEP_UP_SECONDS="soon")
    assert ids(deploy=True) == ["E002"]


# --- the address --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("issuer", "expected"),
    [
        ("https://id.example.com", []),
        ("https://id.example.com:8443", []),
        ("http://localhost:8000", []),
        ("http://127.0.0.1", []),
        ("http://[::1]:8000", []),
        ("http://idp.localhost", []),
        ("", ["E003"]),
        ("id.example.com", ["E004"]),
        ("ftp://id.example.com", ["E004"]),
        ("https://", ["E004"]),
        ("https://id.example.com/", ["E004"]),
        ("https://id.example.com:8443/realm", ["E004"]),
        ("http://localhost:8000/auth", ["E004"]),
        ("https://id.example.com?x=1", ["E004"]),
        ("https://id.example.com?", ["E004"]),
        ("https://id.example.com#top", ["E004"]),
        ("https://user@id.example.com", ["E004"]),
        ("https://ID.example.com", ["E004"]),
        ("https://id.example.com ", ["E004"]),
        ("https://id.exämple.com", ["E004"]),
        ("https://id.example.com:port", ["E004"]),
        ("https://[::1", ["E004"]),
        ("http://id.example.com", ["E005"]),
        ("http://localhost.example.com", ["E005"]),
    ],
)
def test_the_issuer_is_an_address_that_applications_can_compare(ostiary, issuer, expected):
    ostiary(ISSUER_URL=issuer)
    assert ids() == expected


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.8.9.1", True), ("::1", True), ("10.0.0.1", False), ("", False)],
)
def test_loopback_is_this_machine(host, loopback):
    assert is_loopback(host) is loopback


def test_a_slash_at_the_end_is_told_with_the_address_without_it(ostiary):
    ostiary(ISSUER_URL="https://id.example.com/")
    [(_, _, hint)] = found()
    assert "'https://id.example.com'" in hint


def test_debug_is_refused_on_a_public_site(settings, ostiary):
    settings.DEBUG = True
    assert ids() == ["E006"]
    ostiary(ISSUER_URL="http://localhost:8000")
    assert ids() == []


@pytest.mark.parametrize(("header", "expected"), [("Forwarded", []), ("X-Real-IP", ["E033"])])
def test_a_header_of_proxies_that_nobody_reads_is_told(ostiary, header, expected):
    ostiary(TRUSTED_PROXY_HEADER=header)
    assert ids() == expected


def test_every_host_is_too_many(settings):
    settings.ALLOWED_HOSTS = ["*"]
    assert ids() == []
    assert ids(deploy=True) == ["E007"]


# --- secrets ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "weak", ["", "short", "a" * 64, "abcdefghi" * 10, "django-insecure-" + SECRET]
)
def test_a_weak_secret_key_is_refused_with_how_to_make_one(settings, weak):
    settings.SECRET_KEY = weak
    [(name, _, hint)] = found(deploy=True)
    assert name == "ostiary.E008"
    assert "secrets.token_urlsafe(48)" in hint


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (list, ["E009"]),
        (lambda: [""], ["E010"]),
        (lambda: ["not a key"], ["E010"]),
        (lambda: [new_key(), "c2hvcnQ="], ["E010"]),
        (lambda: ["A" * 43 + "="], ["E011"]),
        (lambda: [new_key()] * 2, ["E012"]),
        (lambda: [new_key(), new_key()], []),
    ],
)
def test_encryption_keys_are_there_well_formed_strong_and_different(ostiary, keys, expected):
    ostiary(FIELD_ENCRYPTION_KEYS=keys())
    assert ids() == expected


def test_no_message_shows_a_key(ostiary):
    secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQ="
    ostiary(FIELD_ENCRYPTION_KEYS=[secret])
    assert secret not in str(found())


# --- sessions -----------------------------------------------------------------------------------

BACKENDS = "django.contrib.sessions.backends"
CACHE = "django.core.cache.backends"


@pytest.mark.parametrize(
    ("engine", "cache", "expected", "deployed"),
    [
        ("db", "locmem.LocMemCache", [], []),
        ("file", "locmem.LocMemCache", [], []),
        ("cache", "redis.RedisCache", [], []),
        ("cached_db", "redis.RedisCache", [], []),
        ("signed_cookies", "redis.RedisCache", ["E013"], ["E013"]),
        ("nothing", "redis.RedisCache", ["E013"], ["E013"]),
        ("cache", "dummy.DummyCache", ["E014"], ["E014"]),
        ("cached_db", "dummy.DummyCache", [], []),
        ("cache", "locmem.LocMemCache", [], ["E014"]),
        ("cached_db", "locmem.LocMemCache", [], ["E014"]),
    ],
)
def test_sessions_are_kept_where_the_server_can_end_them(
    settings, engine, cache, expected, deployed
):
    settings.CACHES = {"default": {"BACKEND": f"{CACHE}.{cache}", "LOCATION": "redis://x"}}
    settings.SESSION_ENGINE = f"{BACKENDS}.{engine}"
    assert ids() == expected
    assert ids(deploy=True) == deployed


def test_sessions_must_not_end_while_they_are_used(ostiary):
    ostiary(SESSION_IDLE_SECONDS=600, SESSION_TOUCH_SECONDS=301)
    assert ids() == ["E015"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda paths: paths, []),
        (lambda paths: paths[:2], ["E016"]),
        (lambda paths: [paths[0], paths[2], paths[1]], ["E016"]),
        (lambda paths: [paths[0], paths[2]], ["E016"]),
        (lambda paths: [*paths, "tests.ostiary.steps.NOT_CALLABLE", "gone.Middleware"], []),
    ],
)
def test_the_register_stands_below_djangos_authentication(settings, change, expected):
    settings.MIDDLEWARE = change(settings.MIDDLEWARE)
    assert ids() == expected


def test_times_have_a_zone(settings):
    settings.USE_TZ = False
    assert ids() == ["E017"]


# --- what is named ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["SIGNIN_STEPS", "PERSONAL_DATA_EXPORTERS", "PERSONAL_DATA_ERASERS"]
)
@pytest.mark.parametrize("path", ["nowhere.at.all", "tests.ostiary.steps.Missing", "word"])
def test_a_dotted_path_that_leads_nowhere_is_told(ostiary, name, path):
    ostiary(**{name: [path]})
    [(number, sentence, _)] = found()
    assert number == "ostiary.E018"
    assert name in sentence
    assert path in sentence


def test_so_is_a_witness_that_does_not_exist_or_is_no_function(ostiary):
    ostiary(EVENT_WITNESS="nowhere.witness")
    assert ids() == ["E018"]
    ostiary(EVENT_WITNESS="tests.ostiary.steps.NOT_CALLABLE")
    assert ids() == ["E018"]


def test_steps_that_exist_are_right(ostiary):
    ostiary(SIGNIN_STEPS=["tests.ostiary.steps.Terms", "tests.ostiary.steps.Code"])
    assert ids() == []


def test_two_steps_of_one_name_are_refused_since_one_would_be_skipped(ostiary):
    ostiary(SIGNIN_STEPS=["tests.ostiary.steps.Code", "tests.ostiary.steps.Code"])
    assert ids() == ["E019"]


def test_no_factor_is_set_up_before_those_that_people_have_are_asked_for(ostiary):
    asked, set_up = "ostiary.second_step.SecondStep", "tests.ostiary.steps.SetUp"
    ostiary(SIGNIN_STEPS=[set_up, asked])
    assert ids() == ["E026"]
    ostiary(SIGNIN_STEPS=[asked, set_up])
    assert ids() == []


def test_a_step_without_a_name_is_none(ostiary):
    ostiary(SIGNIN_STEPS=["tests.ostiary.steps.Nameless"])
    assert ids() == ["E019"]


@pytest.mark.parametrize("storage", ["rediss", "etcd3://", "", "async+memory://"])
def test_a_storage_that_is_not_there_is_told(ostiary, storage):
    ostiary(THROTTLE_STORAGE=storage)
    assert ids() == ["E020"]


def test_the_password_of_a_storage_is_not_shown(ostiary):
    ostiary(THROTTLE_STORAGE="mangodb://user:hunter2@host")
    assert "hunter2" not in str(found())


@pytest.mark.parametrize(
    ("throttles", "sentence"),
    [
        ({"singin": {"ip": "5/minute"}}, "limits 'singin', which isn't a known action"),
        ({"signin": {"address": "5/minute"}}, "counts by 'address', which is not known"),
        ({"signin": {"ip": "5 per fortnight"}}, "is '5 per fortnight', which isn't a limit"),
        ({"signin": {"ip": ""}}, "is '', which isn't a limit"),
        ({"signin": {"ip": "many"}}, "is 'many', which isn't a limit"),
    ],
)
def test_a_limit_that_cannot_be_read_is_told(ostiary, throttles, sentence):
    ostiary(THROTTLES=throttles)
    [(name, told, _)] = found()
    assert name == "ostiary.E021"
    assert sentence in told


def test_counting_in_each_process_is_warned_of(ostiary):
    ostiary(THROTTLE_STORAGE="memory://")
    assert ids() == []
    assert ids(deploy=True) == ["W001"]


# --- the file of tombstones -----------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "tombstones.jsonl", "not/yet/there/tombstones.jsonl"])
def test_a_file_of_tombstones_that_can_be_made_is_none_the_worse_for_asking(
    ostiary, tmp_path, path
):
    ostiary(TOMBSTONE_FILE=path and str(tmp_path / path))
    assert ids() == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_tombstones_that_is_a_folder_or_below_a_file_is_told(ostiary, tmp_path):
    ostiary(TOMBSTONE_FILE=str(tmp_path))
    assert ids() == ["E023"]

    (tmp_path / "file").touch()
    ostiary(TOMBSTONE_FILE=str(tmp_path / "file" / "tombstones.jsonl"))
    [(name, sentence, _)] = found()
    assert name == "ostiary.E023"
    assert "is no folder" in sentence


# --- the mail provider ----------------------------------------------------------------------------


def test_what_a_mail_provider_lacks_is_told(settings):
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    settings.ANYMAIL = {}
    [(name, sentence, _)] = found()
    assert name == "ostiary.E024"
    assert "MAILGUN_API_KEY" in sentence

    settings.ANYMAIL = {"MAILGUN_API_KEY": "key-1"}
    assert ids() == []


def test_a_provider_whose_reports_nobody_could_trust_is_told(settings):
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "t"}
    with pytest.warns(Warning, match="insecure"):
        [(_, sentence, hint)] = [each for each in found(deploy=True) if each[0] == "ostiary.W004"]
    assert "WEBHOOK_SECRET is not set" in sentence
    assert "ANYMAIL_WEBHOOK_SECRET" in hint

    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": "reports:long"}
    assert "W004" not in ids(deploy=True)


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("OUTBOX_QUEUES", {"urgnet": "ostiary.urgent"}, "E030"),
        ("OUTBOX_QUEUES", {"urgent": "nowhere"}, "W002"),
        ("OUTBOX_KEEP_DAYS", {"mfa.sms": 7}, "E031"),
        ("OUTBOX_KEEP_PARKED_DAYS", {"default": -1}, "E031"),
        ("OUTBOX_LEASE_SECONDS", 150, "W003"),
    ],
)
def test_what_the_outbox_can_not_do_is_told(ostiary, setting, value, told):
    ostiary(**{setting: value})
    assert told in ids()
