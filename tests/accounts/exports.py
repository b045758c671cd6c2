"""Exports of other systems, as those write them, with published password hashes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FIREBASE = {
    "FIREBASE_SIGNER_KEY": "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKb"
    "m0QsEmYUSDzZvpjeJ9WmXA==",
    "FIREBASE_SALT_SEPARATOR": "Bw==",
}
"""The parameters of github.com/firebase/scrypt's example."""

FIREBASE_PASSWORD = "user1password"
FIREBASE_HASH = {
    "salt": "42xEC+ixf3L2lw==",
    "passwordHash": "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198"
    "JAdRuid5lQ==",
}

AUTH0_BCRYPT = "$2a$10$WvvTPHKwdBJ3uk0Z37EMR.hLA2W6N9AEBhEgrAOljy2Ae5MtaSIUi"
"""Of “abc”, from the vectors of jBCrypt."""


def credential(algorithm: str, iterations: int, salt: str, value: str, **more: Any) -> Any:
    """A password as Keycloak exports it: two JSON documents, each in a string."""
    return {
        "type": "password",
        "credentialData": json.dumps(
            {"hashIterations": iterations, "algorithm": algorithm, "additionalParameters": more}
        ),
        "secretData": json.dumps({"value": value, "salt": salt, "additionalParameters": {}}),
    }


KEYCLOAK_ADMIN = credential(
    "pbkdf2-sha256",
    27500,
    "x/bm4Y3DcuV9eU97ervkPA==",
    "1u7BLvfSPxQFpwc5jpGSA+88EGl9pZYKhaZ8YPIu9N4=",
)
"""Of “admin”: dev.to/oskarspakers/import-pbkdf2-hashed-user-passwords-into-keycloak-571m."""

KEYCLOAK_ARGON2 = credential(
    "argon2",
    5,
    "LRScGShC7shkdoU5B1UgUQ==",
    "xKjWvB9+0sSP6wTqI1JoEI7w+iA0x9VDhPgmrOHRG80=",
    hashLength=["32"],
    memory=["7168"],
    type=["id"],
    version=["1.3"],
    parallelism=["1"],
)
"""Of “secret”, as Keycloak 26 stored it."""


def keycloak_user(name: str = "alice", **fields: Any) -> dict[str, Any]:
    """A user of a realm."""
    return {
        "id": f"00000000-0000-4000-8000-{sum(name.encode()):012d}",
        "username": name,
        "email": f"{name}@example.com",
        "emailVerified": True,
        "enabled": True,
        "createdTimestamp": 1719474389959,
        "credentials": [KEYCLOAK_ADMIN],
        "requiredActions": [],
        **fields,
    }


def write(path: Path, document: Any) -> Path:
    """A JSON document in a file."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def realm(folder: Path, *users: Any, name: str = "realm.json") -> Path:
    """A realm with its users in one file."""
    return write(folder / name, {"realm": "acme", "users": list(users), "clients": [{"id": "x"}]})
