"""``import_factors``: second factors out of the tables that other packages leave.

The tables are those that their migrations make: ``otp_totp`` and ``otp_static`` of django-otp,
``two_factor`` and ``mfa`` (allauth).
"""

import json
from base64 import b32encode
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection

from mfa import oath
from mfa.models import (
    AuthenticatorApp,
    EmailDevice,
    ImportedFactor,
    Phone,
    RecoveryCode,
    RecoveryCodes,
)
from ostiary import events, factors
from ostiary.models import Event

pytestmark = pytest.mark.django_db

KEY = bytes(range(20))
# Made by allauth 65 of this seed, of which the second is used.
SEED = "0123456789abcdef" * 5
ALLAUTH_CODES = ["64942586", "03959085", "07990366"]
DEVICE = "id integer PRIMARY KEY, user_id {user} NOT NULL, name varchar(64), confirmed boolean"
TABLES = {
    "otp_totp_totpdevice": f"{DEVICE}, key varchar(80), step smallint, t0 bigint, "
    "digits smallint, tolerance smallint, drift smallint, last_t bigint",
    "otp_static_staticdevice": DEVICE,
    "otp_static_statictoken": "id integer PRIMARY KEY, token varchar(16), device_id integer",
    "two_factor_phonedevice": f"{DEVICE}, number varchar(128), key varchar(40), method varchar(4)",
    "otp_hotp_hotpdevice": f"{DEVICE}, key varchar(80), digits smallint, tolerance smallint, "
    "counter bigint",
    "otp_email_emaildevice": f"{DEVICE}, token varchar(16), valid_until timestamp, "
    "email varchar(254)",
    "otp_yubikey_remoteyubikeydevice": f"{DEVICE}, service_id integer, public_id varchar(32)",
    "two_factor_webauthn_webauthndevice": f"{DEVICE}, public_key text, key_handle text, "
    "sign_count integer",
    "mfa_authenticator": "id bigint PRIMARY KEY, user_id {user} NOT NULL, type varchar(20), "
    "data {json}",
}


@pytest.fixture
def tables():
    """The tables of all of these packages, empty."""
    types = {
        "user": get_user_model()._meta.pk.rel_db_type(connection),
        "json": "jsonb" if connection.vendor == "postgresql" else "text",
    }
    with connection.cursor() as cursor:
        for name, columns in TABLES.items():
            cursor.execute(f"CREATE TABLE {name} ({columns.format(**types)})")


