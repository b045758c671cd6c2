"""The points of an erasure at which a process may be killed, as it comes to them.

They are found by wrapping what the product has, in a process that ends with the test: nothing of it
stands in the product. A new step, a new message or a new statement is a point by itself.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db import connection

from oauth import client_push
from ostiary import erasure, outbox

Reached = Callable[[str], None]


def half_way(points: list[str], step: str) -> str:
    """The statement of SQL in the middle of a step."""
    statements = [each for each in points if each.startswith(f"{step}: statement ")]
    return statements[len(statements) // 2]


def install(reached: Reached) -> None:
    """Have ``reached`` called with the name of each point, from now on and for good."""
    _Here(reached).wrap()


class _Here:
    """What this process is at: the request, a step, or a message of some kind."""

    def __init__(self, reached: Reached) -> None:
        self.reached = reached
        self.at = ""
        self.statements = 0

    def tell(self, what: str, about: str = "") -> None:
        if about or self.at:
            self.reached(f"{about or self.at}: {what}")

    def within(self, at: str, call: Callable[[], Any]) -> Any:
        before, self.at, self.statements = self.at, at, 0
        try:
            return call()
        finally:
            self.at = before

    def wrap(self) -> None:
        self._replace(erasure, "request", self._asked)
        self._replace(erasure, "_claim", self._erasure_claimed)
        self._replace(erasure, "_do", self._step_done)
        self._replace(erasure, "steps", self._steps)
        self._replace(outbox, "_publish", self._published)
        self._replace(outbox, "_claim", self._message_claimed)
        self._replace(outbox, "deliver", self._delivered)
        self._replace(client_push, "fetch", self._sent)
        self._replace(EmailMultiAlternatives, "send", self._sent)
        for kind in outbox.kinds():
            outbox._handlers[kind] = functools.partial(self._handled, outbox._handlers[kind])
        self._replace(connection, "_commit", self._committed)
        connection.execute_wrappers.append(self._statement)

    @staticmethod
    def _replace(where: Any, name: str, by: Callable[..., Any]) -> None:
        # A function, which on a class becomes a method; the first argument is what it replaces.
        before = getattr(where, name)
        setattr(where, name, lambda *args, **kwargs: by(before, *args, **kwargs))

    def _asked(self, ask: Any, *args: Any, **kwargs: Any) -> Any:
        return self.within("request", lambda: ask(*args, **kwargs))

    def _erasure_claimed(self, claim: Any, key: Any) -> Any:
        claimed = claim(key)
        self.tell("claimed", "erasure")
        return claimed

    def _step_done(self, carry_out: Any, about: Any, name: str, step: Any) -> Any:
        return self.within(name, lambda: carry_out(about, name, step))

    def _steps(self, steps: Any) -> dict[str, Any]:
        return {name: self._begun(step) for name, step in steps().items()}

    def _begun(self, step: Any) -> Callable[[Any, Any], Any]:
        def do(about: Any, user: Any) -> Any:
            self.tell("begun")
            return step(about, user)

        return do

    def _statement(self, execute: Any, sql: str, *rest: Any) -> Any:
        if self.at:
            self.statements += 1
            self.tell(f"statement {self.statements}")
        return execute(sql, *rest)

    def _committed(self, commit: Any) -> None:
        self.tell("commits")
        commit()
        self.tell("committed")

    def _published(self, publish: Any, message: Any) -> None:
        self.tell("is handed over", message.kind)
        publish(message)
        self.tell("was handed over", message.kind)

    def _message_claimed(self, claim: Any, key: Any) -> Any:
        message = claim(key)
        if message is not None:
            self.at = message.kind
            self.tell("claimed")
        return message

    def _delivered(self, deliver: Any, key: Any) -> Any:
        def told() -> Any:
            done = deliver(key)
            self.tell("done")
            return done

        return self.within("", told)

    def _handled(self, handle: Any, payload: Any, key: str) -> None:
        handle(payload, key)
        self.tell("handled")

    def _sent(self, send: Any, *args: Any, **kwargs: Any) -> Any:
        answer = send(*args, **kwargs)
        self.tell("sent")
        return answer
