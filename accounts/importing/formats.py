"""What can be read: for each format, how its records are found, and what a person is of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, BinaryIO

from . import auth0, clerk, cognito, firebase, keycloak, okta, supabase, tables, workos
from .person import Person
from .streams import Records


@dataclass(frozen=True)
class Format:
    """How the export of one system is read.

    ``records`` raises ``Unreadable``; ``external_id`` never raises; ``person`` raises ``Refused``,
    and is given the operator's names of attributes that hold claims. ``columns`` are the names of a
    table whose columns may have others.
    """

    records: Callable[[BinaryIO], Records]
    external_id: Callable[[dict[str, Any]], str]
    person: Callable[[dict[str, Any], dict[str, str]], Person]
    columns: tuple[str, ...] = ()


def _of(module: ModuleType, columns: tuple[str, ...] = ()) -> Format:
    return Format(module.records, module.external_id, module.person, columns)


FORMATS = {
    "keycloak": _of(keycloak),
    "auth0": _of(auth0),
    "firebase": _of(firebase),
    "cognito": _of(cognito),
    "clerk": _of(clerk),
    "supabase": _of(supabase),
    "okta": _of(okta),
    "workos": _of(workos),
    "csv": _of(tables, tables.COLUMNS),
}
