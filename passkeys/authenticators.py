"""What authenticators are called, for people to know theirs by: an AAGUID stands for a model.

The names are kept in ``aaguids.json``, which says where and when they were taken from. An
authenticator that attests nothing can claim any AAGUID: a name is a help, never a proof.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

_FILE = Path(__file__).with_name("aaguids.json")


@functools.cache
def names() -> Mapping[str, str]:
    """Each known AAGUID, in lower case with dashes, with the name of its model."""
    return MappingProxyType(json.loads(_FILE.read_text(encoding="utf-8"))["names"])


def name_of(aaguid: bytes) -> str:
    """The name of the model that the 16 bytes stand for; ``""`` where there is none, or where the
    authenticator keeps it to itself (all zero, WebAuthn §6.5.1)."""
    return names().get(str(UUID(bytes=bytes(aaguid))), "")
