"""What a failure to send an email means: for good, for now, or for an operator to mend.

SMTP tells it by its reply codes (RFC 5321 §4.2.1), a mail provider by the HTTP status of its API.
"""

from __future__ import annotations

import json
import re
import smtplib
from typing import Any

from . import mail_bounces, outbox, retry_after

TO_MEND = frozenset({401, 402, 403, 404, 405, 407})
"""A key, an account, a domain or an address of the API that an operator puts right: tried again."""
NOT_NOW = frozenset({408, 409, 421, 423, 425, 429})


def told(error: Exception) -> Exception | None:
    """What the outbox is to be told: ``PermanentFailure`` or ``RetryAfter``, ``None`` for the error
    itself, which is tried again."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        if codes and min(codes) >= 500:
            return outbox.PermanentFailure(f"The mail server refused the recipient ({codes[0]}).")
    elif isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500:
        return outbox.PermanentFailure(f"The mail server refused the message ({error.smtp_code}).")
    return _told_by_provider(error)


def must_be_taken(message: Any) -> None:
    """Raise ``PermanentFailure`` where a provider answered, and did not say that it took the
    message: anymail raises for some of that only."""
    status = getattr(message, "anymail_status", None)
    for each in status.recipients.values() if status else ():
        if each.status == "failed" or (each.status == "unknown" and not each.message_id):
            raise outbox.PermanentFailure("The mail provider did not take the message.")


def is_no_mailbox(error: Exception) -> bool:
    """Whether a mail server says that the address gets no mail, or a provider that knows it from
    before."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return any(
            code >= 500 and bool(mail_bounces.by_code([text.decode("ascii", "replace")]))
            for code, text in error.recipients.values()
        )
    try:
        from anymail.exceptions import AnymailRecipientsRefused
    except ImportError:
        return False
    return isinstance(error, AnymailRecipientsRefused)


def _told_by_provider(error: Exception) -> Exception | None:
    try:
        from anymail import exceptions as anymail
    except ImportError:
        return None
    if isinstance(error, anymail.AnymailRecipientsRefused):
        return outbox.PermanentFailure("The mail provider refused the recipient.")
    if isinstance(error, anymail.AnymailAPIError):
        return _told_by_status(error)
    if isinstance(error, anymail.AnymailError):
        # An address, header or part that this provider can't carry: the text may hold it.
        return outbox.PermanentFailure(f"The mail provider can't send it: {type(error).__name__}.")
    return None


def _told_by_status(error: Any) -> Exception:
    status: int | None = error.status_code
    if status is None:
        reason = type(error.__cause__ or error).__name__
        return outbox.RetryAfter(f"The mail provider could not be asked ({reason}).", 0)
    said = " ".join([str(status), *_code(error.response)])
    if status < 400:
        # A page of some proxy, likely: twice is better than not at all.
        return outbox.RetryAfter(f"The mail provider's answer can't be read ({said}).", 0)
    if status >= 500 or status in NOT_NOW:
        wait = retry_after.seconds(error.response.headers.get("Retry-After", ""))
        return outbox.RetryAfter(f"The mail provider asks to come back later ({said}).", wait)
    if status in TO_MEND:
        return outbox.RetryAfter(f"The mail provider does not let us in ({said}).", 0)
    return outbox.PermanentFailure(f"The mail provider refused the message ({said}).")


def _code(response: Any) -> list[str]:
    """A number or one word of the provider's JSON that says why: it can't hold the message."""
    try:
        found = json.loads(response.content)
    except ValueError:
        return []
    if isinstance(found, dict) and isinstance(found.get("error"), dict):
        found = found["error"]
    if not isinstance(found, dict):
        return []
    words = (str(found.get(name, "")) for name in ("ErrorCode", "code", "name", "type", "error"))
    return [word for word in words if re.fullmatch(r"\w{1,64}", word)][:1]
