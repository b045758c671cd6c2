"""Second factors out of the tables of other packages, which needn't be installed any more.

Their tables are read as they stand in this database. Keys are encrypted and codes hashed on the
way; what was used there stays used here. The tables themselves are left alone.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
from base64 import b32decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from ostiary import events, factors
from ostiary.email_addresses import canonical
from ostiary.notifications import addresses_of
from ostiary.operators import is_operator

from . import oath
from .conf import mfa_settings
from .models import AuthenticatorApp, EmailDevice, ImportedFactor, Phone, RecoveryCodes
from .sms import numbers, phones

BATCH = 500
LEAST_KEY_BYTES = 10
"""80 bits, as early authenticators had them; ours have 160 (RFC 4226 §4 asks for 128)."""
IMPORTED = "imported"
"""The name of a set of recovery codes that others have made."""


class TableMissing(Exception):
    """This database has no such table, or one of another shape; its text says which."""


class Refused(Exception):
    """A row can't be taken over; its text says why. ``counted``: it was a factor there."""

    def __init__(self, text: str, *, counted: bool = True) -> None:
        super().__init__(text)
        self.counted = counted


@dataclass(frozen=True)
class Outcome:
    """What became of a row: ``imported``, ``present`` or ``refused``, and then why. ``factor`` is
    its kind here. ``leaves``: it was a factor there, and so far the person has none here."""

    table: str
    row: str
    person: str
    result: str
    reason: str = ""
    factor: str = ""
    leaves: bool = False

    @property
    def gives_one(self) -> bool:
        """Whether the person has a second factor by it; recovery codes alone are none."""
        return self.result == "imported" and self.factor != "recovery_code"


Row = dict[str, Any]
Decrypt = Callable[[str], str]


@dataclass(frozen=True)
class Table:
    """A table, what its rows are selected by, and what makes a factor of one.

    ``take`` is given the person, the row and what decrypts texts of that project; returns the kind
    of the factor. It raises ``Refused``. Columns that the table lacks, in an early version, are
    ``None``; ``has_one`` tells whether the person has a second factor by now.
    """

    name: str
    columns: tuple[str, ...]
    take: Callable[[Any, Row, Decrypt], str]
    join: str = ""


# --- what a row becomes -------------------------------------------------------------------------


def _must_be_confirmed(row: Row) -> None:
    if not row["confirmed"]:
        raise Refused("it was never confirmed", counted=False)


def _totp(user: Any, row: Row, decrypt: Decrypt) -> str:
    """A ``TOTPDevice`` of django-otp."""
    _must_be_confirmed(row)
    if row["t0"]:
        raise Refused("it counts from another moment than 1970 (t0)")
    try:
        key = bytes.fromhex(row["key"])
    except ValueError:
        raise Refused("its key is not hexadecimal") from None
    drift = row["drift"] if abs(row["drift"]) <= oath.MOST_DRIFT else 0
    return _app(
        user,
        key,
        name=row["name"],
        digits=row["digits"],
        period=row["step"],
        drift=drift,
        last_t=row["last_t"],
    )


def _app(user: Any, key: bytes, *, digits: int, period: int, **fields: Any) -> str:
    if len(key) < LEAST_KEY_BYTES:
        raise Refused(f"its key has {8 * len(key)} bits, fewer than {8 * LEAST_KEY_BYTES}")
    if digits not in (6, 8):
        raise Refused(f"its codes have {digits} digits")
    if period < 1:
        raise Refused(f"its codes change every {period} seconds")
    own = AuthenticatorApp._default_manager.filter(user=user)
    if any(hmac.compare_digest(app.key, key) for app in own):
        raise Refused("the person has an app with this key already", counted=False)
    AuthenticatorApp._default_manager.create(
        user=user, key=key, digits=digits, period=period, confirmed=True, **fields
    )
    return "app"


def _static_token(user: Any, row: Row, decrypt: Decrypt) -> str:
    """A ``StaticToken`` of django-otp, in plain there."""
    if not row["confirmed"]:
        raise Refused("its device was never confirmed", counted=False)
    return _recovery_codes(user, [row["token"]])


def _recovery_codes(user: Any, codes: list[str]) -> str:
    if not codes:
        raise Refused("all of its codes are used", counted=False)
    kept = RecoveryCodes._default_manager.filter(user=user).first()
    if kept is None:
        kept = RecoveryCodes.empty(user, name=IMPORTED)
    elif kept.name != IMPORTED:
        raise Refused("the person has made new recovery codes here", counted=False)
    kept.add(code for code in dict.fromkeys(codes) if not kept.has(code))
    return "recovery_code"


