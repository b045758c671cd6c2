"""The parameters of a request (RFC 6749 §3.1, §3.2): each given once; one without a value counts
as omitted; an unknown one is ignored. They are in UTF-8 (Appendix B)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from urllib.parse import parse_qsl

from django.http import HttpRequest, QueryDict
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from .explanation import printable

REPEATABLE = frozenset({"resource"})
"""What may be given more than once (RFC 8707 §2)."""

NEVER_IN_A_QUERY = frozenset(
    {
        *("client_secret", "client_assertion", "client_assertion_type"),
        *("grant_type", "code", "code_verifier", "device_code", "user_code"),
        *("password", "assertion", "request"),
        *("token", "access_token", "refresh_token", "id_token", "id_token_hint"),
        *("subject_token", "actor_token", "registration_access_token"),
    }
)
"""Credentials, grants and tokens: addresses are logged, kept and passed on (RFC 6749 §2.3.1,
RFC 6750 §5.3)."""

QUERY_MAX_LENGTH = 20_000
"""Longest request taken of a browser, in characters of its names and values."""

Pairs = Iterable[tuple[str, str]]


def length_of(params: QueryDict) -> int:
    """How long a request is, however it was encoded: in characters of its names and values."""
    return sum(len(name) + len(value) + 2 for name, value in pairs(params))


def pairs(params: QueryDict) -> list[tuple[str, str]]:
    """Every parameter with every value it was given."""
    return [(name, value) for name, values in params.lists() for value in values]


def only(params: QueryDict, name: str) -> str:
    """The value of a parameter that was given once, else ``""``."""
    values = params.getlist(name)
    return values[0] if len(values) == 1 else ""


def single(given: Pairs, repeatable: Collection[str] = REPEATABLE) -> dict[str, str]:
    """The parameters by name, but for the ``repeatable`` ones. Raises ``InvalidRequestError`` for
    one that is given twice."""
    found: dict[str, str] = {}
    for name, value in given:
        if name in repeatable:
            continue
        if name in found:
            raise InvalidRequestError(
                description=f"Duplicate parameter in the request: {printable(name)}"
            )
        found[name] = value
    return {name: value for name, value in found.items() if value}


def values(given: Pairs, name: str) -> tuple[str, ...]:
    """The values of a parameter that may be repeated."""
    return tuple(value for each, value in given if each == name and value)


def read_as_utf8(request: HttpRequest) -> None:
    """Overrule the charset of the Content-Type, by which Django decodes query and form.

    Old clients name another one and send ASCII all the same; of Python's codecs some decode to what
    is no text, and some fail.
    """
    if request.encoding is not None and request.encoding.lower() != "utf-8":
        request.encoding = "utf-8"


def secret_in_query(request: HttpRequest, *also: str) -> str:
    """The name of a credential, grant or token, or of one of ``also``, that stands in the address;
    ``""`` for none."""
    query = request.META.get("QUERY_STRING")
    if not query:
        return ""
    names = NEVER_IN_A_QUERY.union(also)
    return next((name for name, _ in parse_qsl(query) if name in names), "")
