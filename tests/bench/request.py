"""A request that is sent again and again, and how its answer is told from a wrong one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PLACE, SECOND, THIRD = PLACES = "{value}", "{second}", "{third}"
"""Stand in a path, a header or a body for what differs from request to request, ready to be sent as
it is."""
SEPARATOR = "\t"
"""Between the values of one request, where it has several."""


def filled(text: str, value: str) -> str:
    """The text with the values in their places."""
    for place, part in zip(PLACES, value.split(SEPARATOR), strict=False):
        text = text.replace(place, part)
    return text


@dataclass(frozen=True)
class Request:
    """What is sent to a side for one operation.

    ``contains`` must be in the answer, head or body. ``values`` are spent, one a request, in the
    places that there are for them, or with ``cycled`` used again and again, in turn. ``taken`` is a
    regular expression whose first group is kept of each answer, in place of the first of the values
    that were sent; with ``chained`` it is what the connection sends next.
    """

    method: str
    path: str
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    contains: str = ""
    values: tuple[str, ...] = ()
    taken: str = ""
    chained: bool = False
    cycled: bool = False

    @property
    def is_fixed(self) -> bool:
        """Whether every request is the same, and nothing is kept of the answers."""
        return not self.values and not self.taken

    def told(self) -> dict[str, Any]:
        """For a process of the driver's own."""
        return asdict(self)

    @classmethod
    def read(cls, told: dict[str, Any]) -> Request:
        """What ``told`` told."""
        return cls(**{**told, "values": tuple(told["values"])})

    def head(self, host: str) -> str:
        """Everything before the body but for ``Content-Length``."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}"]
        return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in self.headers.items())])

    def message(self, host: str, value: str = "") -> bytes:
        """The bytes to send."""
        body = filled(self.body, value)
        length = f"\r\nContent-Length: {len(body)}" if body else ""
        return f"{filled(self.head(host), value)}{length}\r\n\r\n{body}".encode()
