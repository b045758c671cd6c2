"""Who signs a person in, told by the address of their account (RFC 7033; OpenID Connect Discovery
§2): for software that knows an address and asks its domain.

The answer is the same for every account, so that it tells of none whether it exists.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from .issuer import issuer

ISSUER = "http://openid.net/specs/connect/1.0/issuer"
"""The relation that is known here (OpenID Connect Discovery §2)."""
CONTENT_TYPE = "application/jrd+json"
_RESOURCE = re.compile(r"[a-z][a-z0-9+.-]*:[^\s\x00-\x1f\x7f]{1,500}", re.IGNORECASE)


def descriptor(resource: str, relations: Collection[str]) -> dict[str, Any] | None:
    """What is known of ``resource``, a URI such as ``acct:alice@example.com``: links of the given
    relations, of all where none is given (RFC 7033 §4.3, §4.4). ``None`` where it is no URI."""
    if not _RESOURCE.fullmatch(resource):
        return None
    wanted = not relations or ISSUER in relations
    return {
        "subject": resource,
        "links": [{"rel": ISSUER, "href": issuer()}] if wanted else [],
    }
