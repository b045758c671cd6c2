"""Keycloak: ``kc.sh export``, the realm with its users in one file or in several.

Source: Keycloak's UserRepresentation and CredentialRepresentation.
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from . import hashes, streams
from .person import (
    Person,
    Refused,
    claims_in,
    inner,
    inners,
    milliseconds,
    text,
    texts,
    truth,
)

_ARGON2_VERSIONS = {"1.0": 16, "1.3": 19}


def records(file: BinaryIO) -> streams.Records:
    """The users of one realm, or of several in one file."""
    several = streams.first_character(file) == b"["
    return streams.array(file, "item.users.item" if several else "users.item")


def person(user: dict[str, Any], names: dict[str, str]) -> Person:
    """What a user of the realm is here. ``names`` maps attributes to claims."""
    if text(user, "serviceAccountClientId"):
        raise Refused("service_account", "This is the account of a client, not a person.")
    actions = texts(user, "requiredActions")
    found = Person(
        external_id=text(user, "id"),
        email=text(user, "email"),
        email_verified=truth(user, "emailVerified", default=False)
        and "VERIFY_EMAIL" not in actions,
        is_active=truth(user, "enabled", default=True),
        claims=_claims(user, names),
        groups=[path.strip("/") for path in texts(user, "groups")],
        joined=milliseconds(user, "createdTimestamp"),
    )
    if left := sorted({*actions} - {"UPDATE_PASSWORD", "VERIFY_EMAIL"}):
        found.note("required_action_left", f"Not asked for here: {', '.join(left)}.")
    if user.get("federatedIdentities") or user.get("federationLink"):
        found.note("identity_left", "The sign-in through another system is not taken over.")
    _credentials(found, inners(user, "credentials"), must_change="UPDATE_PASSWORD" in actions)
    return found


def _claims(user: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    own = {"firstName": "given_name", "lastName": "family_name", "username": "preferred_username"}
    claims = claims_in(user, own, keys=())
    if claims.get("preferred_username") == text(user, "email"):
        del claims["preferred_username"]
    whole = " ".join(claims[key] for key in ("given_name", "family_name") if key in claims)
    return {**({"name": whole} if whole else {}), **claims} | claims_in(
        inner(user, "attributes"), names
    )


def _credentials(found: Person, credentials: list[dict[str, Any]], *, must_change: bool) -> None:
    """Keep the password, unless it has to be changed anyway; note what stays behind."""
    kinds = {text(credential, "type") for credential in credentials}
    if left := sorted(kinds - {"password", "password-history"}):
        found.note("second_factor_left", f"Not taken over: {', '.join(left)}.")
    for credential in credentials:
        if text(credential, "type") == "password":
            if must_change or truth(credential, "temporary", default=False):
                found.note("password_left", "The password was to be changed at the next sign-in.")
            else:
                found.take_password(lambda chosen=credential: _hash(chosen))  # type: ignore[misc]
            return


def _hash(credential: dict[str, Any]) -> str:
    """The hash of a password credential; before Keycloak 8 its parts stood in the open."""
    if "hashedSaltedValue" in credential:
        return hashes.pbkdf2(
            _digest_name(credential.get("algorithm")),
            credential.get("hashIterations"),
            hashes.binary(credential.get("salt")),
            hashes.binary(credential["hashedSaltedValue"]),
        )
    data, secret = (_json(credential.get(part)) for part in ("credentialData", "secretData"))
    salt, digest = hashes.binary(secret.get("salt")), hashes.binary(secret.get("value"))
    if data.get("algorithm") != "argon2":
        name = _digest_name(data.get("algorithm"))
        return hashes.pbkdf2(name, data.get("hashIterations"), salt, digest)
    more = data.get("additionalParameters")
    if not isinstance(more, dict):
        raise hashes.HashRefused("The hash lacks its parameters.")
    return hashes.argon2(
        f"argon2{_first(more, 'type', 'id')}",
        version=_ARGON2_VERSIONS.get(_first(more, "version", "1.3"), 0),
        memory=_first(more, "memory", ""),
        passes=data.get("hashIterations"),
        lanes=_first(more, "parallelism", "1"),
        salt=salt,
        digest=digest,
    )


def _digest_name(algorithm: object) -> str:
    """``pbkdf2-sha512`` as ``sha512``; plain ``pbkdf2`` is the one with SHA-1."""
    if algorithm == "pbkdf2":
        return "sha1"
    return str(algorithm).removeprefix("pbkdf2-")


def _first(parameters: dict[str, Any], name: str, default: str) -> str:
    values = parameters.get(name)
    return str(values[0]) if isinstance(values, list) and values else default


def _json(value: object) -> dict[str, Any]:
    """Keycloak writes these two as JSON in a string."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise hashes.HashRefused("The hash can't be decoded.")
    return found
