"""Telling a client something, server to server: one POST to an address that it registered.

A handler of the outbox calls it, and so it is tried again where it may go better another time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from ostiary import outbox, retry_after

from .safe_fetch import Answer, fetch

ANSWER_SECONDS = 5.0
MAX_BYTES = 8 * 1024
"""Of an answer, of which little but the status is read."""


class NotDeliveredError(outbox.RetryAfter):
    """The client gave an answer that may be another next time, and said when, if it did."""


def push(
    address: str,
    body: str,
    headers: Mapping[str, str],
    *,
    taken: Collection[int],
    refusal: Callable[[Answer], str],
) -> None:
    """POST ``body``, until an answer with a status of ``taken``.

    Raises ``outbox.PermanentFailure`` where ``refusal`` finds a reason in the answer that won't
    change, and ``FetchError`` or ``NotDeliveredError`` where it may. A redirect is not followed.
    """
    answer = fetch(
        address, data=body.encode(), headers=headers, max_bytes=MAX_BYTES, seconds=ANSWER_SECONDS
    )
    if answer.status in taken:
        return
    if reason := refusal(answer):
        raise outbox.PermanentFailure(reason)
    raise NotDeliveredError(described(answer), retry_after.seconds(answer.retry_after))


def described(answer: Answer) -> str:
    """What became of it, for operators."""
    return f"It answered {answer.status}."