def _phone(user: Any, row: Row, decrypt: Decrypt) -> str:
    """A ``PhoneDevice`` of django-two-factor-auth."""
    _must_be_confirmed(row)
    if row["method"] != "sms":
        raise Refused("it is called, and we make no voice calls")
    if phones.in_use(user):
        raise Refused("the user already has a phone number here")
    try:
        number = numbers.parse(row["number"], mfa_settings.SMS_COUNTRIES)
    except ValidationError as problem:
        raise Refused(" ".join(problem.messages)) from None
    phone: Phone = phones.propose(user, number)
    phone.confirmed, phone.usable_from = True, timezone.now()
    phone.save(update_fields=["confirmed", "usable_from"])
    return "sms"


def _email(user: Any, row: Row, decrypt: Decrypt) -> str:
    """An ``EmailDevice`` of django-otp, whose codes go to the person's address, or to another."""
    _must_be_confirmed(row)
    if not mfa_settings.EMAIL_CODES:
        raise Refused("it is a code by email, which this site doesn't offer (EMAIL_CODES)")
    if is_operator(user):
        raise Refused("it is a code by email, which is too weak for an operator")
    if row["has_one"]:
        raise Refused("it is a code by email, and the person has another second factor here")
    addresses = addresses_of(user)
    if not addresses:
        raise Refused("it is a code by email, and the person's address is not verified")
    if row["email"] and canonical(row["email"]) not in map(canonical, addresses):
        raise Refused("its codes go to another address than the person's own")
    EmailDevice._default_manager.create(user=user, confirmed=True)
    return "email"


def _left(why: str) -> Callable[[Any, Row, Decrypt], str]:
    """A factor that there is none of here."""

    def take(user: Any, row: Row, decrypt: Decrypt) -> str:
        _must_be_confirmed(row)
        raise Refused(why)

    return take


def _authenticator(user: Any, row: Row, decrypt: Decrypt) -> str:
    """An ``Authenticator`` of allauth.mfa."""
    if row["type"] == "webauthn":
        raise Refused("it is a passkey: use `import_passkeys`")
    if row["type"] not in ("totp", "recovery_codes"):
        raise Refused(f"we know no factor of the type {row['type']!r}")
    try:
        data = json.loads(row["data"]) if isinstance(row["data"], str) else row["data"]
        if row["type"] == "recovery_codes":
            return _recovery_codes(user, _allauth_codes(data, decrypt))
        key = _base32(decrypt(data["secret"]))
    except (KeyError, TypeError, ValueError) as problem:
        # Not its text, which may hold the secret.
        raise Refused(f"its data can't be read ({type(problem).__name__})") from None
    digits = getattr(settings, "MFA_TOTP_DIGITS", 6)
    return _app(user, key, digits=digits, period=getattr(settings, "MFA_TOTP_PERIOD", 30))


def _base32(text: str) -> bytes:
    try:
        return b32decode(text + "=" * (-len(text) % 8), casefold=True)
    except ValueError:
        raise Refused(
            "its key is not Base32: was it encrypted by an MFA_ADAPTER? Name what decrypts it by "
            "--decrypt"
        ) from None


