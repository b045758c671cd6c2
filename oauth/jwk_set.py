"""JWK Sets that others register (RFC 7517 §5): at least one key that we can use, none private.

A key of a kind that we don't know may stand beside one that we do: it is never looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jwt
from django.utils.translation import gettext as _

from . import display_text, jwe, jwk

MOST_KEYS = 50
_MEMBERS = frozenset(
    (
        *("kty", "use", "key_ops", "alg", "kid", "x5u", "x5c", "x5t", "x5t#S256"),
        *("crv", "x", "y", "n", "e", "pub"),
    )
)
"""What is known of a key (IANA "JSON Web Key Parameters"); the rest is ignored (RFC 7517 §4)."""
_TOLD_KEYS = 3


def known(value: Any) -> Any:
    """``value`` without what is ignored: what is no key, and members of keys that nobody knows.

    What is no JWK Set at all is given back as it is.
    """
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list):
        return value
    return {
        "keys": [
            {name: told for name, told in key.items() if _is_known(name, told)}
            for key in keys
            if isinstance(key, dict)
        ]
    }


def _is_known(name: str, told: Any) -> bool:
    if name in jwk.PRIVATE_MEMBERS:  # kept, so that it is refused
        return True
    each = told if isinstance(told, list) else [told]
    return name in _MEMBERS and all(isinstance(text, str) for text in each)


def problem(value: Any) -> str:
    """What is wrong with a JWK Set of public keys, in words; ``""`` if nothing is."""
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        return _('not a JWK Set, which is an object with "keys", a list of objects')
    if not 0 < len(keys) <= MOST_KEYS:
        return _("not from 1 to %s keys") % MOST_KEYS
    if private := sorted({name for key in keys for name in key.keys() & jwk.PRIVATE_MEMBERS}):
        return _("members of a private key (%s): they have to stay secret; make a new key") % (
            ", ".join(private)
        )
    if not all(_is_storable(told) for key in keys for told in key.values()):
        return _("texts with characters that are not allowed")
    reasons = [_why_unusable(key) for key in keys]
    if all(reasons):
        return _("no key that can be used: %s") % "; ".join(reasons[:_TOLD_KEYS])
    return ""


def _is_storable(value: Any) -> bool:
    """Whether every database keeps it as it is."""
    if isinstance(value, str):
        return not display_text.problem(value)
    if isinstance(value, list):
        return all(map(_is_storable, value))
    if isinstance(value, dict):
        return all(map(_is_storable, (*value, *value.values())))
    return not isinstance(value, float) or math.isfinite(value)


def signs(value: Mapping[str, Any], alg: str) -> bool:
    """Whether one of the keys verifies signatures of ``alg``."""
    return any(_signs(key, alg) for key in value["keys"])


def encrypts(value: Mapping[str, Any], alg: str) -> bool:
    """Whether one of the keys is to encrypt to by ``alg``."""
    return any(_encrypts(key, alg) for key in value["keys"])


def _signs(key: Mapping[str, Any], alg: str) -> bool:
    of_this = jwk.canonical(key.get("alg", alg)) == jwk.canonical(alg)
    if key.get("use", "sig") != "sig" or not of_this:
        return False
    try:
        jwk.public_key(key, alg)
    except jwt.InvalidKeyError:
        return False
    return True


def _encrypts(key: Mapping[str, Any], alg: str) -> bool:
    try:
        jwe.recipient_key(key, alg)
    except jwt.InvalidKeyError:
        return False
    return True


def _why_unusable(key: Mapping[str, Any]) -> str:
    if any(_signs(key, alg) for alg in jwk.ALGORITHMS):
        return ""
    if any(_encrypts(key, alg) for alg in jwk.ENCRYPTION_ALGS):
        return ""
    kty, alg, crv = (key.get(name) for name in ("kty", "alg", "crv"))
    taken = (*jwk.spellings(jwk.ALGORITHMS), *jwk.ENCRYPTION_ALGS)
    if kty not in tuple(jwk.REQUIRED_MEMBERS):
        return _("kty %(given)s is not one of %(known)s") % {
            "given": _told(kty),
            "known": ", ".join(jwk.REQUIRED_MEMBERS),
        }
    if alg is not None and alg not in taken:
        return _("alg %(given)s is not one of %(known)s") % {
            "given": _told(alg),
            "known": ", ".join(taken),
        }
    if kty == "RSA":
        return _("not an RSA key of %s bits or more") % jwk.RSA_MINIMUM_BITS
    return _("not a key of kty %(kty)s, crv %(crv)s, alg %(alg)s, use %(use)s that is taken") % {
        "kty": _told(kty),
        "crv": _told(crv),
        "alg": _told(alg),
        "use": _told(key.get("use")),
    }


def _told(value: Any) -> str:
    return value[:50] if isinstance(value, str) else "–"
