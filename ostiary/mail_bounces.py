"""What an event of a mail provider says of an address: for good, or not.

Anymail gives events one shape, in which a full mailbox, a sender on a block list and a filter of
spam are bounces too. An address is marked only where it gets no mail itself. That stands in the
enhanced status code of the mail server (RFC 3463), in the provider's own class of the failure, or
in words, and is looked up in this order. What says nothing of the address marks none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .models import SentMail

Report = SentMail.Report

CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3}\.\d{1,3})(?!\d|\.\d)")
"""An enhanced status code, and no IP address."""
OF_ADDRESS = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
"""For good: no such mailbox or domain, moved, no mail at all, switched off (RFC 3463 §3.2 and §3.3,
RFC 7505)."""
UNDECIDED = frozenset({"0.0", "1.0", "1.4", "3.0", "5.0"})
"""From servers that don't say what is wrong, or with whose address."""
NO_SUCH_MAILBOX = re.compile(
    r"no such (?:user|mailbox|recipient|account|address|person|domain)"
    r"|(?:unknown|invalid) (?:user|mailbox|recipient|account)"
    r"|(?:user|mailbox|recipient|account)(?: \S+)? (?:is )?(?:unknown|not found|not known)"
    r"|(?:user|mailbox|recipient|account|address)[^;]{0,80} do(?:es not|es ?n.t|n.t) exist"
    r"|no mailbox here by that name|this user doesn.t have an? ",
    re.IGNORECASE,
)
SOMETHING_ELSE = re.compile(
    r"\b(?:spam|block(?:ed|list|listed)?|blacklist(?:ed)?|policy|reputation|sender|content|quota"
    r"|full|dmarc|spf|dkim)\b",
    re.IGNORECASE,
)
LONGEST_TEXT = 2000

Path = tuple[str, ...]
Words = tuple[tuple[Path, frozenset[Any]], ...]

SUPPRESSED: Words = (
    (("event-data", "reason"), frozenset({"suppress-bounce"})),  # Mailgun
    (("event-data", "delivery-status", "code"), frozenset({605})),
    (("code",), frozenset({"605"})),
    (("type",), frozenset({"email.suppressed"})),  # Resend
    (("data", "bounce", "subType"), frozenset({"Suppressed", "OnAccountSuppressionList"})),
    (("bounce", "bounceSubType"), frozenset({"Suppressed", "OnAccountSuppressionList"})),  # SES
    (("error",), frozenset({"preblocked"})),  # Mailjet
    (("reject", "reason"), frozenset({"hard-bounce", "invalid"})),  # Mandrill
)
"""Of providers that don't even try: they know the address from before."""
COMPLAINED: Words = (
    (("event-data", "reason"), frozenset({"suppress-complaint"})),  # Mailgun
    (("event-data", "delivery-status", "code"), frozenset({607})),
    (("reason",), frozenset({"Spam Reporting Address"})),  # SendGrid
    (("reject", "reason"), frozenset({"spam"})),  # Mandrill
)
"""The same, of people who have reported mail as spam."""
CLASSES: Words = (
    (("event-data", "reason"), frozenset({"bounce"})),  # Mailgun
    (("event-data", "delivery-status", "bounce-type"), frozenset({"hard"})),
    (("Type",), frozenset({"HardBounce", "BadEmailAddress"})),  # Postmark
    (("SuppressionReason",), frozenset({"HardBounce"})),
    (
        ("error",),  # Mailjet
        frozenset(
            {"user unknown", "mailbox inactive", "invalid domain", "no mail host", "typofix"}
        ),
    ),
    (("error_related_to",), frozenset({"recipient", "domain"})),
    (("hard_bounce",), frozenset({True})),
    (("bounce", "bounceSubType"), frozenset({"NoEmail"})),  # Amazon SES
    (("bounce", "bounceType"), frozenset({"Permanent"})),
    (("data", "bounce", "subType"), frozenset({"NoEmail"})),  # Resend
    (("data", "bounce", "type"), frozenset({"Permanent"})),
    (("data", "type"), frozenset({"hard_bounced"})),  # MailerSend
    (("msg", "bounce_description"), frozenset({"bad_mailbox", "invalid_domain"})),  # Mandrill
    (("bounce_class",), frozenset({"10", "30"})),  # SparkPost: no such recipient
    (("payload", "status"), frozenset({"HardFail"})),  # Postal
    (("bounce_category",), frozenset({"badmailbox", "bad-mailbox", "bad-domain"})),  # Mailtrap
    (
        ("delivery_info", "delivery_status"),  # Unisender Go
        frozenset({"err_user_unknown", "err_user_inactive", "err_domain_inactive"}),
    ),
    (("bounce_classification",), frozenset({"Invalid Address"})),  # SendGrid
    (("type",), frozenset({"bounce", "hard_bounce"})),  # SendGrid; Mandrill
    (("event",), frozenset({"hard_bounce", "invalid_email"})),  # Brevo, Mandrill
)
"""Where providers say what kind of failure it was, the finest first, and which of their words mean
the address; another word there means something else."""
SAYS_NOTHING = frozenset(
    {
        *("General", "general", "generic", "Unclassified", "Mailbox Unavailable", "email.bounced"),
        *("bounce", "bounced", "dropped", "failed", "reject", "rejected", "err_delivery_failed"),
    }
)
"""Words that leave it open: the next place is looked at."""
TEXTS: tuple[Path, ...] = (
    ("event-data", "delivery-status", "enhanced-code"),  # Mailgun
    ("code",),
    ("status",),  # SendGrid
    ("reason",),
    ("data", "failed", "reason"),  # Resend
    ("data", "bounce", "diagnosticCode"),
    ("data", "morph", "reason"),  # MailerSend
    ("bounce", "bouncedRecipients"),  # Amazon SES
)
"""Where a mail server's answer is that anymail leaves in the provider's own event."""