def _allauth_codes(data: Row, decrypt: Decrypt) -> list[str]:
    """Those that are not used, made of the seed as ``allauth.mfa.recovery_codes`` makes them."""
    if data.get("migrated_codes") is not None:
        return [decrypt(code) for code in data["migrated_codes"]]
    count = getattr(settings, "MFA_RECOVERY_CODE_COUNT", 10)
    digits = getattr(settings, "MFA_RECOVERY_CODE_DIGITS", 8)
    made = hmac.new(decrypt(data["seed"]).encode(), digestmod=hashlib.sha1)
    codes = []
    for number in range(count):
        made.update(f"{number:3},".encode())
        value = int.from_bytes(made.digest()[: min(digits // 2, made.digest_size)])
        if not data["used_mask"] & (1 << number):
            codes.append(str(value % 10**digits).zfill(digits))
    return codes


# --- where the rows are -------------------------------------------------------------------------

_DJANGO_OTP = [
    Table(
        "otp_totp_totpdevice",
        ("user_id", "confirmed", "name", "key", "step", "t0", "digits", "drift", "last_t"),
        _totp,
    ),
    Table(
        "otp_static_statictoken",
        ("user_id", "confirmed", "token"),
        _static_token,
        join="otp_static_staticdevice",
    ),
]
_OWNED = ("user_id", "confirmed")
_OTHERS_OF_DJANGO_OTP = [
    Table(
        "otp_hotp_hotpdevice",
        _OWNED,
        _left("its codes are counted (HOTP), and ours go by the time: a new app is to be set up"),
    ),
    Table("otp_yubikey_yubikeydevice", _OWNED, _left("there are no Yubico codes here")),
    Table("otp_yubikey_remoteyubikeydevice", _OWNED, _left("there are no Yubico codes here")),
    # Last, since it is taken of who has nothing better.
    Table("otp_email_emaildevice", (*_OWNED, "email"), _email),
]
_KEYS_OF_TWO_FACTOR = Table(
    "two_factor_webauthn_webauthndevice",
    _OWNED,
    _left("it is a passkey: use `import_passkeys --from two-factor`"),
)
SOURCES = {
    "django-otp": [*_DJANGO_OTP, *_OTHERS_OF_DJANGO_OTP],
    "two-factor": [
        *_DJANGO_OTP,
        Table("two_factor_phonedevice", ("user_id", "confirmed", "number", "method"), _phone),
        _KEYS_OF_TWO_FACTOR,
        *_OTHERS_OF_DJANGO_OTP,
    ],
    "allauth": [Table("mfa_authenticator", ("user_id", "type", "data"), _authenticator)],
}
"""By the name of the package, the tables that it leaves."""


def take_over(source: str, decrypt: Decrypt, *, dry_run: bool) -> Iterator[Outcome]:
    """Take over every row that was not before. Raises ``TableMissing`` before the first."""
    there = set(connection.introspection.table_names())
    tables = [table for table in SOURCES[source] if table.name in there]
    if not tables:
        names = ", ".join(table.name for table in SOURCES[source])
        raise TableMissing(f"This database has no table of {source} ({names}).")
    given: set[str] = set()
    for table in tables:
        for row in _rows(table):
            told = _take(table, row, decrypt, given, dry_run=dry_run)
            if told.gives_one:
                given.add(told.person)
            yield told


def _rows(table: Table) -> Iterator[Row]:
    """Every row, read in batches."""
    quote, last = connection.ops.quote_name, 0
    there = [column for column in table.columns if table.join or column in _columns_of(table.name)]
    columns = ", ".join(["t.id", *(quote(column) for column in there)])
    join = f" JOIN {quote(table.join)} d ON d.id = t.device_id" if table.join else ""
    statement = (
        f"SELECT {columns} FROM {quote(table.name)} t{join} "  # noqa: S608
        f"WHERE t.id > %s ORDER BY t.id LIMIT {BATCH}"
    )
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, [last])
            found = cursor.fetchall()
        for values in found:
            found_there = dict(zip(["id", *there], values, strict=True))
            yield {**dict.fromkeys(table.columns), **found_there}
        if len(found) < BATCH:
            return
        last = found[-1][0]


def _columns_of(table: str) -> set[str]:
    with connection.cursor() as cursor:
        return {one.name for one in connection.introspection.get_table_description(cursor, table)}


def _take(table: Table, row: Row, decrypt: Decrypt, given: set[str], *, dry_run: bool) -> Outcome:
    """``given`` are those who have been given a second factor in this run, or would have been."""
    here = {"table": table.name, "row": str(row["id"])}
    told = functools.partial(Outcome, here["table"], here["row"], str(row["user_id"]))
    if ImportedFactor.objects.filter(**here).exists():
        return told(result="present")
    has_one = True
    try:
        with transaction.atomic():
            user = _person(row["user_id"])
            has_one = str(row["user_id"]) in given or bool(factors.factors_of(user))
            ImportedFactor.objects.create(**here)
            kind = table.take(user, {**row, "has_one": has_one}, decrypt)
            events.record("factor.imported", user=user, details={"factor": kind, **here})
            transaction.set_rollback(dry_run)
    except Refused as refused:
        leaves = refused.counted and not has_one
        return told(result="refused", reason=str(refused), leaves=leaves)
    return told(result="imported", factor=kind)


def _person(pk: Any) -> Any:
    """The person, locked, so that of two runs at once one is after the other."""
    model = get_user_model()
    try:
        pk = model._meta.pk.to_python(pk)
        return model._default_manager.select_for_update().get(pk=pk)
    except (model.DoesNotExist, ValidationError):
        raise Refused("there is no such person here") from None
