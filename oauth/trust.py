"""Whether a token of an outside issuer is one that a trust rule means (RFC 7523 §3, RFC 8725).

Everything that the rule leaves open is closed: one issuer, one audience, a subject and claims that
are named, algorithms of public keys alone. What is checked here are the claims; whoever asks has
to check the signature too (``workload.py``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from django.utils.translation import gettext_lazy as _

from . import security_profile
from .jwk import canonical
from .models import TrustRule

LEEWAY_SECONDS = 60
TYPS = ("", "jwt")
"""What an outside token may say it is. An access token, a proof or a logout token of theirs was
made for something else (RFC 8725 §3.11)."""
SUBJECT_MAX_LENGTH = 500
_SEPARATOR = re.compile("([:/])")


def matches(pattern: str, value: str) -> bool:
    """Whether ``value`` is ``pattern``, in which ``*`` stands for any text without ``:`` or ``/``.

    So ``repo:org/*:ref:refs/heads/main`` takes no repository of ``org-evil`` and none whose name
    goes on with a part of its own.
    """
    ours, theirs = _SEPARATOR.split(pattern), _SEPARATOR.split(value)
    return len(ours) == len(theirs) and all(map(_part_matches, ours, theirs))


def _part_matches(pattern: str, value: str) -> bool:
    """By plain searches: what strangers send must not make a pattern try without end."""
    first, *rest = pattern.split("*")
    if not rest:
        return value == first
    *middle, last = rest
    at, end = len(first), len(value) - len(last)
    if at > end or not (value.startswith(first) and value.endswith(last)):
        return False
    for text in middle:
        found = value.find(text, at, end)
        if found < 0:
            return False
        at = found + len(text)
    return True


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """The claim ``name``, or, for a name such as ``/a/b``, what is there (RFC 6901); ``None`` for
    none."""
    if not name.startswith("/"):
        return claims.get(name)
    found: Any = claims
    for part in name[1:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def holds(wanted: Any, said: Any) -> bool:
    """Whether what a claim says is (one of) what is wanted; of a list, one member has to be."""
    if isinstance(wanted, list):
        return any(holds(each, said) for each in wanted)
    if isinstance(said, list):
        return any(holds(wanted, each) for each in said if not isinstance(each, list))
    if isinstance(wanted, str):
        return isinstance(said, str) and matches(wanted, said)
    return type(said) is type(wanted) and said == wanted


def subject_of(claims: Mapping[str, Any]) -> str:
    """The ``sub``; empty for a token without one."""
    return str(claims.get("sub") or "")


def problems(
    rule: TrustRule, header: Mapping[str, Any], claims: Mapping[str, Any], now: float
) -> Iterator[tuple[str, Any]]:
    """What keeps ``rule`` from taking a token of this header and these claims at ``now`` (Unix
    time): the name of each thing that is wrong, and the words for it. None: the rule means it."""
    if canonical(header.get("alg")) not in rule.algorithms:
        yield "alg", _("The rule doesn’t allow this signing algorithm.")
    if str(header.get("typ", "")).lower() not in TYPS:
        yield "typ", _("The token has another type (typ).")
    if "crit" in header:
        yield "crit", _("The token has unsupported critical headers (crit).")
    if "cnf" in claims:
        yield "cnf", _("The token is bound to a key (cnf), which a bearer token can’t prove.")
    if claims.get("iss") != rule.issuer:
        yield "iss", _("The token is from another issuer.")
    audience = claims.get("aud")
    if (audience if isinstance(audience, list) else [audience]) != [rule.expected_audience]:
        yield "aud", _("The audience isn’t exactly that of the rule.")
    yield from _untimely(rule, claims, now)
    subject = claims.get("sub")
    if not isinstance(subject, str | None) or not is_plain(subject or ""):
        yield "sub", _("The subject isn’t plain text.")
    elif not matches(rule.subject, subject or ""):
        yield "sub", _("The token has another subject.")
    for name, wanted in rule.conditions.items():
        if not holds(wanted, claim(claims, name)):
            yield name, _("The claim is missing or doesn’t match the rule.")
    if rule.client.is_public or security_profile.is_fapi2(rule.client):
        yield "client", _("The application may only authenticate with its own keys.")
    jti = claims.get("jti")
    if rule.single_use and not (isinstance(jti, str) and jti):
        yield "jti", _("The token has no jti.")


def _untimely(rule: TrustRule, claims: Mapping[str, Any], now: float) -> Iterator[tuple[str, Any]]:
    exp, iat, nbf = (claims.get(name) for name in ("exp", "iat", "nbf"))
    if not _is_time(exp) or exp + LEEWAY_SECONDS <= now:
        yield "exp", _("The token has expired or has no exp.")
    if not _is_time(iat) or iat - LEEWAY_SECONDS > now:
        yield "iat", _("The token has no iat, or one in the future.")
    elif iat + rule.max_age + LEEWAY_SECONDS < now:
        yield "iat", _("The token is older than the rule allows.")
    if nbf is not None and (not _is_time(nbf) or nbf - LEEWAY_SECONDS > now):
        yield "nbf", _("The token isn’t valid yet.")


def _is_time(value: Any) -> TypeGuard[float]:
    """Whether ``value`` is a NumericDate (RFC 7519 §2)."""
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def is_plain(text: str) -> bool:
    """Whether a log and a database can keep it."""
    return len(text) <= SUBJECT_MAX_LENGTH and text.isprintable()


def ends(rule: TrustRule, claims: Mapping[str, Any]) -> float:
    """From when on (Unix time) the rule refuses a token that it takes now."""
    return float(min(claims["exp"], claims["iat"] + rule.max_age) + LEEWAY_SECONDS)


def told(rule: TrustRule, claims: Mapping[str, Any]) -> dict[str, str | bool]:
    """What the claims say that the rule asks for: for the log, which run of a job this was."""
    said = {name: claim(claims, name) for name in (*rule.conditions, "jti")}
    return {
        name: value
        for name, value in said.items()
        if isinstance(value, bool) or (isinstance(value, str) and is_plain(value))
    }
