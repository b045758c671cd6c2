"""Who acts for whom in an exchanged token: ``act`` and ``may_act`` (RFC 8693 §4.1, §4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .models import Client, ExchangeRule

MAX_ACTORS = 5
"""The longest chain of those who acted, one for the other; a longer one is a loop."""


class ActorRefused(Exception):
    """Whoever wants to act may not. The text may be told to the client."""


def act_for(
    client: Client,
    subject: Mapping[str, Any],
    actor: Mapping[str, Any] | None,
    rule: ExchangeRule,
) -> dict[str, Any] | None:
    """The ``act`` of the new token: who acts now, and before them those of the subject token;
    ``None`` where the rule names nobody.

    ``actor`` are the claims of the actor token, if one was brought: otherwise the client itself
    acts. Raises ``ActorRefused``.
    """
    acting = {"sub": client.client_id} if actor is None else _named(client, actor)
    told = subject.get("may_act")
    if told is not None and not _is_meant(told, acting, subject):
        raise ActorRefused("The subject token says that another may act (may_act).")
    if actor is not None:
        if not rule.delegation:
            raise ActorRefused("The rule lets nobody act for the subject.")
        others = acting["sub"] != client.client_id
        if others and told is None and not rule.actor_tokens:
            raise ActorRefused("The rule lets only the client itself act.")
    if not rule.delegation:
        return None
    earlier = {"act": subject["act"]} if "act" in subject else {}
    chain = {**acting, **earlier}
    if _length(chain) > MAX_ACTORS:
        raise ActorRefused(f"More than {MAX_ACTORS} would act, one for the other.")
    return chain


def _named(client: Client, actor: Mapping[str, Any]) -> dict[str, Any]:
    """Who an actor token is of, which must have been issued to the client that brings it."""
    if actor["client_id"] != client.client_id:
        raise ActorRefused("The actor_token was issued to another client.")
    if "act" in actor:
        raise ActorRefused("Whom the actor_token is of has somebody act for them already.")
    return {"sub": actor["sub"]}


def _is_meant(told: Any, acting: Mapping[str, Any], subject: Mapping[str, Any]) -> bool:
    """Whether every claim of ``may_act`` is one of the acting party's, an ``iss`` being ours."""
    known = {**acting, "iss": subject["iss"]}
    return (
        isinstance(told, Mapping)
        and "sub" in told
        and all(known.get(name) == value for name, value in told.items())
    )


def _length(act: Mapping[str, Any]) -> int:
    length, each = 1, act
    while "act" in each:
        length, each = length + 1, each["act"]
    return length
