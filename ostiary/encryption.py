"""Encryption at rest: a key ring, and model fields that use it.

AES-256-GCM. The associated data of a field is its table, its column and the primary key of its
row, so that a value moved elsewhere in the database no longer decrypts.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import models

from .conf import ostiary_settings

VERSION = b"\x01"
KEY_BYTES = 32
KEY_ID_BYTES = 4
NONCE_BYTES = 12
HOW_TO_MAKE_A_KEY = (
    'Make a key with: python -c "import base64, secrets; '
    'print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())"'
)


class DecryptionFailed(Exception):
    """The value is not one that a key of the ring encrypted for this place."""


def parse_key(text: str) -> bytes:
    """The 32 bytes of a key. Raises ``ValueError`` for anything else."""
    stripped = text.strip()
    padded = stripped + "=" * (-len(stripped) % 4)
    try:
        key = base64.b64decode(padded, altchars=b"-_", validate=True)
    except ValueError:
        raise ValueError("is not base64url") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"has {len(key)} bytes instead of {KEY_BYTES}")
    return key


def is_weak(key: bytes) -> bool:
    """Whether a key was made by a person and not by chance: it reads as text, or repeats itself.

    A random key does so less often than once in 10¹² times.
    """
    return len(set(key)) < KEY_BYTES // 2 or all(0x20 <= byte < 0x7F for byte in key)


class KeyRing:
    """Keys, newest first: the first encrypts, all decrypt."""

    def __init__(self, keys: list[bytes]) -> None:
        if not keys:
            raise ImproperlyConfigured(
                f"OSTIARY['FIELD_ENCRYPTION_KEYS'] is empty. {HOW_TO_MAKE_A_KEY}"
            )
        self._keys = keys
        self._ciphers = {self._key_id(key): AESGCM(key) for key in keys}
        self.newest_id = self._key_id(keys[0])

    def __repr__(self) -> str:
        return f"<KeyRing of {len(self._keys)}>"

    @staticmethod
    def _key_id(key: bytes) -> bytes:
        return hashlib.sha256(key).digest()[:KEY_ID_BYTES]

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        """Version, key id, nonce and ciphertext, in one blob."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self.newest_id].encrypt(nonce, plaintext, associated_data)
        return VERSION + self.newest_id + nonce + sealed

    def decrypt(self, blob: bytes, associated_data: bytes) -> bytes:
        """What ``encrypt`` was given. Raises ``DecryptionFailed``."""
        cipher = self._ciphers.get(self.key_id_of(blob))
        if blob[:1] != VERSION or cipher is None:
            raise DecryptionFailed("encrypted with a key that is not in the ring")
        rest = blob[1 + KEY_ID_BYTES :]
        try:
            return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], associated_data)
        except (InvalidTag, ValueError):
            raise DecryptionFailed("altered, or moved from another place") from None

    @staticmethod
    def key_id_of(blob: bytes) -> bytes:
        """Which key encrypted ``blob``."""
        return blob[1 : 1 + KEY_ID_BYTES]

    def derive(self, info: str, length: int = 32) -> bytes:
        """A key of its own for another purpose, from the newest key (RFC 5869)."""
        return self.derive_all(info, length)[0]

    def derive_all(self, info: str, length: int = 32) -> list[bytes]:
        """The same from every key, newest first."""
        return [
            HKDF(SHA256(), length, salt=None, info=b"ostiary:" + info.encode()).derive(key)
            for key in self._keys
        ]


@functools.cache
def _ring_of(keys: tuple[str, ...]) -> KeyRing:
    return KeyRing([parse_key(key) for key in keys])


def ring() -> KeyRing:
    """The ring of ``OSTIARY["FIELD_ENCRYPTION_KEYS"]``."""
    return _ring_of(tuple(ostiary_settings.FIELD_ENCRYPTION_KEYS))


def _forget_ring(*, setting: str, **_: Any) -> None:
    if setting == "OSTIARY":
        _ring_of.cache_clear()


setting_changed.connect(_forget_ring)


# --- model fields ------------------------------------------------------------------------------


class Sealed(bytes):
    """A value as it stands in the database: encrypted."""

    def __repr__(self) -> str:
        return "<Sealed>"


class _Attribute:
    """Gives the plaintext of a field, decrypted when it is asked for."""

    def __init__(self, field: EncryptedField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: Any = None) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            instance.refresh_from_db(fields=[name])
        value = instance.__dict__[name]
        if isinstance(value, Sealed):
            value = instance.__dict__[name] = self.field.open(value, instance)
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedField(models.BinaryField):  # type: ignore[type-arg]
    """What both fields do; they differ in what their plaintext is."""

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        # Also where the class has one already, from an abstract model that has no table.
        setattr(cls, self.attname, _Attribute(self))

    def place(self, instance: models.Model) -> bytes:
        """Where the value of this field of ``instance`` stands: the associated data."""
        if instance.pk is None:
            raise FieldError(
                f"{self.model.__name__}.{self.name} is bound to the primary key of its row, which "
                "must be known before saving: give the model a key with a default."
            )
        return f"{self.model._meta.db_table}\x00{self.column}\x00{instance.pk}".encode()

    def open(self, sealed: bytes, instance: models.Model) -> Any:
        """The plaintext of a value of ``instance``. Raises ``DecryptionFailed``."""
        return self.to_plain(ring().decrypt(bytes(sealed), self.place(instance)))

    def seal(self, value: Any, instance: models.Model) -> Sealed:
        """Encrypt a value for its place."""
        return Sealed(ring().encrypt(self.to_bytes(value), self.place(instance)))

    def to_bytes(self, value: Any) -> bytes:
        raise NotImplementedError

    def to_plain(self, value: bytes) -> Any:
        raise NotImplementedError

    def to_python(self, value: Any) -> Any:
        """What it is: Django's would take a text for base64, and tell it where it is none."""
        return value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else Sealed(bytes(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = getattr(model_instance, self.attname)
        return None if value is None else self.seal(value, model_instance)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None and not isinstance(value, Sealed):
            raise FieldError(f"{self.name} is encrypted: save the instance to change it.")
        return super().get_db_prep_value(value, connection, prepared)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: it can't be searched.")
        return super().get_lookup(lookup_name)

    def value_to_string(self, obj: models.Model) -> str:
        raise FieldError(f"{self.name} is encrypted: it isn't serialized.")


class EncryptedBinaryField(EncryptedField):
    """Bytes, encrypted at rest."""

    def to_bytes(self, value: Any) -> bytes:
        return bytes(value)

    def to_plain(self, value: bytes) -> bytes:
        return value


class EncryptedTextField(EncryptedField):
    """Text, encrypted at rest."""

    def to_bytes(self, value: Any) -> bytes:
        return str(value).encode()

    def to_plain(self, value: bytes) -> str:
        return value.decode()
