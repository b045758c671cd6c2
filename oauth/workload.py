"""Workload identity: a token of an outside issuer, taken by a trust rule, stands for a client.

A CI job, a pod or a service shows what its own platform signed for it, and counts here as the
client that the rule names: what AWS calls assuming a role.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from django.utils.translation import gettext_lazy as _

from ostiary import events
from ostiary.throttling import Throttled, throttle

from . import replay, trust, trust_keys
from .jwk import canonical
from .models import Client, TrustRule

MAX_LENGTH = 8192
"""Longest outside token that is looked at, in characters."""
TOLD_RULES = 10
"""Of so many rules, the closest first, the log says why they did not match."""
Use = TrustRule.Use


class OutsideTokenRefused(Exception):
    """No rule, or more than one, takes the token. The text may be told to whoever showed it."""


@dataclass(frozen=True, repr=False)
class Outside:
    """A token of another issuer, as it says of itself: nothing of this is verified."""

    token: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        """The ``iss``; empty where it is none that a rule could name."""
        iss = self.claims.get("iss")
        usable = isinstance(iss, str) and iss.isascii() and iss.isprintable()
        return str(iss) if usable else ""


@dataclass(frozen=True, repr=False)
class Workload:
    """Who showed a token that a rule has taken."""

    rule: TrustRule
    claims: Mapping[str, Any]

    @property
    def client(self) -> Client:
        """What it counts as."""
        client: Client = self.rule.client
        return client

    @property
    def identity(self) -> dict[str, str]:
        """Who it is at its own issuer: told to APIs and to the log."""
        return {"iss": self.rule.issuer, "sub": trust.subject_of(self.claims)}


def read(token: str) -> Outside:
    """A JWT taken apart, unverified. Raises ``OutsideTokenRefused`` for anything else."""
    try:
        if len(token) > MAX_LENGTH:
            raise jwt.InvalidTokenError("too long")
        parts = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, RecursionError):
        raise OutsideTokenRefused("It is not a JWT of usable size.") from None
    return Outside(token, parts["header"], parts["payload"])


def rules_of(issuer: str) -> list[TrustRule]:
    """The rules in force for an issuer (one SQL statement)."""
    rules = TrustRule.objects.select_related("client")
    return list(rules.filter(issuer=issuer, enabled=True, client__enabled=True))


def is_signed(rule: TrustRule, shown: Outside) -> bool:
    """Whether a key of the rule's issuer made the signature, with an algorithm of the rule."""
    alg, kid = str(shown.header.get("alg")), shown.header.get("kid")
    if canonical(alg) not in rule.algorithms:
        return False
    for key in trust_keys.find(rule, alg=alg, kid=kid):
        try:
            jwt.api_jws.decode(shown.token, key, algorithms=[alg])
        except jwt.PyJWTError:
            continue
        return True
    return False


def recognise(token: str, use: Use, client_id: str = "") -> Workload:
    """Who shows ``token``. ``client_id`` is the client that it wants to count as, if it says so.

    Nothing is used up by this. A token that several rules take is refused: which of them was meant
    is not for the server to guess. Raises ``OutsideTokenRefused``.
    """
    shown, now = read(token), time.time()
    if not shown.issuer:
        raise OutsideTokenRefused("It has no issuer.")
    rules = [
        rule
        for rule in rules_of(shown.issuer)
        if use in rule.uses and client_id in ("", rule.client.client_id)
    ]
    meant = [
        rule for rule in rules if not any(trust.problems(rule, shown.header, shown.claims, now))
    ]
    taken = [rule for rule in meant if is_signed(rule, shown)]
    if len(taken) != 1:
        _tell_refused(rules, taken, shown, use, now)
        raise OutsideTokenRefused(
            "More than one rule takes it: name the application by client_id."
            if taken and not client_id
            else "It is not one that this server takes."
        )
    return Workload(taken[0], shown.claims)


def look_at(token: str) -> dict[str, Any]:
    """For an operator who tries a token out: what it says, and of each rule of its issuer what
    keeps it from taking it, in words. Nothing is used up or kept. Raises ``OutsideTokenRefused``.
    """
    shown, now = read(token), time.time()
    judged = []
    for rule in rules_of(shown.issuer):
        words = list(trust.problems(rule, shown.header, shown.claims, now))
        if not is_signed(rule, shown):
            words.append(("signature", _("The signature matches none of the issuer’s keys.")))
        judged.append({"rule": rule, "problems": words})
    taken = [each for each in judged if not each["problems"]]
    return {
        "header": json.dumps(shown.header, indent=2, sort_keys=True),
        "claims": json.dumps(shown.claims, indent=2, sort_keys=True),
        "issuer": shown.issuer,
        "judged": judged,
        "is_taken": len(taken) == 1,
        "is_ambiguous": len(taken) > 1,
        "looked_at": True,
    }


def spend(workload: Workload, use: Use) -> None:
    """Use the token, now that it is to yield something: once, if the rule says so, and told to the
    log. Raises ``OutsideTokenRefused``."""
    rule, claims = workload.rule, workload.claims
    told = {
        "rule": rule.name,
        "use": use.value,
        **workload.identity,
        "claims": trust.told(rule, claims),
    }
    if rule.single_use and not replay.first_use(
        "outside_token", f"{rule.issuer} {claims['jti']}", trust.ends(rule, claims)
    ):
        if _may_tell(rule.issuer):
            _record_refused({**told, "problems": {rule.name: ["jti"]}}, workload.client)
        raise OutsideTokenRefused("It was used before.")
    events.record("workload.accepted", client_id=workload.client.client_id, details=told)


def _tell_refused(
    rules: list[TrustRule], taken: list[TrustRule], shown: Outside, use: Use, now: float
) -> None:
    """Tell the operator why, where there is a rule that could have been meant."""
    if not rules or not _may_tell(shown.issuer):
        return
    why = {
        rule.name: {name for name, _words in trust.problems(rule, shown.header, shown.claims, now)}
        | ({"ambiguous"} if rule in taken else set())
        for rule in rules
    }
    closest = sorted(rules, key=lambda rule: len(why[rule.name]))[:TOLD_RULES]
    genuine = any(is_signed(rule, shown) for rule in closest)
    told = {
        rule.name: sorted(why[rule.name] | (set() if genuine else {"signature"}))
        for rule in closest
    }
    subject = trust.subject_of(shown.claims)
    details = {
        "use": use.value,
        "iss": shown.issuer,
        **({"sub": subject} if genuine and trust.is_plain(subject) else {}),
        "problems": told,
    }
    _record_refused(details, rules[0].client if len(rules) == 1 else None)


def _may_tell(issuer: str) -> bool:
    """Whether one more refusal goes to the log, which nobody outside can fill."""
    try:
        throttle("workload_refused", client=issuer)
    except Throttled:
        return False
    return True


def _record_refused(details: dict[str, Any], client: Client | None) -> None:
    events.record(
        "workload.refused",
        client_id=client.client_id if client else "",
        outcome="failure",
        details=details,
    )
