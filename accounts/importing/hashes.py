"""From the ways in which other systems write a password hash to the one in which we keep it.

Each function gives the hash in Django's form, or raises ``HashRefused``. What would take more work
than a sign-in may cost is refused: whoever wrote the file could else stop the site.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode

from ..foreign_hashers import DIGEST_BYTES, unpadded

MOST_PBKDF2_ITERATIONS = 2_000_000
MOST_BCRYPT_COST = 14
MOST_SCRYPT_MEMORY = 128 * 1024 * 1024  # bytes
MOST_SCRYPT_WORK = 256 * 1024 * 1024  # bytes times lanes
MOST_ARGON2_MEMORY = 256 * 1024  # KiB
MOST_ARGON2_WORK = 4 * MOST_ARGON2_MEMORY  # memory times passes
MOST_ARGON2_PARALLELISM = 16
LEAST_DIGEST_BYTES = 16
LONGEST = 128
"""Characters: Django's password column."""

_PBKDF2_BLOCK = {"sha1": 20, "sha256": 32, "sha512": 64}
_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
_WERKZEUG = re.compile(r"(pbkdf2|scrypt):([a-z0-9:]+)\$([^$]+)\$([0-9a-f]+)")
_OTHERS = {
    "$P$": "phpass",
    "$H$": "phpass",
    "$wp$": "WordPress",
    "$1$": "md5-crypt",
    "$5$": "sha256-crypt",
    "$6$": "sha512-crypt",
    "$y$": "yescrypt",
    "{SSHA}": "SSHA",
    "md5$": "MD5",
}
"""Kinds that nothing here reads, by how such a hash begins."""
_PHC = re.compile(r"\$([a-z0-9-]+)(?:\$v=(\d+))?\$([a-z]+=\d+(?:,[a-z]+=\d+)*)\$([^$]+)\$([^$]+)")


class HashRefused(Exception):
    """A hash that is not taken over; its text says why, and nothing of the hash."""


def _number(value: object) -> int:
    """A whole number, also where it stands as text."""
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,10}", text, re.ASCII):
        raise HashRefused("The hash has a parameter that isn't a number.")
    return int(text)


def binary(value: object, encoding: str = "base64") -> bytes:
    """The bytes of a text in ``base64`` (either alphabet, padded or not), ``hex`` or ``utf8``."""
    if not isinstance(value, str):
        raise HashRefused("The hash has a part that isn't text.")
    try:
        if encoding == "hex":
            return bytes.fromhex(value)
        if encoding == "utf8":
            return value.encode()
        return unpadded(value.replace("-", "+").replace("_", "/").rstrip("="))
    except (binascii.Error, ValueError):
        raise HashRefused("The hash can't be decoded.") from None


def _kept(kind: str, salt: bytes, digest: bytes) -> str:
    if not salt:
        raise HashRefused("The hash has no salt.")
    if len(digest) < LEAST_DIGEST_BYTES:
        raise HashRefused("The hash is too short to tell one password from another.")
    parts = (b64encode(part).decode().rstrip("=") for part in (salt, digest[:DIGEST_BYTES]))
    return _fitting("$".join((kind, *parts)))


def _fitting(encoded: str) -> str:
    if len(encoded) > LONGEST:
        raise HashRefused("The hash or its salt is too long.")
    return encoded


def _bounded(value: object, least: int, most: int) -> int:
    number = _number(value)
    if not least <= number <= most:
        raise HashRefused("The work factor of the hash is out of range.")
    return number


def pbkdf2(digest_name: str, iterations: object, salt: bytes, digest: bytes) -> str:
    """PBKDF2 with HMAC and ``sha1``, ``sha256`` or ``sha512``.

    Of several blocks the first is kept: each is computed for itself (RFC 8018 §5.2).
    """
    if digest_name not in _PBKDF2_BLOCK:
        raise kind_refused(f"pbkdf2-{digest_name}")
    rounds = _bounded(iterations, 1, MOST_PBKDF2_ITERATIONS)
    kind = f"pb{digest_name.removeprefix('sha')}${rounds}"
    return _kept(kind, salt, digest[: _PBKDF2_BLOCK[digest_name]])