def report_of(event: Any) -> str:
    """What it means for the message; ``""`` for what changes nothing, such as a delay."""
    kind, reason, said = event.event_type, event.reject_reason, _unwrapped(event.esp_event)
    if kind == "delivered":
        return Report.DELIVERED.value
    if kind == "complained":
        # Postmark calls it so too where a filter took the message for spam.
        is_filter = _value(said, "Type") == "SpamNotification"
        return "" if is_filter else Report.COMPLAINED.value
    if _is_one_of(COMPLAINED, said) or (kind == "rejected" and reason == "spam"):
        return Report.COMPLAINED.value
    if _is_one_of(SUPPRESSED, said):
        return Report.BOUNCED.value
    texts = list(_texts(event, said))
    if kind == "unknown" and _value(said, "type") == "email.failed":  # Resend
        return Report.BOUNCED.value if _by_words(texts) else Report.FAILED.value
    if kind not in ("bounced", "rejected", "failed"):
        return ""
    verdict = by_code(texts)
    if verdict is None:
        verdict = _by_class(said, texts)
    if verdict is None:
        verdict = _by_words(texts) or (kind == "rejected" and reason in ("bounced", "invalid"))
    return Report.BOUNCED.value if verdict else ""


def why_not_sent(event: Any) -> str:
    """The provider's word for a message that it took and did not send, if it is one: such as
    ``reached_daily_quota``. It can't hold anything of the message."""
    word = _value(event.esp_event, "data", "failed", "reason")
    return word if isinstance(word, str) and re.fullmatch(r"\w{1,64}", word) else ""


def by_code(texts: Iterable[str]) -> bool | None:
    """Whether the enhanced status codes in a mail server's answers say that the address gets no
    mail; ``None`` if they don't say. One that speaks of something else counts most."""
    found = {
        kind == "5" and rest in OF_ADDRESS
        for text in texts
        for kind, rest in CODE.findall(text[:LONGEST_TEXT])
        if kind != "2" and rest not in UNDECIDED
    }
    return None if not found else found == {True}


def _by_class(said: Any, texts: Iterable[str]) -> bool | None:
    """What the provider's own class says, unless the words speak of something else."""
    if _value(said, "hard_bounce") is False:  # Mailjet
        return False
    for path, words in CLASSES:
        word = _value(said, *path)
        if word in words:
            return not _speaks_of_something_else(texts)
        if word not in (None, "") and word not in SAYS_NOTHING and not CODE.search(str(word)):
            return False
    return None


def _by_words(texts: Iterable[str]) -> bool:
    return not _speaks_of_something_else(texts) and any(map(NO_SUCH_MAILBOX.search, texts))


def _speaks_of_something_else(texts: Iterable[str]) -> bool:
    return any(map(SOMETHING_ELSE.search, texts))


def _texts(event: Any, said: Any) -> Iterator[str]:
    """All that a mail server, or the provider in its place, has said."""
    for told in (event.mta_response, event.description):
        if isinstance(told, str):
            yield told[:LONGEST_TEXT]
    for path in TEXTS:
        for text in _strings(_dig(said, path)):
            yield text[:LONGEST_TEXT].replace("_", " ")


def _strings(found: Any) -> Iterator[str]:
    """A text, or those of a short list, such as one of recipients (a message of ours has one)."""
    if isinstance(found, str | int) and not isinstance(found, bool):
        yield str(found)
    elif isinstance(found, list):
        for each in found[:5]:
            if isinstance(each, Mapping):
                yield from _strings(each.get("status"))
                yield from _strings(each.get("diagnosticCode"))
            elif isinstance(each, str):
                yield each


def _unwrapped(said: Any) -> Any:
    """SparkPost wraps its events twice; the words of others stand where they are."""
    inner = said.get("msys") if isinstance(said, Mapping) else None
    return next(iter(inner.values()), said) if isinstance(inner, Mapping) else said


def _is_one_of(places: Words, said: Any) -> bool:
    return any(_value(said, *path) in words for path, words in places)


def _value(said: Any, *path: str) -> Any:
    """What stands there, if it is a word, a number or a truth."""
    found = _dig(said, path)
    return found if isinstance(found, str | int | bool) else None


def _dig(said: Any, path: Path) -> Any:
    for name in path:
        said = said.get(name) if isinstance(said, Mapping) else None
    return said
