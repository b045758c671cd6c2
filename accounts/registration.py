"""Sign-up: an account exists once its owner has shown that the address is theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from ostiary import events, mail

from .links import LIFETIME_SECONDS, new_token, token_hash
from .models import PendingRegistration


def find_user(email: str) -> Any:
    """The person with this address, in any case; ``None`` if there is none."""
    user_model = get_user_model()
    try:
        return user_model._default_manager.get_by_natural_key(email)
    except user_model.DoesNotExist:
        return None


def request_account(
    request: HttpRequest, *, email: str, name: str, password: str, next_url: str
) -> None:
    """Mail a link to the address: to finish signing up, or, to its owner, how to sign in.

    Either way one password is hashed, one message written, and the page answers alike (C1).
    """
    hashed = make_password(password)
    token = new_token()
    existing = find_user(email)
    with transaction.atomic():
        PendingRegistration.objects.filter(email__iexact=email).delete()
        if existing is None:
            PendingRegistration.objects.create(
                token_hash=token_hash(token),
                email=email,
                name=name,
                password=hashed,
                next_url=next_url,
                expires_at=timezone.now() + timedelta(seconds=LIFETIME_SECONDS),
            )
            path = f"{reverse('ostiary_accounts:verify')}?{urlencode({'token': token})}"
            mail.send_email(
                email, "ostiary_accounts/mail/verify", {"link": mail.absolute_url(path)}
            )
        else:
            mail.send_email(
                email,
                "ostiary_accounts/mail/account_exists",
                {
                    "signin_link": mail.absolute_url(reverse("ostiary_accounts:signin")),
                    "recover_link": mail.absolute_url(reverse("ostiary_accounts:recover")),
                },
            )
        events.record("signup.requested", request=request, personal={"email": email})


def pending(token: str) -> PendingRegistration | None:
    """The registration of a mailed link, unless it was used or has expired."""
    return PendingRegistration.objects.filter(
        token_hash=token_hash(token), expires_at__gt=timezone.now()
    ).first()


def confirm(request: HttpRequest, registration: PendingRegistration) -> Any:
    """Make the account; ``None`` if the link was used in the meantime.

    Deleting the registration consumes the link: of two parallel clicks one deletes the row.
    """
    user_model = get_user_model()
    with transaction.atomic():
        deleted, _ = PendingRegistration.objects.filter(pk=registration.pk).delete()
        if not deleted:
            return None
        user = user_model(email=registration.email, password=registration.password)
        for field, value in (
            ("name", registration.name),
            ("email_verified_at", timezone.now()),
        ):
            if hasattr(user, field):
                setattr(user, field, value)
        try:
            with transaction.atomic():
                user.save()
        except IntegrityError:  # the address has got an account in the meantime
            return None
        events.record("signup.verified", user=user, request=request)
    return user
