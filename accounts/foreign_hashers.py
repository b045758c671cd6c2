"""Reads the password hashes of other systems, until their people sign in for the first time.

An imported hash is kept in Django's way, ``algorithm$cost$…$salt$digest``, with salt and digest in
base64 without padding; of a long digest, its first 256 bits (of Argon2 all). At the first sign-in
Django puts our own Argon2id hash in its place. Others have hashed a password as it was typed: so it
is tried in each spelling. A project names these classes in PASSWORD_HASHERS, after its own::

    PASSWORD_HASHERS = ["accounts.hashing.BoundedArgon2PasswordHasher", *FOREIGN_HASHERS]
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    BasePasswordHasher,
    BCryptPasswordHasher,
    mask_hash,
)
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from . import hash_kinds
from .hashing import spellings, turns

DIGEST_BYTES = 32
"""As much is kept of a digest: of all these functions, a part of the output is as good."""

BCRYPT_BYTES = 72
"""What bcrypt sees of a password; every implementation leaves out the rest."""


class ForeignHasher(BasePasswordHasher):
    """Verifies hashes that another system has made; makes none."""

    def compute(self, password: bytes, costs: list[int], salt: bytes, length: int) -> bytes:
        """The digest, of ``length`` bytes."""
        raise NotImplementedError

    def decode(self, encoded: str) -> dict[str, Any]:
        """The parts of a hash."""
        algorithm, *costs, salt, digest = encoded.split("$")
        return {
            "algorithm": algorithm,
            "costs": [int(cost) for cost in costs],
            "salt": unpadded(salt),
            "digest": unpadded(digest),
        }

    def verify(self, password: str, encoded: str) -> bool:
        """Check a password, when its turn comes."""
        parts, fits = self.decode(encoded), []
        for text in spellings(password):  # each of them, so that the time doesn't tell which it was
            with turns:
                hash_kinds.note(hash_kinds.kind_of(encoded))
                digest = self.compute(
                    text.encode(), parts["costs"], parts["salt"], len(parts["digest"])
                )
            fits.append(constant_time_compare(digest, parts["digest"]))
        return any(fits)

    def encode(self, password: str, salt: str) -> str:
        """Refused: new passwords are hashed by Argon2id."""
        raise NotImplementedError("Put the hasher for new passwords first in PASSWORD_HASHERS.")

    def must_update(self, encoded: str) -> bool:
        """Always: by our own."""
        return True

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: ``even_work`` sees to it."""

    def safe_summary(self, encoded: str) -> Any:
        """What the admin may show."""
        parts = self.decode(encoded)
        _algorithm, *_costs, salt, digest = encoded.split("$")
        return {
            _("algorithm"): parts["algorithm"],
            _("work factor"): ", ".join(map(str, parts["costs"])),
            _("salt"): mask_hash(salt),
            _("hash"): mask_hash(digest),
        }


class Pbkdf2Sha1(ForeignHasher):
    """PBKDF2 with HMAC-SHA-1 (RFC 8018 §5.2) and any salt. Cost: iterations."""

    algorithm = "pb1"
    digest = "sha1"

    def compute(self, password: bytes, costs: list[int], salt: bytes, length: int) -> bytes:
        """One block of PBKDF2 at most."""
        return hashlib.pbkdf2_hmac(self.digest, password, salt, costs[0], length)


class Pbkdf2Sha256(Pbkdf2Sha1):
    """The same with HMAC-SHA-256."""

    algorithm = "pb256"
    digest = "sha256"


class Pbkdf2Sha512(Pbkdf2Sha1):
    """The same with HMAC-SHA-512."""

    algorithm = "pb512"
    digest = "sha512"


def _scrypt(password: bytes, salt: bytes, *, ln: int, r: int, p: int, length: int) -> bytes:
    needed = 128 * r * (2**ln + p + 2)
    return hashlib.scrypt(password, salt=salt, n=2**ln, r=r, p=p, maxmem=needed, dklen=length)


