"""Sign-up: an account exists once its owner has shown that the address is theirs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import is_password_usable, make_password
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from ostiary import events, hooks, mail

from . import codes, recovery, terms
from .addresses import email_of, find_user
from .links import expiry, link_to, new_token, token_hash
from .models import PendingRegistration
from .unfinished import is_unfinished

CODE = "signup"
RESEND_SECONDS = 60
"""For so long another mail can't be asked for: the first may still be under way."""


def request_account(
    request: HttpRequest,
    *,
    email: str,
    name: str,
    password: str | None,
    next_url: str,
    terms_version: str = "",
) -> PendingRegistration:
    """Mail the address how to finish signing up, by link or code, or its owner how to sign in.

    Either way the password is hashed, if there is to be one, the same rows are written, and the
    page answers alike (C1). Where there is an account, nobody is told the token and the code of
    what is written here. ``terms_version`` is that of the terms which were shown and accepted, if
    any.
    """
    registration = PendingRegistration(
        email=email,
        name=name,
        password=make_password(password),
        next_url=next_url,
        terms_version=terms_version,
    )
    existing = _finished_account(email)
    with transaction.atomic():
        token, code = _renew(registration, existing)
        registration.save(force_insert=True)
        _send(registration, existing, token, code)
        events.record("signup.requested", request=request, personal={"email": email})
    return registration


def may_resend(registration: PendingRegistration) -> bool:
    """Whether the newest mail was sent long enough ago to send another."""
    return timezone.now() >= registration.sent_at + timedelta(seconds=RESEND_SECONDS)


def resend(request: HttpRequest, registration: PendingRegistration) -> bool:
    """Mail again, with a link and a code that take the place of those before.

    ``False`` if that was done a moment ago, or the sign-up has been finished. The answer is the
    same for an address that has an account, which is told so again.
    """
    before = registration.sent_at
    existing = _finished_account(registration.email)
    with transaction.atomic():
        token, code = _renew(registration, existing)
        renewed = PendingRegistration.objects.filter(pk=registration.pk, sent_at=before).update(
            token_hash=registration.token_hash,
            code_hash=registration.code_hash,
            code_tries=0,
            sent_at=registration.sent_at,
            expires_at=registration.expires_at,
        )
        if not renewed:
            return False
        _send(registration, existing, token, code)
        events.record("signup.requested", request=request, personal={"email": registration.email})
    return True


def _finished_account(email: str) -> Any:
    """The account with this address, unless its owner left before they could sign in to it."""
    user = find_user(email)
    return None if user is None or is_unfinished(user) else user


def _renew(registration: PendingRegistration, existing: Any) -> tuple[str, str]:
    """Give it a new token and a new code, which are returned and not kept.

    Where there is an account no code fits, not even one that is guessed.
    """
    token, code = new_token(), codes.new_code()
    registration.token_hash = token_hash(token)
    hashed = codes.code_hash(CODE, registration.pk, code)
    registration.code_hash = hashed if existing is None else ""
    registration.code_tries = 0
    registration.sent_at = timezone.now()
    registration.expires_at = expiry()
    return token, code


def _send(registration: PendingRegistration, existing: Any, token: str, code: str) -> None:
    if existing is None:
        mail.send_email(
            registration.email,
            "ostiary_accounts/mail/verify",
            {"link": link_to("ostiary_accounts:verify", token), "code": codes.in_words(code)},
            urgent=True,
        )
        return
    going = f"?{urlencode({'next': registration.next_url})}" if registration.next_url else ""
    mail.send_email(
        email_of(existing),
        "ostiary_accounts/mail/account_exists",
        {
            f"{view}_link": mail.absolute_url(reverse(f"ostiary_accounts:{view}") + going)
            for view in ("signin", "recover")
        },
        urgent=True,  # as the other, so that neither is told by its delay
    )


def pending(hashed_token: str) -> PendingRegistration | None:
    """The registration of a mailed link, unless it was used, replaced or has expired."""
    return _live().filter(token_hash=hashed_token).first()


def waiting(key: str) -> PendingRegistration | None:
    """The registration of this primary key, unless it was finished or has expired."""
    return _live().filter(pk=key).first()


def _live() -> QuerySet[PendingRegistration]:
    return PendingRegistration.objects.filter(expires_at__gt=timezone.now())


def try_code(registration: PendingRegistration, typed: str) -> bool | None:
    """Whether this is the mailed code; ``None`` once it has been tried too often.

    A try is spent before the code is looked at, so that of many at once no more than
    ``codes.MOST_TRIES`` are.
    """
    spent = (
        _live()
        .filter(pk=registration.pk, code_tries__lt=codes.MOST_TRIES)
        .update(code_tries=F("code_tries") + 1)
    )
    if not spent:
        return None
    return codes.is_right(registration.code_hash, CODE, registration.pk, typed)


def confirm(request: HttpRequest, registration: PendingRegistration) -> Any:
    """Make the account; ``None`` if it was done, or the address taken, in the meantime.

    Deleting the registration consumes link and code: of two parallel clicks one deletes the row.
    """
    with transaction.atomic():
        deleted, _ = PendingRegistration.objects.filter(pk=registration.pk).delete()
        if not deleted:
            return None
        return make_account(
            request,
            email=registration.email,
            name=registration.name,
            password=registration.password,
            terms_version=registration.terms_version,
            accepted_at=registration.created_at,
        )


def make_account(
    request: HttpRequest,
    *,
    email: str,
    name: str,
    password: str,
    terms_version: str,
    accepted_at: datetime,
    details: dict[str, Any] | None = None,
) -> Any:
    """Make the account of someone who has shown that the address is theirs, whichever way, or take
    up the one that they left unfinished.

    ``password`` is a hash; ``terms_version``, if any, was accepted at ``accepted_at``. ``None`` if
    there is an account with the address that can be signed in to. Call it in a transaction.
    """
    existing = find_user(email)
    if existing is not None:
        return _finish(request, existing, password, terms_version, accepted_at)
    user = _new_user(email, name, password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        return None
    events.record("signup.verified", user=user, request=request, details=details)
    if terms_version:
        terms.accept(user, terms_version, accepted_at)
    hooks.after_signup(request, user)
    return user


def _finish(
    request: HttpRequest, existing: Any, password: str, terms_version: str, accepted_at: datetime
) -> Any:
    """Take up an account that nobody could sign in to, with what was chosen now; ``None`` if it is
    not such a one, or not any more."""
    user = get_user_model()._base_manager.select_for_update().get(pk=existing.pk)
    if not is_unfinished(user):
        return None
    if getattr(user, "email_verified_at", user) is None:
        user.email_verified_at = timezone.now()
    events.record("email.confirmed_again", user=user, request=request)
    if terms_version:
        terms.accept(user, terms_version, accepted_at)
    if is_password_usable(password):
        user.password = password
        recovery.tell_password_changed(request, user, "password.changed")
    user.save()
    return user


def _new_user(email: str, name: str, password: str) -> Any:
    """The account, on any user model: what the model has no field for is left out."""
    user_model = get_user_model()
    known = {field.name for field in user_model._meta.fields}
    facts = {
        user_model.USERNAME_FIELD: email,
        user_model.get_email_field_name(): email,
        "password": password,
        "name": name,
        "email_verified_at": timezone.now(),
    }
    return user_model(**{key: value for key, value in facts.items() if key in known})