def put(table, **row):
    """One more row."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
        row = {"id": cursor.fetchone()[0] + 1, **row}
        if "user_id" in row:
            key = get_user_model()._meta.pk
            row["user_id"] = key.get_db_prep_value(row["user_id"], connection)
        marks = ", ".join(["%s"] * len(row))
        statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"  # noqa: S608
        cursor.execute(statement, [*row.values()])


def totp(person, **changes):
    given = {"name": "Phone", "confirmed": True, "key": KEY.hex(), "step": 30, "t0": 0}
    given |= {"digits": 6, "tolerance": 1, "drift": 1, "last_t": 59_000_000}
    put("otp_totp_totpdevice", user_id=person.pk, **{**given, **changes})


def run(source, **options):
    out, errors = StringIO(), StringIO()
    call_command("import_factors", source=source, stdout=out, stderr=errors, **options)
    return out.getvalue(), errors.getvalue()


def test_an_app_of_django_otp_works_here_and_its_key_is_encrypted(tables, person):
    totp(person, digits=8, step=60)
    out, errors = run("django-otp")
    assert "otp_totp_totpdevice: 1 imported" in out
    assert not errors
    app = AuthenticatorApp.objects.get()
    assert (app.user, app.key, app.name, app.confirmed) == (person, KEY, "Phone", True)
    assert (app.digits, app.period, app.drift, app.last_t) == (8, 60, 1, 59_000_000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM ostiary_mfa_authenticatorapp")
        assert KEY not in bytes(cursor.fetchone()[0])
    assert Event.objects.get(kind="factor.imported").details["factor"] == "app"


def test_a_code_that_was_used_there_is_used_here(tables, person, clock):
    step = oath.step_at(clock.seconds())
    totp(person, drift=0, last_t=step)
    run("django-otp")
    app = AuthenticatorApp.objects.get()
    assert not app.accepts(oath.totp(KEY, clock.seconds()))
    assert app.accepts(oath.totp(KEY, clock.seconds() + 30))


def test_static_tokens_become_recovery_codes_hashed_on_the_way(tables, person):
    put("otp_static_staticdevice", user_id=person.pk, name="backup", confirmed=True)
    for token in ("abcdefg2", "hijklmn3"):
        put("otp_static_statictoken", token=token, device_id=1)
    run("django-otp")
    codes = RecoveryCodes.objects.get(user=person)
    assert codes.left() == 2
    assert not RecoveryCode.objects.filter(code_hash__icontains="abcdefg2").exists()
    assert codes.accepts("abcdefg2")
    assert not codes.accepts("ABCDEFG2")
    assert codes.accepts("HIJKLMN3")


def test_of_two_factor_telephones_come_too_and_calls_do_not(tables, person, other_person, settings):
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, "SMS_COUNTRIES": ["DE"]}
    phone = {"name": "backup", "confirmed": True, "number": "+4915123456789", "key": "00"}
    put("two_factor_phonedevice", user_id=person.pk, method="sms", **phone)
    put("two_factor_phonedevice", user_id=other_person.pk, method="call", **phone)
    put(
        "two_factor_phonedevice",
        user_id=other_person.pk,
        method="sms",
        **{**phone, "number": "+12025550123"},
    )
    totp(person)
    out, errors = run("two-factor")
    assert "two_factor_phonedevice: 1 imported, 0 already here, 2 left out." in out
    assert "no voice calls" in errors
    assert "We don’t send text messages to this country" in errors
    assert Phone.objects.get(confirmed=True).number == "+4915123456789"
    assert AuthenticatorApp.objects.count() == 1


def test_of_allauth_keys_and_unused_codes_are_taken_over(tables, person, other_person):
    secret = json.dumps({"secret": b32encode(KEY).decode()})
    put("mfa_authenticator", user_id=person.pk, type="totp", data=secret)
    codes = json.dumps({"seed": SEED, "used_mask": 0b10})
    put("mfa_authenticator", user_id=person.pk, type="recovery_codes", data=codes)
    migrated = json.dumps({"migrated_codes": ["1234-5678"]})
    put("mfa_authenticator", user_id=other_person.pk, type="recovery_codes", data=migrated)
    put("mfa_authenticator", user_id=person.pk, type="webauthn", data="{}")
    out, errors = run("allauth")
    assert "3 imported, 0 already here, 1 left out" in out
    assert "import_passkeys" in errors
    assert AuthenticatorApp.objects.get(user=person).key == KEY
    kept = RecoveryCodes.objects.get(user=person)
    assert kept.left() == 9
    assert [kept.accepts(code) for code in ALLAUTH_CODES] == [True, False, True]
    assert RecoveryCodes.objects.get(user=other_person).accepts("1234-5678")


def backwards(text):
    """What the adapter of some project has done to its secrets."""
    return text[::-1]


def test_what_an_adapter_encrypted_is_decrypted_by_what_is_named(tables, person):
    sealed = json.dumps({"secret": f"0{b32encode(KEY).decode()}"[::-1]})
    put("mfa_authenticator", user_id=person.pk, type="totp", data=sealed)
    assert "--decrypt" in run("allauth")[1]
    assert not AuthenticatorApp.objects.exists()
    sealed = json.dumps({"secret": b32encode(KEY).decode()[::-1]})
    put("mfa_authenticator", user_id=person.pk, type="totp", data=sealed)
    run("allauth", decrypt=f"{__name__}.backwards")
    assert AuthenticatorApp.objects.get().key == KEY
    with pytest.raises(CommandError):
        run("allauth", decrypt="nowhere.at_all")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"confirmed": False}, "never confirmed"),
        ({"t0": 5}, "t0"),
        ({"key": "not hex"}, "not hexadecimal"),
        ({"key": "00" * 9}, "72 bits"),
        ({"digits": 7}, "7 digits"),
        ({"step": 0}, "every 0 seconds"),
    ],
)
def test_what_is_left_out_is_told_with_the_reason_and_no_secret(tables, person, changes, why):
    totp(person, **changes)
    out, errors = run("django-otp")
    assert "0 imported, 0 already here, 1 left out" in out
    assert why in errors
    assert KEY.hex() not in errors + out
    assert not AuthenticatorApp.objects.exists()
    assert not ImportedFactor.objects.exists()


def test_of_somebody_who_is_not_here_nothing_is_taken(tables, person):
    totp(person)
    person.delete()
    assert "no such person" in run("django-otp")[1]


def test_a_second_run_brings_nothing_back(tables, person):
    totp(person)
    put("otp_static_staticdevice", user_id=person.pk, name="backup", confirmed=True)
    put("otp_static_statictoken", token="abcdefg2", device_id=1)
    run("django-otp")
    AuthenticatorApp.objects.all().delete()
    assert RecoveryCodes.objects.get().accepts("abcdefg2")
    out, _ = run("two-factor")
    assert "otp_totp_totpdevice: 0 imported, 1 already here" in out
    assert not AuthenticatorApp.objects.exists()
    assert not RecoveryCode.objects.exists()


def test_new_recovery_codes_are_not_joined_by_old_ones(tables, app):
    RecoveryCodes.replace(app.user)
    put("otp_static_staticdevice", user_id=app.user.pk, name="backup", confirmed=True)
    put("otp_static_statictoken", token="abcdefg2", device_id=1)
    assert "new recovery codes" in run("django-otp")[1]
    assert RecoveryCode.objects.count() == 10


def test_a_trial_changes_nothing_and_tells_the_same(tables, person):
    totp(person)
    before = Event.objects.count()
    trial, _ = run("django-otp", dry_run=True)
    assert "1 imported" in trial
    assert "nothing was changed" in trial
    assert not AuthenticatorApp.objects.exists()
    assert not ImportedFactor.objects.exists()
    assert Event.objects.count() == before
    assert "1 imported" in run("django-otp")[0]


def hotp(person, **changes):
    given = {"name": "backup", "confirmed": True, "key": KEY.hex(), "digits": 6, "counter": 3}
    put("otp_hotp_hotpdevice", user_id=person.pk, **{**given, **changes})


def by_email(person, **changes):
    given = {"name": "default", "confirmed": True, "email": None}
    put("otp_email_emaildevice", user_id=person.pk, **{**given, **changes})


@pytest.fixture
def email_codes(settings):
    settings.OSTIARY_MFA = {**settings.OSTIARY_MFA, "EMAIL_CODES": True}


@pytest.mark.parametrize("source", ["django-otp", "two-factor"])
@pytest.mark.parametrize("address", [None, "", "own"])
def test_codes_by_email_become_ours_where_the_site_has_them(
    tables, person, email_codes, source, address
):
    """jazzband/django-two-factor-auth #475."""
    own = getattr(person, person.get_email_field_name())
    by_email(person, email=own.upper() if address == "own" else address)
    trial, _ = run(source, dry_run=True)
    assert not EmailDevice.objects.exists()
    out, errors = run(source)
    assert "otp_email_emaildevice: 1 imported" in trial
    assert "otp_email_emaildevice: 1 imported" in out
    assert not errors
    assert EmailDevice.objects.get(confirmed=True).user == person
    assert Event.objects.get(kind="factor.imported").details["factor"] == "email"
    assert factors.factors_of(person)