class Scrypt(ForeignHasher):
    """scrypt (RFC 7914) with any salt. Costs: log2 of N, r, p."""

    algorithm = "scrypt_b"

    def compute(self, password: bytes, costs: list[int], salt: bytes, length: int) -> bytes:
        """Plain scrypt."""
        ln, r, p = costs
        return _scrypt(password, salt, ln=ln, r=r, p=p, length=length)


class FirebaseScrypt(ForeignHasher):
    """Firebase's scrypt: the digest is the project's signer key, encrypted under scrypt's output.

    Source: github.com/firebase/scrypt. Costs: rounds (scrypt's r), memory cost (log2 of N).
    """

    algorithm = "firebase"

    def compute(self, password: bytes, costs: list[int], salt: bytes, length: int) -> bytes:
        """AES-256-CTR over the signer key, which with the salt separator is in our settings."""
        # Not at the top: a project's settings may import this module.
        from .conf import accounts_settings

        r, ln = costs
        signer_key = b64decode(accounts_settings.FIREBASE_SIGNER_KEY)
        salt += b64decode(accounts_settings.FIREBASE_SALT_SEPARATOR)
        key = _scrypt(password, salt, ln=ln, r=r, p=1, length=64)[:32]
        # The initial counter is zero, as Firebase has it: each key encrypts this one text only.
        return Cipher(AES(key), CTR(bytes(16))).encryptor().update(signer_key)[:length]


class Bcrypt(BCryptPasswordHasher):
    """bcrypt, Django's way of keeping it, and with a password of any length."""

    def seen(self, password: str) -> bytes:
        """What bcrypt sees of the password."""
        return password.encode()[:BCRYPT_BYTES]

    def encode(self, password: str, salt: Any) -> str:
        """Hash a password, when its turn comes."""
        with turns:
            library = self._load_library()  # type: ignore[attr-defined]
            made = library.hashpw(self.seen(password), salt)
        return f"{self.algorithm}${made.decode('ascii')}"

    def verify(self, password: str, encoded: str) -> bool:
        """Check a password, in each spelling."""
        fits = []
        for text in spellings(password):
            hash_kinds.note(hash_kinds.kind_of(encoded))
            fits.append(super().verify(text, encoded))
        return any(fits)


class BcryptSha256(Bcrypt):
    """bcrypt of the SHA-256 of a password in hex: ``BCryptSHA256PasswordHasher`` of Django."""

    algorithm = "bcrypt_sha256"

    def seen(self, password: str) -> bytes:
        """64 digits."""
        return hashlib.sha256(password.encode()).hexdigest().encode()


class Argon2(Argon2PasswordHasher):
    """Argon2 (RFC 9106) with any parameters, of a password that nobody has normalised.

    Apart from our own hashes by its name alone: those may have the same parameters.
    """

    algorithm = "argon2_b"

    def encode(self, password: str, salt: str) -> str:
        """Refused: new passwords are hashed by our own."""
        raise NotImplementedError("Put the hasher for new passwords first in PASSWORD_HASHERS.")

    def verify(self, password: str, encoded: str) -> bool:
        """Check a password, in each spelling, when its turn comes."""
        fits = []
        for text in spellings(password):
            with turns:
                hash_kinds.note(hash_kinds.kind_of(encoded))
                fits.append(super().verify(text, encoded))
        return any(fits)


def unpadded(text: str) -> bytes:
    """Decode base64 that has lost its padding. Raises ``ValueError``."""
    return b64decode(text + "=" * (-len(text) % 4), validate=True)


CLASSES: list[type[BasePasswordHasher]] = [
    Pbkdf2Sha1,
    Pbkdf2Sha256,
    Pbkdf2Sha512,
    Scrypt,
    FirebaseScrypt,
    Bcrypt,
    BcryptSha256,
    Argon2,
]

FOREIGN_HASHERS = [f"{hasher.__module__}.{hasher.__qualname__}" for hasher in CLASSES]
"""Their dotted paths, for PASSWORD_HASHERS."""
