"""Whom a message speaks of, so that it is found again when they are erased.

What a message says is encrypted for everybody alike, and to look through all of them would take an
erasure the longer the more other people there are. So each row has keyed hashes of what may name
somebody in it: addresses, and ids that can't be mistaken. A database without an index for them
(only PostgreSQL has one) looks through the hashes, and decrypts nothing.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from django.db import connections
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from . import privacy
from .email_addresses import canonical, spellings
from .models import OutboxMessage

SHORTEST_ID, LONGEST_ID = 32, 64
"""Characters of an id that can be looked for in a text: a UUID can, and the number 1 is
everywhere."""
LONGEST_ADDRESS = 320
MOST = 50
"""A message that speaks of more is looked through instead."""
BATCH = 200

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WORD = re.compile(rf"(?<![\w-])[\w-]{{{SHORTEST_ID},{LONGEST_ID}}}(?![\w-])")
_ADDRESS = re.compile(r"""[^\s<>()\[\]\\,;:"|@]+@[^\s<>()\[\]\\,;:"'|/?&#=@]+""")
_BEFORE_IT = re.compile(r"[=/&'?]")
"""What an address may begin after, and may also hold."""


def names_in(value: Any) -> set[str]:
    """What may be an address or an id in ``value``, in any depth, as it is compared."""
    found: set[str] = set()
    for text in _texts(value):
        said = _normal(text)
        if said.startswith('"') and "@" in said and len(said) <= LONGEST_ADDRESS:
            found |= {said, canonical(said)}  # quoted, it may hold anything (RFC 5322 §3.4.1)
        for spelled in {said, unquote(said)} if "%40" in said else {said}:
            for address in _addresses_in(spelled):
                found |= {address, canonical(address)}
        found.update(_UUID.findall(said), _WORD.findall(said))
    return found


def in_message(payload: Any, key: str | None) -> list[str] | None:
    """The hashes that the row of a message is found by; ``None`` for one to be looked through."""
    names = names_in([payload, key or ""])
    return None if len(names) > MOST else sorted(_digests(names))


def about(names: Iterable[str]) -> list[OutboxMessage]:
    """The messages, in whichever state, that speak of one of ``names``, without what they say."""
    wanted = _forms(names)
    unread = [message.pk for message in _look_through(wanted)]
    rows = OutboxMessage.objects.defer("payload")
    # Not as one query with an OR: each is for an index of its own.
    found = {message.pk: message for message in _found(rows, wanted)}
    found |= rows.in_bulk([pk for pk in unread if pk not in found]) if unread else {}
    return list(found.values())


def blot_out(names: Iterable[str], messages: list[OutboxMessage]) -> None:
    """Take ``names`` out of what is kept of messages that are over: of their hashes, and of their
    keys, which are in plain."""
    wanted = _forms(names)
    digests = set(_digests(wanted))
    for message in messages:
        message.mentions = [each for each in message.mentions or () if each not in digests]
        if message.key and wanted & names_in(message.key):
            message.key = None
    OutboxMessage.objects.bulk_update(messages, ["mentions", "key"], batch_size=BATCH)


def _found(rows: QuerySet[OutboxMessage], wanted: set[str]) -> QuerySet[OutboxMessage]:
    if not wanted:
        return rows.none()
    digests = _digests(wanted)
    if connections[rows.db].features.supports_json_field_contains:
        said = [Q(mentions__contains=[digest]) for digest in digests]
    else:
        rows = rows.annotate(said=Cast("mentions", TextField()))
        said = [Q(said__contains=digest) for digest in digests]
    return rows.filter(functools.reduce(Q.__or__, said))


def _look_through(wanted: set[str]) -> Iterator[OutboxMessage]:
    """Those of the messages without hashes that speak of one of them: they are of an earlier
    version, or of very many people. The former get their hashes meanwhile."""
    unread = OutboxMessage.objects.filter(mentions__isnull=True)
    unread.filter(payload__isnull=True, key__isnull=True).update(mentions=[])
    for message in unread.order_by("pk").iterator(chunk_size=BATCH):
        payload = json.loads(message.payload) if message.payload else None
        digests = in_message(payload, message.key)
        if digests is not None:
            OutboxMessage.objects.filter(pk=message.pk).update(mentions=digests)
        if wanted & names_in([payload, message.key or ""]):
            yield message


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield str(name)
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _addresses_in(text: str) -> Iterator[str]:
    for found in _ADDRESS.findall(text):
        address = found.rstrip(".!'")
        yield address
        local, _, domain = address.rpartition("@")
        if (rest := _BEFORE_IT.split(local)[-1]) != local and rest:
            yield f"{rest}@{domain}"


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def _forms(names: Iterable[str]) -> set[str]:
    """What rows have of these names, those of earlier versions too."""
    return {form for name in names if name for form in spellings(name)}


def _digests(names: Iterable[str]) -> list[str]:
    return [digest[:32] for digest in privacy.digests("message", names)]
