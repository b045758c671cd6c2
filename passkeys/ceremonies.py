"""Registration and authentication: a challenge out, an answer in, and what is kept of it.

A browser is given a challenge by ``begin_…`` and answers once, within five minutes, for the same
purpose and in the same session (SECURITY E1, E4): ``finish_…`` deletes the row of the challenge
before it looks at anything else, so that of parallel answers one is taken, and none again.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.utils import timezone
from fido2 import cbor
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AuthenticationResponse, AuthenticatorData, RegistrationResponse

from ostiary import branding, facts
from ostiary.email_addresses import for_people

from . import changes, policy, verification
from .conf import origins, passkeys_settings, rp_id
from .models import Ceremony, Credential, UserHandle
from .verification import CeremonyRefused

LIFETIME = timedelta(minutes=5)
CHALLENGE_BYTES = 32
SESSION_KEY = "ostiary.passkeys"
"""The session's secret, to which challenges are bound. It outlives a new session key, and not a
sign-out."""
TRANSPORTS = frozenset({"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"})
Purpose = Ceremony.Purpose


@dataclass(frozen=True)
class Authenticated:
    """Whose passkey answered, which it was, and what that proves (RFC 8176 values)."""

    user: Any
    credential: Credential
    amr: tuple[str, ...]


def begin_registration(
    request: HttpRequest, user: Any, purpose: Ceremony.Purpose = Purpose.REGISTER
) -> dict[str, Any]:
    """What a browser needs to make a passkey of the person: ``PublicKeyCredentialCreationOptions``
    in JSON (§5.4). Passkeys that they have are excluded.

    To ``UPGRADE`` it makes one by itself (conditional create, §5.1.3): nobody touches anything.
    Raises ``CeremonyRefused`` for who may have no more: before they touch anything.
    """
    excluded = _descriptors(user)
    if policy.is_full(len(excluded)):
        raise CeremonyRefused("too_many")
    challenge = _challenge(request, purpose, user)
    return {
        "rp": {"id": rp_id(), "name": branding.site_name()},
        "user": user_entity(user),
        "challenge": websafe_encode(challenge),
        "pubKeyCredParams": [
            {"type": "public-key", "alg": algorithm} for algorithm in verification.ALGORITHMS
        ],
        "timeout": _milliseconds(),
        "excludeCredentials": excluded,
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "preferred"
            if purpose == Purpose.UPGRADE
            else passkeys_settings.USER_VERIFICATION,
        },
        "hints": policy.hints(user),
        "attestation": passkeys_settings.ATTESTATION,
    }


def finish_registration(
    request: HttpRequest,
    user: Any,
    answer: Any,
    purpose: Ceremony.Purpose = Purpose.REGISTER,
    *,
    name: str = "",
) -> Credential:
    """Keep the passkey that a browser has made (§7.1), and tell the person. Raises
    ``CeremonyRefused``, with the ``unknown_id`` of a passkey that is on the person's device by now
    and not here. Without a ``name`` it is called what its authenticator is known as."""
    try:
        return _finish_registration(request, user, answer, purpose, name)
    except CeremonyRefused as refused:
        refused.is_of_new = True
        refused.unknown_id = _unless_known(verification.told_id(answer))
        raise


def _finish_registration(
    request: HttpRequest, user: Any, answer: Any, purpose: Ceremony.Purpose, name: str
) -> Credential:
    registration = verification.parse(RegistrationResponse, answer)
    client_data = registration.response.client_data
    _take(request, purpose, user, client_data.challenge)
    verification.check_client_data(client_data, wanted=verification.CREATE, origins=origins())
    data = registration.response.attestation_object.auth_data
    verification.check_authenticator_data(
        data,
        rp_id=rp_id(),
        user_verification=_must_verify(purpose),
        user_presence=purpose != Purpose.UPGRADE,
    )
    attested = verification.attested(registration)
    policy.check_registration(user, registration)
    try:
        with transaction.atomic():
            get_user_model()._base_manager.select_for_update().get(pk=user.pk)
            policy.check_room(user)
            credential = Credential.objects.create(
                user=user,
                credential_id=attested.credential_id,
                public_key=cbor.encode(attested.public_key),
                sign_count=data.counter,
                transports=known_transports(answer["response"].get("transports")),
                aaguid=uuid.UUID(bytes=bytes(attested.aaguid)),
                backup_eligible=data.is_backup_eligible(),
                backed_up=data.is_backed_up(),
                user_verified=data.is_user_verified(),
                name=name or changes.name_for(user, attested.aaguid),
            )
            changes.added(request, credential)
            return credential
    except IntegrityError as problem:  # theirs or another's: the answer is the same (E2)
        raise CeremonyRefused("already_registered") from problem


def _unless_known(credential_id: str) -> str:
    """The id, unless there is a passkey with it: the browser is not told to forget that."""
    known = credential_id and Credential.objects.filter(credential_id=websafe_decode(credential_id))
    return "" if known and known.exists() else credential_id


def begin_authentication(
    request: HttpRequest, user: Any | None, purpose: Ceremony.Purpose
) -> dict[str, Any]:
    """What a browser needs to sign a challenge: ``PublicKeyCredentialRequestOptions`` in JSON
    (§5.5). Without a ``user`` any passkey for this site may answer, and says whose it is."""
    challenge = _challenge(request, purpose, user)
    return {
        "challenge": websafe_encode(challenge),
        "timeout": _milliseconds(),
        "rpId": rp_id(),
        "allowCredentials": _descriptors(user) if user is not None else [],
        "userVerification": "required"
        if _must_verify(purpose)
        else passkeys_settings.USER_VERIFICATION,
    }


def finish_authentication(
    request: HttpRequest, answer: Any, purpose: Ceremony.Purpose, user: Any | None = None
) -> Authenticated:
    """Who answered the challenge (§7.2). Raises ``CeremonyRefused``.

    With a ``user`` it must be them. Whether they may sign in is not looked at.
    """
    authentication = verification.parse(AuthenticationResponse, answer)
    response = authentication.response
    _take(request, purpose, user, response.client_data.challenge)
    credential = _credential_of(authentication, user)
    try:
        # First of all, so that only who holds the key can raise an alarm.
        verification.check_signature(_public_key(credential), authentication)
        verification.check_client_data(
            response.client_data, wanted=verification.GET, origins=origins()
        )
        verification.check_authenticator_data(
            response.authenticator_data,
            rp_id=rp_id(),
            user_verification=_must_verify(purpose),
        )
        eligible = response.authenticator_data.is_backup_eligible()
        if credential.backup_eligible not in (None, eligible):
            raise CeremonyRefused("backup_eligibility")
        policy.check_use(credential.user, response.authenticator_data)
        if not _note_use(credential, response.authenticator_data):
            changes.counter_noted(request, credential)
    except CeremonyRefused as refused:
        refused.credential = credential
        raise
    amr = _amr(eligible, response.authenticator_data.is_user_verified())
    return Authenticated(credential.user, credential, amr)


def user_entity(user: Any) -> dict[str, str]:
    """How authenticators know and show the person (§5.4.3)."""
    kept, _ = UserHandle.objects.get_or_create(user=user)
    name = for_people(str(user.get_username()))
    shown = getattr(user, "get_full_name", lambda: "")() or name
    return {"id": websafe_encode(bytes(kept.handle)), "name": name, "displayName": shown}


def _milliseconds() -> int:
    return int(LIFETIME.total_seconds() * 1000)


def _must_verify(purpose: Ceremony.Purpose) -> bool:
    """Whether the authenticator has to verify its user: alone it is two factors only then."""
    if purpose == Purpose.UPGRADE:
        return False
    alone = purpose in (Purpose.SIGN_IN, Purpose.STEP_UP)
    return alone or passkeys_settings.USER_VERIFICATION == "required"


def _descriptors(user: Any) -> list[dict[str, Any]]:
    return [
        {
            "type": "public-key",
            "id": websafe_encode(bytes(credential.credential_id)),
            "transports": credential.transports,
        }
        for credential in Credential.objects.filter(user=user)
    ]


def known_transports(told: Any) -> list[str]:
    """Those that a browser told of and that there are (§7.1 step 27)."""
    if not isinstance(told, list):
        return []
    return sorted(TRANSPORTS.intersection(each for each in told if isinstance(each, str)))


def _hash(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()


def _challenge(request: HttpRequest, purpose: Ceremony.Purpose, user: Any | None) -> bytes:
    """A new challenge, noted for this session."""
    secret = request.session.setdefault(SESSION_KEY, secrets.token_urlsafe(16))
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    Ceremony.objects.create(
        challenge_hash=_hash(challenge),
        session_hash=_hash(secret.encode()),
        purpose=purpose,
        user=user,
        expires_at=timezone.now() + LIFETIME,
    )
    return challenge


def _take(
    request: HttpRequest, purpose: Ceremony.Purpose, user: Any | None, challenge: bytes
) -> None:
    """Use the challenge up (§7.1 step 8; §7.2 step 11). ``expired``: there is none such here."""
    secret = request.session.get(SESSION_KEY, "")
    taken, _ = Ceremony.objects.filter(
        challenge_hash=_hash(challenge),
        session_hash=_hash(secret.encode()),
        purpose=purpose,
        user=user,
        expires_at__gt=timezone.now(),
    ).delete()
    if not taken:
        raise CeremonyRefused("expired")


def _credential_of(authentication: AuthenticationResponse, user: Any | None) -> Credential:
    """The record of the credential, and that it is the person's (§7.2 steps 5–6).
    ``unknown_credential``, also for one of somebody else."""
    handles = UserHandle.objects.filter(user=OuterRef("user")).values("handle")
    credential = (
        Credential.objects.filter(credential_id=authentication.raw_id)
        .select_related("user")
        .annotate(user_handle=Subquery(handles), **facts.columns("user_id"))
        .first()
    )
    if credential is None:
        raise CeremonyRefused(
            "unknown_credential", unknown_id=websafe_encode(authentication.raw_id)
        )
    if user is not None and credential.user_id != user.pk:
        raise CeremonyRefused("unknown_credential")
    handle = authentication.response.user_handle
    if handle is None and user is None:
        raise CeremonyRefused("unknown_credential")
    theirs = (credential.user_handle, credential.imported_handle)
    if handle is not None and handle not in [bytes(each) for each in theirs if each is not None]:
        raise CeremonyRefused("unknown_credential")
    facts.keep(credential.user, credential)
    return credential


def _public_key(credential: Credential) -> Any:
    return cbor.decode(bytes(credential.public_key))


def _note_use(credential: Credential, data: AuthenticatorData) -> bool:
    """Bring the record up to date (§7.2 steps 22–24); ``False`` of a synced key whose count does
    not go up, as where the person's devices each count for themselves.

    ``counter``: of a key that stays on one device and counts each signature is a later one, so
    there are two of it; of answers with one count one is taken.
    """
    now = timezone.now()
    own = Credential.objects.filter(pk=credential.pk)
    goes_up = {"sign_count__lt": data.counter} if data.counter else {"sign_count": 0}
    credential.last_used_at, credential.backed_up = now, data.is_backed_up()
    credential.user_verified = credential.user_verified or data.is_user_verified()
    kept = {
        "last_used_at": now,
        "backup_eligible": data.is_backup_eligible(),
        "backed_up": credential.backed_up,
        "user_verified": credential.user_verified,
    }
    if own.filter(**goes_up).update(sign_count=data.counter, **kept):
        credential.sign_count = data.counter
        return True
    if not data.is_backup_eligible() or passkeys_settings.SYNCED_COUNTER == "refuse":
        raise CeremonyRefused("counter")
    own.update(**kept)
    return False


def amr_of_new(credential: Credential) -> tuple[str, ...]:
    """What making the passkey has proved: as much as using it so."""
    return _amr(bool(credential.backup_eligible), credential.user_verified)


def _amr(is_synced: bool, is_user_verified: bool) -> tuple[str, ...]:
    """What an answer proves (RFC 8176 §2): a key that can't be copied is in hardware."""
    key = "swk" if is_synced else "hwk"
    return (key, "user") if is_user_verified else (key,)
