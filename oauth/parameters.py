"""The parameters of a request (RFC 6749 §3.1, §3.2): each given once; one without a value counts
as omitted; an unknown one is ignored."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import QueryDict
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

REPEATABLE = frozenset({"resource"})
"""What may be given more than once (RFC 8707 §2)."""

QUERY_MAX_LENGTH = 5000
"""Longest query taken of a request that a browser carries, in characters: it still fits into the
redirect, encoded once more, that takes the person to the sign-in page."""

MOST_FOR_A_CHARACTER = 12
"""As how many characters one can be written in a query: four bytes of UTF-8, three for each."""

Pairs = Iterable[tuple[str, str]]


def is_too_long(params: QueryDict) -> bool:
    """Whether a browser's request is too long to be carried on."""
    told = sum(len(name) + len(value) + 2 for name, value in pairs(params))
    if told * MOST_FOR_A_CHARACTER <= QUERY_MAX_LENGTH:  # however it would be written
        return False
    return len(params.urlencode()) > QUERY_MAX_LENGTH


def pairs(params: QueryDict) -> list[tuple[str, str]]:
    """Every parameter with every value it was given."""
    return [(name, value) for name, values in params.lists() for value in values]


def only(params: QueryDict, name: str) -> str:
    """The value of a parameter that was given once, else ``""``."""
    values = params.getlist(name)
    return values[0] if len(values) == 1 else ""


def single(given: Pairs) -> dict[str, str]:
    """The parameters by name. Raises ``InvalidRequestError`` for a repeated one."""
    found: dict[str, str] = {}
    for name, value in given:
        if name in REPEATABLE:
            continue
        if name in found:
            raise InvalidRequestError(description="Duplicate parameter in the request.")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def resources(given: Pairs) -> tuple[str, ...]:
    """The values of ``resource`` (RFC 8707 §2)."""
    return tuple(value for name, value in given if name == "resource" and value)
