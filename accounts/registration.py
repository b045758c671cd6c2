"""Sign-up: an account exists once its owner has shown that the address is theirs."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from ostiary import events, mail

from .addresses import email_of, find_user
from .links import expiry, link_to, new_token, token_hash
from .models import PendingRegistration


def request_account(
    request: HttpRequest, *, email: str, name: str, password: str, next_url: str
) -> PendingRegistration:
    """Mail a link to the address: to finish signing up, or, to its owner, how to sign in.

    Either way one password is hashed, the same rows are written, and the page answers alike (C1).
    Where there is an account, nobody is told the token of what is written here.
    """
    hashed = make_password(password)
    token = new_token()
    existing = find_user(email)
    with transaction.atomic():
        registration = PendingRegistration.objects.create(
            token_hash=token_hash(token),
            email=email,
            name=name,
            password=hashed,
            next_url=next_url,
            expires_at=expiry(),
        )
        if existing is None:
            link = link_to("ostiary_accounts:verify", token)
            mail.send_email(email, "ostiary_accounts/mail/verify", {"link": link})
        else:
            mail.send_email(
                email_of(existing),
                "ostiary_accounts/mail/account_exists",
                {
                    "signin_link": mail.absolute_url(reverse("ostiary_accounts:signin")),
                    "recover_link": mail.absolute_url(reverse("ostiary_accounts:recover")),
                },
            )
        events.record("signup.requested", request=request, personal={"email": email})
    return registration


def pending(hashed_token: str) -> PendingRegistration | None:
    """The registration of a mailed link, unless it was used or has expired."""
    return PendingRegistration.objects.filter(
        token_hash=hashed_token, expires_at__gt=timezone.now()
    ).first()


def confirm(request: HttpRequest, registration: PendingRegistration) -> Any:
    """Make the account; ``None`` if the link was used, or the address taken, in the meantime.

    Deleting the registration consumes the link: of two parallel clicks one deletes the row.
    """
    with transaction.atomic():
        deleted, _ = PendingRegistration.objects.filter(pk=registration.pk).delete()
        if not deleted:
            return None
        user = _new_user(registration)
        try:
            with transaction.atomic():
                user.save()
        except IntegrityError:
            return None
        events.record("signup.verified", user=user, request=request)
    return user


def _new_user(registration: PendingRegistration) -> Any:
    """The account, on any user model: what the model has no field for is left out."""
    user_model = get_user_model()
    known = {field.name for field in user_model._meta.fields}
    facts = {
        user_model.USERNAME_FIELD: registration.email,
        user_model.get_email_field_name(): registration.email,
        "password": registration.password,
        "name": registration.name,
        "email_verified_at": timezone.now(),
    }
    return user_model(**{name: value for name, value in facts.items() if name in known})
