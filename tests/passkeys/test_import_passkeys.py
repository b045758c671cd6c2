"""Passkeys that were made by other packages, taken over from their tables."""

import base64
import hashlib
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.apps.registry import Apps
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.db.models.base import ModelBase
from django.utils.http import int_to_base36
from fido2 import cbor
from fido2.cose import ES384
from fido2.utils import websafe_encode

from ostiary.models import Event
from passkeys.models import Credential
from passkeys.verification import CeremonyRefused
from tests.passkeys import ceremony
from tests.passkeys.authenticator import SYNCED, Authenticator, stored_credential

pytestmark = pytest.mark.django_db

MADE = datetime(2025, 3, 1, 12, tzinfo=UTC)
OPTIONS = {"challenge": websafe_encode(bytes(32)), "rp": {"id": "localhost"}}


def table(db_table, /, **fields):
    """A table of another package, which isn't installed; it goes with the test."""
    meta = type("Meta", (), {"app_label": "elsewhere", "db_table": db_table, "apps": Apps()})
    model = ModelBase("Row", (models.Model,), {"__module__": __name__, "Meta": meta, **fields})
    sql, parameters = connection.schema_editor().table_sql(model)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
    return model


def of_person(**options):
    """A column with the id of a person of this site."""
    is_uuid = isinstance(get_user_model()._meta.pk, models.UUIDField)
    return (models.UUIDField if is_uuid else models.BigIntegerField)(**options)


def run(source, **options):
    said, left_out = StringIO(), StringIO()
    call_command("import_passkeys", "--from", source, stdout=said, stderr=left_out, **options)
    return said.getvalue().strip(), left_out.getvalue().strip()


def answer_of(authenticator, handle):
    """What a browser told when the passkey was made, under the handle of the earlier system."""
    return authenticator.create({**OPTIONS, "user": {"id": websafe_encode(handle)}})


@pytest.fixture
def django_otp_webauthn():
    rows = table(
        "django_otp_webauthn_webauthncredential",
        user_id=of_person(),
        name=models.CharField(max_length=64),
        confirmed=models.BooleanField(default=True),
        credential_id=models.BinaryField(),
        public_key=models.BinaryField(),
        transports=models.JSONField(default=list),
        sign_count=models.PositiveIntegerField(default=0),
        backup_eligible=models.BooleanField(default=False),
        backup_state=models.BooleanField(default=False),
        aaguid=models.CharField(max_length=36),
        created_at=models.DateTimeField(default=MADE),
        last_used_at=models.DateTimeField(null=True),
    )

    def add(user_id, authenticator, **facts):
        kept = stored_credential(answer_of(authenticator, b"h" * 64))
        return rows.objects.create(
            user_id=user_id,
            name="My key",
            credential_id=kept.credential_id,
            public_key=cbor.encode(kept.public_key),
            transports=["usb"],
            aaguid=str(kept.aaguid),
            **facts,
        )

    return add


@pytest.fixture
def with_handles(person):
    handles = table(
        "django_otp_webauthn_webauthnuserhandle",
        handle_hex=models.CharField(max_length=128),
        user_id=of_person(primary_key=True),
    )
    handles.objects.create(user_id=person.pk, handle_hex=(b"h" * 64).hex())


@pytest.mark.usefixtures("with_handles")
def test_a_passkey_of_django_otp_webauthn_signs_in_as_it_did(person, django_otp_webauthn):
    authenticator = Authenticator(flags=SYNCED)
    facts = {"backup_eligible": True, "backup_state": True, "sign_count": 0}
    django_otp_webauthn(person.pk, authenticator, **facts)

    assert run("django-otp-webauthn") == ("1 imported, 0 already here, 0 left out.", "")

    kept = Credential.objects.get()
    assert (kept.user, kept.name, kept.transports) == (person, "My key", ["usb"])
    assert kept.created_at == MADE
    assert ceremony.sign_in(authenticator).user == person
    assert Event.objects.get(kind="passkey.imported").details == {"source": "django-otp-webauthn"}


def test_without_its_handle_a_passkey_works_as_a_second_step_only(person, django_otp_webauthn):
    django_otp_webauthn(person.pk, Authenticator())

    run("django-otp-webauthn")

    assert Credential.objects.get().imported_handle is None


def test_a_passkey_of_django_passkeys_signs_in_and_tells_whether_it_is_synced(person):
    rows = table(
        "passkeys_userpasskey",
        user_id=of_person(),
        name=models.CharField(max_length=255),
        enabled=models.BooleanField(default=True),
        platform=models.CharField(max_length=255, default=""),
        added_on=models.DateTimeField(default=MADE),
        last_used=models.DateTimeField(null=True),
        credential_id=models.CharField(max_length=255),
        token=models.CharField(max_length=255),
    )
    authenticator, switched_off = Authenticator(flags=SYNCED), Authenticator()
    handle = base64.urlsafe_b64encode(person.get_username().encode())
    for each, enabled in ((authenticator, True), (switched_off, False)):
        kept = stored_credential(answer_of(each, handle))
        rows.objects.create(
            user_id=person.pk,
            name="Apple",
            enabled=enabled,
            credential_id=each.id,
            token=websafe_encode(kept),
        )

    said, left_out = run("django-passkeys")

    assert said == "1 imported, 0 already here, 1 left out."
    assert left_out.endswith("its person has switched it off")
    assert Credential.objects.get().backup_eligible is None
    assert ceremony.sign_in(authenticator).user == person
    assert Credential.objects.get().backup_eligible is True


