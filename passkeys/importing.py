"""Passkeys that people made by another package on this site, read from its tables as they are: the
package need not be installed any more."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import int_to_base36
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.utils import websafe_decode
from fido2.webauthn import AttestationObject, AttestedCredentialData

from ostiary import events

from . import authenticators, verification
from .ceremonies import known_transports
from .models import CREDENTIAL_ID_MAX_BYTES, Credential

Row = Mapping[str, Any]


class LeftOut(ValueError):
    """A row that is not taken over; says why."""


@dataclass
class Report:
    """How many rows there are by what became of them, and why which were left out."""

    imported: int = 0
    here_already: int = 0
    left_out: list[str] = field(default_factory=list)


def import_from(source: str, *, dry_run: bool = False) -> Report:
    """Take over the passkeys of ``source``, one of ``SOURCES``. Those that are here already stay as
    they are, so it can be run again. Raises ``DatabaseError`` where its tables are not."""
    table, read = SOURCES[source]
    report = Report()
    for row in list(_rows(table)):
        try:
            with transaction.atomic():
                _take_over(read(row), source, report, dry_run=dry_run)
        except LeftOut as reason:
            report.left_out.append(f"{row['id']}: {reason}")
    return report


def _take_over(found: Credential, source: str, report: Report, *, dry_run: bool) -> None:
    if not 0 < len(found.credential_id) <= CREDENTIAL_ID_MAX_BYTES:
        raise LeftOut("its id has no length, or too much")
    if not verification.is_usable(_key(bytes(found.public_key))):
        raise LeftOut("its key is of no algorithm that is taken here")
    people = get_user_model()._base_manager
    if not people.filter(pk=found.user_id).exists():
        raise LeftOut("its person is not here")
    kept = Credential.objects.filter(credential_id=found.credential_id).first()
    if kept is not None and kept.user_id != found.user_id:
        raise LeftOut("it is here already, and another person's")
    if kept is not None:
        report.here_already += 1
        return
    report.imported += 1
    if not dry_run:
        found.save(force_insert=True)
        events.record("passkey.imported", user=found.user, details={"source": source})


def _rows(table: str) -> Iterator[Row]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} ORDER BY id")  # noqa: S608
        names = [column[0] for column in cursor.description]
        for row in cursor:
            yield dict(zip(names, row, strict=True))


def _from_django_otp_webauthn(row: Row) -> Credential:
    if not row["confirmed"]:
        raise LeftOut("it was never confirmed")
    return Credential(
        user_id=_person(row),
        credential_id=bytes(row["credential_id"]),
        public_key=bytes(row["public_key"]),
        sign_count=row["sign_count"],
        transports=known_transports(_json(row["transports"])),
        aaguid=_aaguid(row["aaguid"]),
        backup_eligible=bool(row["backup_eligible"]),
        backed_up=bool(row["backup_eligible"] and row["backup_state"]),
        user_verified=False,
        name=row["name"][:100],
        created_at=_moment(row["created_at"]) or timezone.now(),
        last_used_at=_moment(row["last_used_at"]),
        imported_handle=_handle_of_django_otp_webauthn(row["user_id"]),
    )


def _handle_of_django_otp_webauthn(user_id: Any) -> bytes | None:
    """From a table of its own; before that had it, a passkey of it works as a second step only."""
    table = "django_otp_webauthn_webauthnuserhandle"
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return None
        cursor.execute(
            f"SELECT handle_hex FROM {connection.ops.quote_name(table)} WHERE user_id = %s",  # noqa: S608
            [user_id],
        )
        found = cursor.fetchone()
    return bytes.fromhex(found[0]) if found else None


def _from_django_passkeys(row: Row) -> Credential:
    if not row["enabled"]:
        raise LeftOut("its person has switched it off")
    with _malformed():
        data = AttestedCredentialData(websafe_decode(row["token"]))
    person = get_user_model()._base_manager.filter(pk=_person(row)).first()
    username = str(person.get_username()).encode() if person else b""
    return Credential(
        user_id=_person(row),
        credential_id=data.credential_id,
        public_key=cbor.encode(data.public_key),
        aaguid=UUID(bytes=bytes(data.aaguid)),
        backup_eligible=None,  # which it does not keep
        backed_up=False,
        user_verified=False,
        name=_name(row["name"], data.aaguid),
        created_at=_moment(row["added_on"]) or timezone.now(),
        last_used_at=_moment(row["last_used"]),
        imported_handle=base64.urlsafe_b64encode(username),
    )


def _from_allauth(row: Row) -> Credential:
    if row["type"] != "webauthn":
        raise LeftOut(f"it is no passkey but {row['type']}")
    with _malformed():
        kept = _json(row["data"])
        told = kept["credential"]["response"]
        data = AttestationObject(websafe_decode(told["attestationObject"])).auth_data
        attested = data.credential_data
        if attested is None:
            raise ValueError("no credential")
        name = str(kept.get("name", ""))
        transports = known_transports(told.get("transports"))
    return Credential(
        user_id=_person(row),
        credential_id=attested.credential_id,
        public_key=cbor.encode(attested.public_key),
        sign_count=data.counter,
        transports=transports,
        aaguid=UUID(bytes=bytes(attested.aaguid)),
        backup_eligible=data.is_backup_eligible(),
        backed_up=data.is_backup_eligible() and data.is_backed_up(),
        user_verified=data.is_user_verified(),
        name=_name(name, attested.aaguid),
        created_at=_moment(row["created_at"]) or timezone.now(),
        last_used_at=_moment(row["last_used_at"]),
        imported_handle=_handle_of_allauth(_person(row)),
    )


def _from_two_factor(row: Row) -> Credential:
    """A ``WebauthnDevice`` of django-two-factor-auth, which keeps no flags and no model."""
    if not row["confirmed"]:
        raise LeftOut("it was never confirmed")
    with _malformed():
        credential_id = websafe_decode(row["key_handle"])
        public_key = websafe_decode(row["public_key"])
    user_id = _person(row)
    return Credential(
        user_id=user_id,
        credential_id=credential_id,
        public_key=public_key,
        sign_count=row["sign_count"],
        aaguid=UUID(int=0),
        backup_eligible=None,
        backed_up=False,
        user_verified=False,
        name=row["name"][:100] or "Passkey",
        created_at=_moment(row["created_at"]) or timezone.now(),
        last_used_at=_moment(row["last_used_at"]),
        # As its DefaultWebauthnEntitiesFormMixin makes it.
        imported_handle=hashlib.sha1(str(user_id).encode(), usedforsecurity=False)
        .hexdigest()
        .encode(),
    )


def _handle_of_allauth(pk: Any) -> bytes:
    """The person's id, as allauth has it in addresses."""
    of_people = get_user_model()._meta.pk
    if isinstance(of_people, models.UUIDField):
        return str(pk.hex).encode()
    return (int_to_base36(pk) if isinstance(of_people, models.IntegerField) else str(pk)).encode()


