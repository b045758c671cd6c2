"""What a relying party verifies of an authenticator's answer (WebAuthn Level 3 §7.1 and §7.2).

Pure functions, in the order of the specification; each raises ``CeremonyRefused`` with the code of
what is wrong. Challenges and credential records are the business of ``ceremonies``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cryptography.exceptions import InvalidSignature
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.utils import sha256
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    CollectedClientData,
    RegistrationResponse,
)

from .models import CREDENTIAL_ID_MAX_BYTES

ALGORITHMS = (ES256.ALGORITHM, EdDSA.ALGORITHM, RS256.ALGORITHM)
"""The COSE algorithms that are offered, the best liked first."""
KEY_TYPES = {ES256.ALGORITHM: 2, EdDSA.ALGORITHM: 1, RS256.ALGORITHM: 3}
"""The type of key that each is for (RFC 9053 §7, RFC 8230 §4)."""
CREATE, GET = CollectedClientData.TYPE.CREATE, CollectedClientData.TYPE.GET

CREDENTIAL_ID = re.compile(rf"[\w-]{{1,{-(-CREDENTIAL_ID_MAX_BYTES * 4 // 3)}}}", re.ASCII)
"""One in base64url."""

Response = TypeVar("Response", RegistrationResponse, AuthenticationResponse)


class CeremonyRefused(Exception):
    """An answer that isn't taken. ``code`` says why, in one word; nothing in it is secret.

    ``credential`` is the record that the answer was given with, once it is known; ``unknown_id``
    is the id, in base64url, of a credential that nobody has here; ``is_of_new`` says that a passkey
    was being made.
    """

    is_of_new = False

    def __init__(self, code: str, credential: Any = None, *, unknown_id: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.credential = credential
        self.unknown_id = unknown_id


def parse(kind: type[Response], answer: Any) -> Response:
    """The JSON form of an answer, read (§5.1). ``malformed``."""
    try:
        if not isinstance(answer, Mapping):
            raise TypeError("not an object")
        return kind.from_dict(_as_browsers_write(answer))
    except Exception as problem:  # the parsers below raise of everything
        raise CeremonyRefused("malformed") from problem


def told_id(answer: Any) -> str:
    """The credential's id in base64url, as an answer tells it that may be no answer at all; ``""``
    if there is none."""
    told = _base64url(_raw_id(answer)) if isinstance(answer, Mapping) else None
    return told if isinstance(told, str) and CREDENTIAL_ID.fullmatch(told) else ""


def _as_browsers_write(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer in the form of §5.1, where a password manager writes it a little otherwise: bytes
    in plain base64 or with padding, one of the two ids alone, an empty user handle for none."""
    response = {name: _base64url(told) for name, told in answer["response"].items()}
    if not response.get("userHandle"):
        response.pop("userHandle", None)
    ids = {"rawId": _raw_id(answer), "id": answer.get("id") or _raw_id(answer)}
    return {
        **answer,
        **{name: _base64url(told) for name, told in ids.items()},
        "response": response,
    }


def _raw_id(answer: Mapping[str, Any]) -> Any:
    return answer.get("rawId") or answer.get("id")


def _base64url(told: Any) -> Any:
    if not isinstance(told, str):
        return told
    return told.rstrip("=").replace("+", "-").replace("/", "_")


def check_client_data(
    client_data: CollectedClientData, *, wanted: str, origins: Sequence[str]
) -> None:
    """Type and origin (§7.1 steps 7, 9–11; §7.2 steps 10, 12–14). ``type``, ``origin``.

    We are never in a frame of another site, so an answer from one is refused.
    """
    if client_data.type != wanted:
        raise CeremonyRefused("type")
    if client_data.origin not in origins:
        raise CeremonyRefused("origin")
    if client_data.cross_origin or client_data._data.get("topOrigin") is not None:
        raise CeremonyRefused("origin")


def check_authenticator_data(
    data: AuthenticatorData, *, rp_id: str, user_verification: bool, user_presence: bool = True
) -> None:
    """Who it is for, and the flags (§7.1 steps 14–18; §7.2 steps 15–19). ``rp_id``,
    ``user_presence``, ``user_verification``, ``backup_state``."""
    if data.rp_id_hash != sha256(rp_id.encode()):
        raise CeremonyRefused("rp_id")
    if user_presence and not data.is_user_present():
        raise CeremonyRefused("user_presence")
    if user_verification and not data.is_user_verified():
        raise CeremonyRefused("user_verification")
    if data.is_backed_up() and not data.is_backup_eligible():
        raise CeremonyRefused("backup_state")


def attested(registration: RegistrationResponse) -> AttestedCredentialData:
    """The new credential (§7.1 steps 20, 25). ``malformed``, ``algorithm``.

    A key that couldn't verify anything is refused now rather than at each sign-in.
    """
    credential = registration.response.attestation_object.auth_data.credential_data
    if (
        credential is None
        or credential.credential_id != registration.raw_id
        or not 0 < len(credential.credential_id) <= CREDENTIAL_ID_MAX_BYTES
    ):
        raise CeremonyRefused("malformed")
    if not is_usable(credential.public_key):
        raise CeremonyRefused("algorithm")
    return credential


def is_usable(key: CoseKey) -> bool:
    """Whether the key is of an algorithm that is taken, and can verify something."""
    return (
        key.ALGORITHM in ALGORITHMS
        and key.get(1) == KEY_TYPES[key.ALGORITHM]
        and _verdict(lambda: key.verify(b"", b"")) == "signature"
    )


def check_signature(key: Mapping[int, Any], answer: AuthenticationResponse) -> None:
    """The signature over authenticator data and client data (§7.2 steps 20–21). ``signature``."""
    response = answer.response
    signed = response.authenticator_data + response.client_data.hash
    if _verdict(lambda: CoseKey.parse(key).verify(signed, response.signature)):
        raise CeremonyRefused("signature")


def _verdict(verify: Callable[[], None]) -> str:
    """``""`` for a right signature, ``signature`` for a wrong one, ``key`` for an unusable key."""
    try:
        verify()
    except InvalidSignature:
        return "signature"
    except Exception:  # a key of hostile numbers raises of everything
        return "key"
    return ""