def test_a_passkey_of_allauth_signs_in_and_its_other_factors_are_left(person):
    rows = table(
        "mfa_authenticator",
        user_id=of_person(),
        type=models.CharField(max_length=20),
        data=models.JSONField(),
        created_at=models.DateTimeField(default=MADE),
        last_used_at=models.DateTimeField(null=True),
    )
    authenticator = Authenticator(counter=3)
    pk = person.pk
    handle = (int_to_base36(pk) if isinstance(pk, int) else pk.hex).encode()
    answer = answer_of(authenticator, handle)
    rows.objects.create(
        user_id=pk, type="webauthn", data={"name": "Master key", "credential": answer}
    )
    rows.objects.create(user_id=pk, type="totp", data={"secret": "x"})
    rows.objects.create(user_id=pk, type="webauthn", data={"credential": {}})

    said, left_out = run("allauth")

    assert said == "1 imported, 0 already here, 2 left out."
    assert "it is no passkey but totp" in left_out
    assert "can't be read" in left_out
    kept = Credential.objects.get()
    assert (kept.name, kept.sign_count, kept.user_verified) == ("Master key", 3, True)
    assert ceremony.sign_in(authenticator).user == person


def test_a_key_of_two_factor_auth_signs_in_and_the_others_are_told(person):
    """As its ``two_factor.plugins.webauthn`` keeps them; SEED-platform/seed #5209."""
    rows = table(
        "two_factor_webauthn_webauthndevice",
        user_id=of_person(),
        name=models.CharField(max_length=64),
        confirmed=models.BooleanField(default=True),
        throttling_failure_count=models.PositiveIntegerField(default=0),
        created_at=models.DateTimeField(default=MADE),
        last_used_at=models.DateTimeField(null=True),
        public_key=models.TextField(),
        key_handle=models.TextField(),
        sign_count=models.IntegerField(),
    )
    authenticator = Authenticator(counter=3)
    handle = hashlib.sha1(str(person.pk).encode(), usedforsecurity=False).hexdigest().encode()
    kept = stored_credential(answer_of(authenticator, handle))
    key = {
        "user_id": person.pk,
        "name": "YubiKey",
        "public_key": websafe_encode(cbor.encode(kept.public_key)),
        "key_handle": websafe_encode(kept.credential_id),
        "sign_count": 3,
    }
    rows.objects.create(**key)
    rows.objects.create(**{**key, "confirmed": False})
    rows.objects.create(**{**key, "public_key": "?", "key_handle": "x"})

    said, left_out = run("two-factor")

    assert said == "1 imported, 0 already here, 2 left out."
    assert "never confirmed" in left_out
    assert "can't be read" in left_out
    taken = Credential.objects.get()
    assert (taken.name, taken.sign_count, taken.created_at) == ("YubiKey", 3, MADE)
    assert ceremony.sign_in(authenticator).user == person


@pytest.mark.usefixtures("with_handles")
def test_it_can_be_run_again_and_tried_without_change(person, django_otp_webauthn):
    authenticator = Authenticator(counter=5)
    django_otp_webauthn(person.pk, authenticator, sign_count=5)

    assert run("django-otp-webauthn", dry_run=True)[0].startswith("1 would be imported")
    assert not Credential.objects.exists()
    run("django-otp-webauthn")
    ceremony.sign_in(authenticator, counter=9)
    Credential.objects.update(name="Renamed here")

    assert run("django-otp-webauthn")[0] == "0 imported, 1 already here, 0 left out."
    kept = Credential.objects.get()
    assert (kept.name, kept.sign_count) == ("Renamed here", 9)


def test_what_makes_no_passkey_is_left_out_and_told(person, other_person, django_otp_webauthn):
    here = Authenticator()
    ceremony.register(other_person, here)
    django_otp_webauthn(person.pk, here)
    django_otp_webauthn(person.pk, Authenticator(), confirmed=False)
    unknown = type(person.pk)(int=5) if hasattr(person.pk, "hex") else person.pk + 1000
    django_otp_webauthn(unknown, Authenticator())
    django_otp_webauthn(person.pk, Authenticator(credential_id=b"x" * 1024))
    row = django_otp_webauthn(person.pk, Authenticator())
    row.public_key = cbor.encode({1: 2, 3: ES384.ALGORITHM, -1: 2, -2: b"", -3: b""})
    row.save()
    row = django_otp_webauthn(person.pk, Authenticator())
    row.public_key = b"\xff"
    row.save()

    said, left_out = run("django-otp-webauthn")

    assert said == "0 imported, 0 already here, 6 left out."
    for reason in (
        "another person's",
        "never confirmed",
        "person is not here",
        "no length, or too much",
        "no algorithm",
        "can't be read",
    ):
        assert reason in left_out
    assert Credential.objects.get().user == other_person


@pytest.mark.parametrize(
    "source", ["allauth", "django-otp-webauthn", "django-passkeys", "two-factor"]
)
def test_where_its_tables_are_not_the_command_says_so(source):
    with pytest.raises(CommandError, match="can't be read"):
        run(source)


def test_an_imported_passkey_is_not_of_whoever_knows_the_old_handle(
    person, other_person, django_otp_webauthn, with_handles
):
    authenticator = Authenticator()
    django_otp_webauthn(person.pk, authenticator)
    run("django-otp-webauthn")
    theirs = Authenticator()
    ceremony.register(other_person, theirs)

    for wrong in (theirs.user_handle, b"H" * 64, b""):
        with pytest.raises(CeremonyRefused, match="unknown_credential"):
            ceremony.sign_in(authenticator, user_handle=wrong)
    with pytest.raises(CeremonyRefused, match="unknown_credential"):
        ceremony.sign_in(theirs, user_handle=b"h" * 64)