def scrypt(ln: object, r: object, p: object, salt: bytes, digest: bytes) -> str:
    """Scrypt with N = 2^ln."""
    log_n = _bounded(ln, 1, 20)
    block = _bounded(r, 1, 32)
    memory = _bounded(128 * 2**log_n * block, 1, MOST_SCRYPT_MEMORY)
    lanes = _bounded(p, 1, MOST_SCRYPT_WORK // memory)
    return _kept(f"scrypt_b${log_n}${block}${lanes}", salt, digest)


def log2(n: object) -> int:
    """The exponent of scrypt's N, which is a power of two."""
    number = _number(n)
    if number < 2 or number & (number - 1):
        raise HashRefused("The hash has a cost that isn't a power of two.")
    return number.bit_length() - 1


def firebase(rounds: object, memory_cost: object, salt: bytes, digest: bytes) -> str:
    """Firebase's scrypt (rounds 1 to 8, memory cost 1 to 14, as Firebase itself has it)."""
    kind = f"firebase${_bounded(rounds, 1, 8)}${_bounded(memory_cost, 1, 14)}"
    return _kept(kind, salt, digest)


def bcrypt(text: object) -> str:
    """Bcrypt in its own form, ``$2b$10$…``."""
    found = _BCRYPT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise HashRefused("The hash isn't a bcrypt hash.")
    _bounded(found[1], 4, MOST_BCRYPT_COST)
    return f"bcrypt${found[0]}"


def argon2(
    variety: str,
    *,
    version: object,
    memory: object,
    passes: object,
    lanes: object,
    salt: bytes,
    digest: bytes,
) -> str:
    """Argon2 (RFC 9106): ``memory`` in KiB."""
    if variety not in ("argon2id", "argon2i", "argon2d") or _number(version) not in (16, 19):
        raise kind_refused(variety)
    kib = _bounded(memory, 8, MOST_ARGON2_MEMORY)
    rounds = _bounded(passes, 1, MOST_ARGON2_WORK // kib)
    parallel = _bounded(lanes, 1, min(MOST_ARGON2_PARALLELISM, kib // 8))
    if len(salt) < 8 or not LEAST_DIGEST_BYTES <= len(digest) <= 64:
        raise HashRefused("The salt or digest of the hash has a length that Argon2 doesn't allow.")
    texts = (b64encode(part).decode().rstrip("=") for part in (salt, digest))
    costs = f"m={kib},t={rounds},p={parallel}"
    return _fitting("$".join((f"argon2_b${variety}$v={_number(version)}", costs, *texts)))


def phc(text: object) -> str:
    """A hash that names its own kind: bcrypt; Argon2, PBKDF2 or scrypt as a PHC string; what
    Django, passlib (PBKDF2) and Werkzeug (PBKDF2, scrypt) write.

    PHC: github.com/P-H-C/phc-string-format.
    """
    if not isinstance(text, str):
        raise HashRefused("The hash isn't text.")
    if text.startswith(("$2", "bcrypt$$2")):
        return bcrypt(text.removeprefix("bcrypt$"))
    if text.startswith("bcrypt_sha256$$2"):
        return bcrypt(text.removeprefix("bcrypt_sha256$")).replace("bcrypt", "bcrypt_sha256", 1)
    if found := re.fullmatch(r"\$pbkdf2(?:-(sha\d+))?\$(\d+)\$([^$]+)\$([^$]+)", text):
        name, rounds, salt, digest = found.groups()
        return pbkdf2(name or "sha1", rounds, _passlib(salt), _passlib(digest))
    if found := _PHC.fullmatch(text.removeprefix("argon2") if text.startswith("argon2$") else text):
        return _phc(*found.groups())
    if found := _WERKZEUG.fullmatch(text):
        return _werkzeug(*found.groups())
    return _djangos(text)


def kind_refused(name: str) -> HashRefused:
    """Says that nothing here reads such hashes. ``name`` is of the kind, and of no hash a part."""
    is_name = re.fullmatch(r"[A-Za-z0-9_-]{1,20}", name)
    kind = f"the kind “{name}”" if is_name else "this kind"
    return HashRefused(f"Hashes of {kind} aren't supported.")


def _werkzeug(name: str, costs: str, salt: str, digest: str) -> str:
    """Flask's, whose salts are text (``werkzeug.security.generate_password_hash``)."""
    match name, costs.split(":"):
        case "pbkdf2", [digest_name, rounds]:
            return pbkdf2(digest_name, rounds, salt.encode(), binary(digest, "hex"))
        case "scrypt", [n, r, p]:
            return scrypt(log2(n), r, p, salt.encode(), binary(digest, "hex"))
    raise kind_refused(name)


def _passlib(text: str) -> bytes:
    return binary(text.replace(".", "+"))


def _phc(name: str, version: str | None, given: str, salt: str, digest: str) -> str:
    params = dict(pair.split("=") for pair in given.split(","))
    raw = {"salt": binary(salt), "digest": binary(digest)}
    if name.startswith("argon2"):
        return argon2(
            name,
            version=version or 16,
            memory=params.get("m"),
            passes=params.get("t"),
            lanes=params.get("p"),
            **raw,
        )
    if name.startswith("pbkdf2-"):
        return pbkdf2(name.removeprefix("pbkdf2-"), params.get("i"), **raw)
    if name == "scrypt":
        return scrypt(params.get("ln"), params.get("r"), params.get("p"), **raw)
    raise kind_refused(name)


def _djangos(text: str) -> str:
    """Django's own PBKDF2 and scrypt, whose salts are text."""
    name, *parts = text.split("$")
    match name, parts:
        case "pbkdf2_sha256" | "pbkdf2_sha1", [rounds, salt, digest]:
            return pbkdf2(name.removeprefix("pbkdf2_"), rounds, salt.encode(), binary(digest))
        case "scrypt", [n, salt, r, p, digest]:
            return scrypt(log2(n), r, p, salt.encode(), binary(digest))
    raise kind_refused(
        next((name for start, name in _OTHERS.items() if text.startswith(start)), "")
    )


def signer_key_problem(key: str) -> str:
    """What is wrong with Firebase's ``base64_signer_key``; empty if nothing is."""
    try:
        fits = len(b64decode(key, validate=True)) >= DIGEST_BYTES
    except ValueError:
        fits = False
    return "" if fits else "isn't the base64_signer_key of a Firebase project"