@pytest.mark.parametrize(
    ("facts", "changes", "why"),
    [
        ({}, {"email": "other@example.com"}, "another address"),
        ({"is_staff": True}, {}, "too weak for an operator"),
        ({}, {"confirmed": False}, "never confirmed"),
    ],
)
def test_codes_by_email_that_show_too_little_are_left(
    tables, person, email_codes, facts, changes, why
):
    for name, value in facts.items():
        setattr(person, name, value)
    person.save()
    by_email(person, **changes)
    out, errors = run("django-otp")
    assert "otp_email_emaildevice: 0 imported, 0 already here, 1 left out" in out
    assert why in errors
    assert not EmailDevice.objects.exists()


def test_codes_to_an_address_that_is_known_to_be_unverified_are_left(tables, person, email_codes):
    can_tell = hasattr(person, "email_verified_at")
    person.email_verified_at = None
    person.save()
    by_email(person)
    out, errors = run("django-otp")
    assert ("not verified" in errors) == can_tell
    assert ("1 imported" in out) != can_tell


@pytest.mark.parametrize("dry_run", [True, False])
def test_beside_something_better_no_codes_by_email_are_taken(tables, person, email_codes, dry_run):
    totp(person)
    by_email(person)
    out, errors = run("django-otp", dry_run=dry_run)
    assert "otp_totp_totpdevice: 1 imported" in out
    assert "otp_email_emaildevice: 0 imported" in out
    assert "has another second factor here" in errors
    assert "Without a second factor" not in out


@pytest.mark.parametrize("dry_run", [True, False])
def test_who_is_left_without_a_second_factor_is_named(tables, person, other_person, dry_run):
    totp(person)
    hotp(person)
    hotp(other_person)
    by_email(other_person)
    put("otp_static_staticdevice", user_id=other_person.pk, name="backup", confirmed=True)
    put("otp_static_statictoken", token="abcdefg2", device_id=1)
    out, errors = run("django-otp", dry_run=dry_run)
    assert "otp_hotp_hotpdevice: 0 imported, 0 already here, 2 left out" in out
    assert "its codes are counted (HOTP)" in errors
    assert "EMAIL_CODES" in errors
    key = get_user_model()._meta.pk.get_db_prep_value(other_person.pk, connection)
    assert f"Users who had a second factor there and have none here: {key}." in out
    assert KEY.hex() not in out + errors


def test_what_was_never_a_factor_leaves_nobody_without(tables, person):
    hotp(person, confirmed=False)
    out, errors = run("django-otp")
    assert "never confirmed" in errors
    assert "Without a second factor" not in out


def test_a_table_of_an_early_version_has_fewer_columns(tables, person, email_codes):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE otp_email_emaildevice DROP COLUMN email")
    put("otp_email_emaildevice", user_id=person.pk, name="default", confirmed=True)
    assert "otp_email_emaildevice: 1 imported" in run("django-otp")[0]


def test_keys_of_other_kinds_are_told(tables, person):
    key = {"user_id": person.pk, "name": "key", "confirmed": True}
    put("otp_yubikey_remoteyubikeydevice", **key)
    put("two_factor_webauthn_webauthndevice", **key)
    _out, errors = run("two-factor")
    assert "no Yubico codes" in errors
    assert "import_passkeys --from two-factor" in errors


def test_without_the_tables_it_says_which_are_missing(db):
    with pytest.raises(CommandError, match="otp_totp_totpdevice"):
        run("django-otp")


def test_the_person_reads_of_it_in_words():
    assert (
        events.sentence("factor.imported")
        == "A two-step verification method was imported from another system"
    )
