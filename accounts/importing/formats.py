"""What can be read: for each format, how its records are found, and what a person is of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from . import auth0, firebase, keycloak, tables
from .person import Person
from .streams import Records


@dataclass(frozen=True)
class Format:
    """How the export of one system is read.

    ``records`` raises ``Unreadable``; ``person`` raises ``Refused``, and is given the operator's
    names of attributes that hold claims.
    """

    records: Callable[[BinaryIO], Records]
    person: Callable[[dict[str, Any], dict[str, str]], Person]


FORMATS = {
    "keycloak": Format(keycloak.records, keycloak.person),
    "auth0": Format(auth0.records, auth0.person),
    "cognito": Format(tables.records, tables.cognito),
    "firebase": Format(firebase.records, firebase.person),
    "csv": Format(tables.records, tables.own),
}
