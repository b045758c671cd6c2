"""Another email address: confirmed at the new, told to the old with a way back (SECURITY C5)."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation

from ostiary import events, mail, mail_standing, outbox, sessions
from ostiary.notifications import language_of, notify
from ostiary.signals import password_changed

from . import factor_recovery, links, support, unreachable
from .addresses import email_of, is_of_another, set_email
from .models import MailedLink, RecoveryToken

UNDO_LIFETIME = timedelta(days=7)
"""For so long the old address can take the change back."""
CHANGE, UNDO = MailedLink.Purpose.CHANGE_EMAIL, MailedLink.Purpose.UNDO_EMAIL


class Outcome(Enum):
    """What came of a link."""

    DONE = "done"
    DEAD = "dead"
    TAKEN = "taken"


def changes(user: Any) -> QuerySet[MailedLink]:
    """The change that waits for the new address to be confirmed, unread."""
    return MailedLink.objects.filter(user=user, purpose=CHANGE, expires_at__gt=timezone.now())


def waiting(user: Any) -> MailedLink | None:
    """The same, looked up."""
    return changes(user).first()


def request_change(request: HttpRequest, user: Any, email: str) -> None:
    """Mail a link to the new address; an earlier one dies.

    If somebody else has the address, its owner is told so, and the page is the same (C1): nobody
    is told the token of what is written here.
    """
    taken = is_of_another(email, user)
    with transaction.atomic():
        MailedLink.objects.filter(user=user, purpose=CHANGE).delete()
        token = links.make(user, CHANGE, email=email)
        if taken:
            mail.send_email(
                email,
                "ostiary_accounts/mail/account_exists",
                {
                    "signin_link": mail.absolute_url(reverse("ostiary_accounts:signin")),
                    "recover_link": mail.absolute_url(reverse("ostiary_accounts:recover")),
                },
                urgent=True,  # as the other, so that neither is told by its delay
            )
        else:
            link = links.link_to("ostiary_accounts:email_confirm", token)
            _mail(user, email, "email_confirm", link=link)
        events.record(
            "email.change_requested", user=user, request=request, personal={"email": email}
        )


def _mail(user: Any, to: str, message: str, **context: str) -> None:
    template = f"ostiary_accounts/mail/{message}"
    mail.send_email(to, template, context, language=language_of(user), urgent=True)


def cancel(request: HttpRequest, user: Any) -> bool:
    """Call off the change that waits; whether there was one."""
    with transaction.atomic():
        deleted, _ = MailedLink.objects.filter(user=user, purpose=CHANGE).delete()
        if deleted:
            events.record("email.change_cancelled", user=user, request=request)
    return bool(deleted)


def confirm(request: HttpRequest, link: MailedLink) -> Outcome:
    """Give the person the address of the link, and tell the old one how to take it back."""
    try:
        with transaction.atomic():
            user = links.use(link)
            if user is None:
                return Outcome.DEAD
            if link.email == email_of(user):
                unreachable.confirmed_again(request, user)
                return Outcome.DONE
            if is_of_another(link.email, user):
                return Outcome.TAKEN
            replace(request, user, link.email)
    except IntegrityError:  # the address was given to another at this very moment
        return Outcome.TAKEN
    return Outcome.DONE


def replace(request: HttpRequest, user: Any, email: str) -> None:
    """Give the person an address shown to be theirs, and tell the old one how to take it back.

    To be called in a transaction. Raises ``IntegrityError`` if somebody else has the address.
    """
    before = email_of(user)
    user.save(update_fields=set_email(user, email))
    mail_standing.clear(user, request=request)
    RecoveryToken.objects.filter(user=user).delete()
    factor_recovery.stop(request, user)
    support.stop(user, "email", request=request)
    tell_old_address(user, before)
    notify(user, "email_changed", {"address": email}, request=request)
    events.record(
        "email.changed",
        user=user,
        request=request,
        personal={"before": before, "after": email},
    )


def tell_old_address(user: Any, before: str) -> None:
    """Tell an address that it is no longer the person's, with a link that takes it back."""
    token = links.make(
        user, UNDO, email=before, lifetime=UNDO_LIFETIME, dies_with_credentials=False
    )
    undo_link = links.link_to("ostiary_accounts:email_undo", token)
    _mail(user, before, "email_changed", undo_link=undo_link)


def undo(request: HttpRequest, link: MailedLink) -> Outcome:
    """Give the person back the address that the link was mailed to.

    Whoever changed it knew the password, so that is void, every session ends, and a link to set a
    new password goes to the restored address. Later changes and their links die with this one.
    """
    try:
        with transaction.atomic():
            user = links.use(link)
            if user is None:
                return Outcome.DEAD
            if is_of_another(link.email, user):
                return Outcome.TAKEN
            before = email_of(user)
            changed = set_email(user, link.email)
            user.set_unusable_password()
            user.save(update_fields=["password", *changed])
            mail_standing.clear(user, request=request)
            own = MailedLink.objects.filter(user=user)
            own.exclude(purpose=UNDO, created_at__lt=link.created_at).delete()
            RecoveryToken.objects.filter(user=user).delete()
            factor_recovery.stop(request, user)
            support.stop(user, "email", request=request)
            sessions.end_all(user, "email_undone")
            password_changed.send(type(user), user=user, request=request)
            _mail(user, before, "email_undone")
            outbox.enqueue(
                "accounts.recovery_link",
                {
                    "email": link.email,
                    "next_url": "",
                    "language": translation.get_language() or "",
                },
            )
            events.record(
                "email.change_undone",
                user=user,
                request=request,
                personal={"before": before, "after": link.email},
            )
    except IntegrityError:
        return Outcome.TAKEN
    return Outcome.DONE
