"""Native applications that use this site's passkeys: as whom they come, and what says they may.

Android's Credential Manager tells as origin a hash of the certificate that signed the application
("Verify the origin" of its documentation), Apple's systems tell the domain. Each first looks up at
the domain whether the application belongs to it: in a statement of Digital Asset Links, or in
Apple's site association.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fido2.utils import websafe_decode, websafe_encode

KEY_HASH = "android:apk-key-hash:"
SHA256_BYTES = 32
FINGERPRINT = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}")
PACKAGE = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)
APPLE_APP = re.compile(r"[A-Z0-9]{10}(\.[A-Za-z0-9-]+)+")
RELATIONS = [
    "delegate_permission/common.handle_all_urls",
    "delegate_permission/common.get_login_creds",
]
"""What an application may do; passkeys need both."""


def android_origin(fingerprint: str) -> str:
    """The origin of an application, by its certificate's SHA-256 in hex with colons."""
    return KEY_HASH + websafe_encode(bytes.fromhex(fingerprint.replace(":", "")))


def is_android_origin(origin: str) -> bool:
    """Whether Android may tell this origin: the hash in base64url, without padding."""
    told = origin.removeprefix(KEY_HASH)
    try:
        hashed = websafe_decode(told)
    except ValueError:
        return False
    return (
        origin.startswith(KEY_HASH)
        and len(hashed) == SHA256_BYTES
        and websafe_encode(hashed) == told
    )


def asset_links(apps: Mapping[str, Iterable[str]]) -> list[dict[str, Any]]:
    """``/.well-known/assetlinks.json`` for Android packages and their certificates' SHA-256."""
    return [
        {
            "relation": RELATIONS,
            "target": {
                "namespace": "android_app",
                "package_name": package,
                "sha256_cert_fingerprints": [each.upper() for each in fingerprints],
            },
        }
        for package, fingerprints in apps.items()
    ]


def site_association(apps: list[str]) -> dict[str, Any]:
    """``/.well-known/apple-app-site-association`` for the application identifiers."""
    return {"webcredentials": {"apps": apps}}
