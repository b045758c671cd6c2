"""What an application says of itself, as it comes (RFC 7591 §2): a JSON object that is often made
for many servers at once, so that much in it may be nothing that this one has.

Absent, ``null`` and empty mean the same. What nobody here knows is ignored, whatever it holds. What
is asked for and can't be had is left out, with the reason, which the answer tells (§3.2.1).
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from . import client_metadata
from .explanation import printable
from .registration_errors import InvalidClientMetadata, InvalidRedirectURI, describable

MOST_VALUES = 50
"""Most values of one list."""
LONGEST_VALUE = 2000
_LONGEST_NUMBER = 20
_MOST_TOLD = 20
"""So many values that are left out are told of each member."""
_NOTHING: tuple[Any, ...] = (None, "", [], {}, {"keys": []})
LOCALIZED_NAME = "client_name#"
HEARD = frozenset(
    (
        *("redirect_uris", "post_logout_redirect_uris", "grant_types", "response_types", "scope"),
        *("client_id", "client_secret", "client_name", "client_uri", "logo_uri", "policy_uri"),
        *("tos_uri", "contacts", "application_type", "subject_type", "software_statement"),
        *("token_endpoint_auth_method", "id_token_signed_response_alg"),
        *client_metadata.METADATA,
    )
)
"""The names that are known here, beside the names of applications in other languages."""


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in ``body`` (RFC 8259), with a byte order mark or without.

    Raises ``InvalidClientMetadata``, also where one of the known names stands twice.
    """
    try:
        found = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_Object,
            parse_int=_number,
            parse_constant=_no_number,
        )
    except RecursionError:
        raise InvalidClientMetadata(description="The JSON is nested too deeply.") from None
    except ValueError:
        raise InvalidClientMetadata(description="There is no JSON in UTF-8.") from None
    if not isinstance(found, _Object):
        raise InvalidClientMetadata(description="The JSON is not an object.")
    for name in found.repeated:
        if name in HEARD or name.startswith(LOCALIZED_NAME):
            raise InvalidClientMetadata(description=f"{printable(name)} stands there twice.")
    return dict(found)


class _Object(dict[str, Any]):
    """A JSON object that knows which of its names stood there more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = [name for name, _value in pairs]
        self.repeated = [] if len(self) == len(pairs) else [n for n in self if names.count(n) > 1]


def _number(digits: str) -> float:
    """A whole number; one beyond all use is infinite, since its digits would take their time."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else math.inf


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def said(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What ``metadata`` says at all: without what is ``null`` or empty (RFC 7592 §2.2)."""
    return {name: value for name, value in metadata.items() if not _is_nothing(value)}


def _is_nothing(value: Any) -> bool:
    return value in _NOTHING or (isinstance(value, str) and not value.strip())


class RegistrationRequest:
    """The metadata of a request, and what of it is left out."""

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        self._said = said(metadata)
        self.left_out: dict[str, list[str]] = {}
        """By the name of the member: each value with the reason, in printable ASCII."""

    def __contains__(self, name: str) -> bool:
        return name in self._said

    def __getitem__(self, name: str) -> Any:
        return self._said[name]

    def get(self, name: str) -> Any:
        """A value as it is, ``None`` where there is none."""
        return self._said.get(name)

    def localized_names(self) -> Iterator[tuple[str, Any]]:
        """Names of the application by language tags (§2.2)."""
        for name, value in self._said.items():
            if name.startswith(LOCALIZED_NAME):
                yield name.removeprefix(LOCALIZED_NAME), value

    def text(self, name: str) -> str:
        """A text, ``""`` where there is none. Raises ``InvalidClientMetadata``."""
        value = self._said.get(name, "")
        if not isinstance(value, str):
            raise InvalidClientMetadata(description=f"{name}: not a text.")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of texts, each once. Raises ``InvalidClientMetadata``, or for redirect URIs
        ``InvalidRedirectURI``."""
        values = self._said.get(name, [])
        error = InvalidRedirectURI if name == "redirect_uris" else InvalidClientMetadata
        if not isinstance(values, list):
            raise error(description=f"{name}: not a list of texts.")
        if len(values) > MOST_VALUES:
            raise error(description=f"{name}: more than {MOST_VALUES} values.")
        found = []
        for value in values:
            if _is_nothing(value):
                continue
            if not isinstance(value, str):
                self.leave_out(name, value, "not a text")
            elif len(value) > LONGEST_VALUE:
                self.leave_out(name, value, f"longer than {LONGEST_VALUE} characters")
            else:
                found.append(value)
        return list(dict.fromkeys(found))

    def among(self, name: str, values: Collection[str], offered: Collection[str]) -> list[str]:
        """Those of ``values`` that are offered; the others are left out."""
        for value in values:
            if value not in offered:
                self.leave_out(name, value, "not to be had")
        return [value for value in values if value in offered]

    def leave_out(self, name: str, value: Any, why: str) -> None:
        """Note that ``value`` of the member ``name`` is not registered."""
        noted = self.left_out.setdefault(name, [])
        if len(noted) == _MOST_TOLD:
            noted.append("and more")
        elif len(noted) < _MOST_TOLD:
            told = printable(value) if isinstance(value, str) else type(value).__name__
            noted.append(f"{told}: {describable(why)}")

    def nothing_left(self, name: str, instead: str) -> str:
        """Why of the member ``name`` no value is left, in words for an error."""
        return (
            f"{name}: nothing that can be registered: {'; '.join(self.left_out[name])}. {instead}"
        )
