"""Codes that are mailed: to sign in by, or in place of a sum that a browser can't do.

A code lives ten minutes, may be tried five times, works once, and only in the browser that asked
for it. Asking costs and answers the same for every address (SECURITY C1): a worker looks whether it
has an account.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare

from ostiary import events, mail, outbox
from ostiary.device import describe

from . import codes
from .addresses import email_of, find_by_identifier, find_user
from .credentials import credential_hash
from .links import link_to, new_token, token_hash
from .models import MailedCode

LIFETIME = timedelta(minutes=10)
DELAY_SECONDS = 20
"""What a code in place of a sum costs a program: this long, and a mailbox (no script needed)."""

Purpose = MailedCode.Purpose


def _session_key(purpose: str) -> str:
    return f"ostiary.mailed_code.{purpose}"


def ask(
    request: HttpRequest,
    purpose: str,
    address: str,
    *,
    form: str = "",
    context: dict[str, Any] | None = None,
) -> None:
    """Have a code mailed to ``address``, if it is for someone; this browser is to enter it."""
    with transaction.atomic():
        asked = MailedCode.objects.create(
            purpose=purpose,
            form=form,
            address=address,
            context={
                **(context or {}),
                "device": str(describe(request.META.get("HTTP_USER_AGENT", ""))),
            },
            expires_at=timezone.now() + LIFETIME,
        )
        events.record(
            "code.requested",
            request=request,
            details={"purpose": purpose},
            personal={"email": address},
        )
        outbox.enqueue(
            "accounts.mailed_code",
            {"id": str(asked.pk), "language": translation.get_language() or ""},
            delay_seconds=DELAY_SECONDS if purpose == Purpose.CHALLENGE else 0,
        )
    request.session[_session_key(purpose)] = str(asked.pk)


@outbox.handler("accounts.mailed_code", queue=outbox.Queue.URGENT)
def mail_code(payload: dict[str, Any], key: str) -> None:
    """Make the code and mail it. At a repeat another is mailed, and is then the one that works."""
    asked = MailedCode.objects.filter(pk=payload["id"], expires_at__gt=timezone.now()).first()
    if asked is None:
        return
    user = _person(asked)
    if user is None and asked.form != "signup":
        return
    code, token = codes.new_code(), new_token()
    context = {"code": codes.in_words(code)}
    asked.code_hash = codes.code_hash(asked.purpose, asked.pk, code)
    if asked.purpose == Purpose.SIGNIN:
        asked.token_hash, asked.credential_hash = token_hash(token), credential_hash(user)
        context["link"] = link_to("ostiary_accounts:signin_link", token)
    with transaction.atomic():
        changed = MailedCode.objects.filter(pk=asked.pk).update(
            code_hash=asked.code_hash,
            token_hash=asked.token_hash,
            credential_hash=asked.credential_hash,
        )
        if changed:
            mail.send_email(
                asked.address if asked.form == "signup" else email_of(user),
                f"ostiary_accounts/mail/{asked.purpose}_code",
                context,
                language=payload["language"],
                urgent=True,
            )


def _person(asked: MailedCode) -> Any:
    """Whose address it is; ``None`` if nobody's who may sign in."""
    by_name = asked.form == "signin"
    user = find_by_identifier(asked.address) if by_name else find_user(asked.address)
    return user if user is not None and user.is_active else None


def asked_here(request: HttpRequest, purpose: str) -> MailedCode | None:
    """What was asked for in this browser, if it can still be entered."""
    return _live(request, purpose).first()


def _live(request: HttpRequest, purpose: str) -> QuerySet[MailedCode]:
    """The one row that this browser may try, if there is one."""
    key: Any = request.session.get(_session_key(purpose))
    return MailedCode.objects.filter(
        pk=key, purpose=purpose, tries__lt=codes.MOST_TRIES, expires_at__gt=timezone.now()
    )


def redeem(request: HttpRequest, purpose: str, typed: str) -> MailedCode | None:
    """What the code was asked for; ``None`` if it is wrong, spent, expired or another browser's.

    Each look spends a try before it looks, and of parallel right ones one deletes the row.
    """
    asked = asked_here(request, purpose)
    if asked is None or not _live(request, purpose).update(tries=F("tries") + 1):
        return None
    if not codes.is_right(asked.code_hash, purpose, asked.pk, typed) or not _take(asked):
        return None
    request.session.pop(_session_key(purpose), None)
    return asked


def linked(hashed_token: str) -> MailedCode | None:
    """What a mailed link is for, unless it was used or has expired."""
    return MailedCode.objects.filter(
        purpose=Purpose.SIGNIN, token_hash=hashed_token, expires_at__gt=timezone.now()
    ).first()


def is_from_here(request: HttpRequest, asked: MailedCode) -> bool:
    """Whether it was this browser that asked."""
    return bool(request.session.get(_session_key(asked.purpose)) == str(asked.pk))


def redeem_link(request: HttpRequest, asked: MailedCode) -> bool:
    """Use the link up; ``False`` if it was used in the meantime."""
    if is_from_here(request, asked):
        request.session.pop(_session_key(asked.purpose), None)
    return _take(asked)


def _take(asked: MailedCode) -> bool:
    return bool(MailedCode.objects.filter(pk=asked.pk).delete()[0])


def signs_in(asked: MailedCode) -> Any:
    """Who signs in by it; ``None`` if password, address or account have changed since."""
    user = _person(asked)
    if user is None or not constant_time_compare(asked.credential_hash, credential_hash(user)):
        return None
    return user
