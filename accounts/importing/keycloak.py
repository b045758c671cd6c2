"""Keycloak: ``kc.sh export``, the realm with its users in one file or in several; or the list of
users of its admin API, which has no hashes.

Source: Keycloak's UserRepresentation and CredentialRepresentation.
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from . import hashes, streams
from .person import Person, Refused, id_in, milliseconds, text, texts, truth

_ARGON2_VERSIONS = {"1.0": 16, "1.3": 19}


def records(file: BinaryIO) -> streams.Records:
    """The users of one realm, of several in one file, or the list of the admin API."""
    if streams.first_character(file) != b"[":
        return streams.array(file, "users.item")
    is_realms = streams.key_of_first(file, ("realm", "users"), ("username", "email"))
    return streams.array(file, "item.users.item" if is_realms else "item")


def external_id(user: dict[str, Any]) -> str:
    """The UUID."""
    return id_in(user, "id")


def person(user: dict[str, Any], names: dict[str, str]) -> Person:
    """What a user of the realm is here. ``names`` maps attributes to claims."""
    if text(user, "serviceAccountClientId"):
        raise Refused("service_account", "This is a service account, not a user.")
    actions = texts(user, "requiredActions")
    found = Person(
        external_id=text(user, "id"),
        email=text(user, "email"),
        is_active=truth(user, "enabled", default=True),
        joined=milliseconds(user, "createdTimestamp"),
    )
    found.take_verified(user, "emailVerified")
    found.email_verified &= "VERIFY_EMAIL" not in actions
    found.groups = [path.strip("/") for path in found.texts_inside(user, "groups")]
    _take_claims(found, user, names)
    if left := sorted({*actions} - {"UPDATE_PASSWORD", "VERIFY_EMAIL"}):
        found.note(
            "required_action_left", f"Required actions that don't exist here: {', '.join(left)}."
        )
    if user.get("federatedIdentities") or user.get("federationLink"):
        found.note("identity_left", "Sign-in through another system isn't imported.")
    _take_password(found, user, must_change="UPDATE_PASSWORD" in actions)
    return found


def _take_claims(found: Person, user: dict[str, Any], names: dict[str, str]) -> None:
    own = {"firstName": "given_name", "lastName": "family_name", "username": "preferred_username"}
    found.take_claims(user, own, keys=())
    if found.claims.get("preferred_username") == found.email:
        del found.claims["preferred_username"]
    found.take_whole_name()
    found.take_claims(found.inside(user, "attributes"), names)


def _take_password(found: Person, user: dict[str, Any], *, must_change: bool) -> None:
    """Keep the password, unless it has to be changed anyway; note what stays behind.

    Where there is no list of credentials at all, it is no export by ``kc.sh``, and tells nothing.
    """
    credentials = found.those_inside(user, "credentials")
    kinds = {id_in(credential, "type") for credential in credentials} - {""}
    if left := sorted(kinds - {"password", "password-history"}):
        found.note("second_factor_left", f"Not imported: {', '.join(left)}.")
    chosen = next((one for one in credentials if id_in(one, "type") == "password"), None)
    if must_change or (chosen and truth(chosen, "temporary", default=False)):
        found.end_password("The password had to be changed at the next sign-in.")
    elif chosen:
        found.take_password(lambda: _hash(chosen))
    elif user.get("credentials") is not None:
        found.password_ended = True


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
        raise hashes.HashRefused("The hash has no parameters.")
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
