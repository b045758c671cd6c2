"""An authenticator in software, with its browser: it answers the options of a ceremony as real ones
do, and lies in whatever part of the answer a test says.

Options and answers are the JSON of WebAuthn Level 3 §5.1, as ``toJSON`` of a browser gives it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

FLAG = AuthenticatorData.FLAG
PRESENT = FLAG.UP
VERIFIED = FLAG.UP | FLAG.UV
SYNCED = FLAG.UP | FLAG.UV | FLAG.BE | FLAG.BS

Attest = Callable[[bytes, bytes], tuple[str, dict[str, Any]]]
"""Makes the attestation of authenticator data and the hash of the client data: ``fmt, attStmt``."""

_NEW_KEY: dict[int, Callable[[], Any]] = {
    ES256.ALGORITHM: lambda: ec.generate_private_key(ec.SECP256R1()),
    EdDSA.ALGORITHM: ed25519.Ed25519PrivateKey.generate,
    RS256.ALGORITHM: lambda: rsa.generate_private_key(65537, 2048),
}


def sign(key: Any, message: bytes) -> bytes:
    """A signature as WebAuthn has it for the kind of the key (§6.5.5)."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    signed: bytes = key.sign(message)
    return signed


def no_attestation(auth_data: bytes, client_data_hash: bytes) -> tuple[str, dict[str, Any]]:
    """The format ``none`` (§8.7)."""
    return "none", {}


@dataclass
class Authenticator:
    """One passkey, and the browser that it is used in. ``counter`` is the next one told."""

    origin: str = "http://localhost:8000"
    algorithm: int = ES256.ALGORITHM
    flags: int = VERIFIED
    aaguid: bytes = bytes(16)
    counter: int = 0
    transports: tuple[str, ...] = ("internal",)
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_handle: bytes | None = None
    key: Any = None

    def __post_init__(self) -> None:
        self.key = self.key or _NEW_KEY[self.algorithm]()

    @property
    def cose_key(self) -> CoseKey:
        """The public key as it is told at registration."""
        return CoseKey.for_alg(self.algorithm).from_cryptography_key(self.key.public_key())

    @property
    def id(self) -> str:
        """The credential's id in base64url."""
        return websafe_encode(self.credential_id)

    def create(
        self,
        options: Mapping[str, Any],
        *,
        client: Mapping[str, Any] | None = None,
        client_data: bytes | None = None,
        rp_id: str | None = None,
        flags: int | None = None,
        public_key: Mapping[int, Any] | None = None,
        extensions: Mapping[str, Any] | None = None,
        attest: Attest = no_attestation,
        auth_data: bytes | None = None,
        attestation_object: bytes | None = None,
        **told: Any,
    ) -> dict[str, Any]:
        """The answer to ``navigator.credentials.create``; what is named is what it lies about."""
        options = options.get("publicKey", options)
        self.user_handle = websafe_decode(options["user"]["id"])
        collected = client_data or _collected("webauthn.create", options, self.origin, client)
        flags = FLAG.AT | (self.flags if flags is None else flags)
        if auth_data is None:
            attested = (
                self.aaguid
                + len(self.credential_id).to_bytes(2, "big")
                + self.credential_id
                + cbor.encode(self.cose_key if public_key is None else public_key)
            )
            auth_data = _auth_data(
                options["rp"]["id"] if rp_id is None else rp_id,
                flags,
                self._count(),
                attested,
                extensions,
            )
        if attestation_object is None:
            fmt, statement = attest(auth_data, sha256(collected))
            attestation_object = cbor.encode(
                {"fmt": fmt, "authData": auth_data, "attStmt": statement}
            )
        return {
            "id": self.id,
            "rawId": self.id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": websafe_encode(collected),
                "attestationObject": websafe_encode(attestation_object),
                "transports": list(self.transports),
            },
            **told,
        }

    def get(
        self,
        options: Mapping[str, Any],
        *,
        client: Mapping[str, Any] | None = None,
        client_data: bytes | None = None,
        rp_id: str | None = None,
        flags: int | None = None,
        counter: int | None = None,
        extensions: Mapping[str, Any] | None = None,
        auth_data: bytes | None = None,
        signature: bytes | None = None,
        user_handle: bytes | str | None = "own",
        **told: Any,
    ) -> dict[str, Any]:
        """The answer to ``navigator.credentials.get``; what is named is what it lies about.

        ``user_handle=None`` leaves it out.
        """
        options = options.get("publicKey", options)
        collected = client_data or _collected("webauthn.get", options, self.origin, client)
        if auth_data is None:
            auth_data = _auth_data(
                options["rpId"] if rp_id is None else rp_id,
                self.flags if flags is None else flags,
                self._count() if counter is None else counter,
                b"",
                extensions,
            )
        if signature is None:
            signature = sign(self.key, auth_data + sha256(collected))
        handle = self.user_handle if user_handle == "own" else user_handle
        response = {
            "clientDataJSON": websafe_encode(collected),
            "authenticatorData": websafe_encode(auth_data),
            "signature": websafe_encode(signature),
        }
        if isinstance(handle, bytes):
            response["userHandle"] = websafe_encode(handle)
        return {
            "id": self.id,
            "rawId": self.id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
            **told,
        }

    def _count(self) -> int:
        """The counter to tell; one that began above zero goes up with every use."""
        told = self.counter
        self.counter += bool(told)
        return told

    def self_attestation(
        self, auth_data: bytes, client_data_hash: bytes
    ) -> tuple[str, dict[str, Any]]:
        """The format ``packed``, signed by the passkey itself (§8.2)."""
        signature = sign(self.key, auth_data + client_data_hash)
        return "packed", {"alg": self.algorithm, "sig": signature}


def _collected(
    kind: str, options: Mapping[str, Any], origin: str, lies: Mapping[str, Any] | None
) -> bytes:
    told = {"type": kind, "challenge": options["challenge"], "origin": origin, "crossOrigin": False}
    told.update(lies or {})
    return json.dumps({name: value for name, value in told.items() if value is not None}).encode()


def _auth_data(
    rp_id: str, flags: int, counter: int, attested: bytes, extensions: Mapping[str, Any] | None
) -> bytes:
    if extensions is not None:
        flags |= FLAG.ED
    return (
        sha256(rp_id.encode())
        + bytes([flags])
        + counter.to_bytes(4, "big")
        + attested
        + (b"" if extensions is None else cbor.encode(extensions))
    )


def stored_credential(answer: Mapping[str, Any]) -> AttestedCredentialData:
    """What the answer to a registration says of the credential, read by the library alone."""
    told = AttestationObject(websafe_decode(answer["response"]["attestationObject"]))
    assert told.auth_data.credential_data is not None
    return told.auth_data.credential_data