SOURCES: dict[str, tuple[str, Callable[[Row], Credential]]] = {
    "allauth": ("mfa_authenticator", _from_allauth),
    "django-otp-webauthn": ("django_otp_webauthn_webauthncredential", _from_django_otp_webauthn),
    "django-passkeys": ("passkeys_userpasskey", _from_django_passkeys),
    "two-factor": ("two_factor_webauthn_webauthndevice", _from_two_factor),
}
"""The table of each package, and how a row of it is read."""


@contextmanager
def _malformed() -> Iterator[None]:
    try:
        yield
    except Exception as problem:  # the parsers raise of everything
        raise LeftOut("what is kept of it can't be read") from problem


def _key(public_key: bytes) -> CoseKey:
    with _malformed():
        key: Any = cbor.decode(public_key)
        return CoseKey.parse(key)


def _person(row: Row) -> Any:
    return get_user_model()._meta.pk.to_python(row["user_id"])


def _name(told: str, aaguid: bytes) -> str:
    return (told or authenticators.name_of(aaguid) or "Passkey")[:100]


def _aaguid(text: str) -> UUID:
    with _malformed():
        return UUID(text or UUID(int=0).hex)


def _json(told: Any) -> Any:
    """What a JSON column has: text on SQLite, and parsed where the database does it."""
    return json.loads(told) if isinstance(told, str) else told


def _moment(told: Any) -> datetime | None:
    """A time: text in UTC on SQLite."""
    found = parse_datetime(told) if isinstance(told, str) else told
    return timezone.make_aware(found, UTC) if found and timezone.is_naive(found) else found
