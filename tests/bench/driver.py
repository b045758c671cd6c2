"""Sends requests over keep-alive connections and times the answers, at little cost to the machine.

A process of its own (``python -m tests.bench.driver``): standard input is one JSON object, the
answer another. It works where no load tool is installed, spends codes and refresh tokens that
are good once, and looks at each answer; the measured servers share the machine with it, so that
what it costs itself is told too.
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import time
from collections import deque
from typing import Any

from tests.bench.request import SEPARATOR, Request

DRAIN = 60
"""Seconds that an answer may take after the end."""
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.I)
CLOSE = re.compile(rb"\r\nconnection: *close", re.I)


class Connection:
    """A keep-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.value = ""
        self.open()

    def open(self) -> None:
        """Connect; what was received before is forgotten."""
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.ends_at = 0

    def send(self, message: bytes) -> None:
        """Send a request and start its clock."""
        self.received = b""
        self.ends_at = 0
        self.started = time.perf_counter()
        self.socket.sendall(message)

    def receive(self) -> bool:
        """Take what has come; whether that completes the answer. Raises ``OSError``."""
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionResetError("The server closed the connection.")
        self.received = self.received + data if self.received else data
        if not self.ends_at:
            head = self.received.find(b"\r\n\r\n")
            if head < 0:
                return False
            if found := LENGTH.search(self.received, 0, head):
                self.ends_at = head + 4 + int(found[1])
            elif not CHUNKED.search(self.received, 0, head + 2):
                self.ends_at = head + 4
        if self.ends_at:
            return len(self.received) >= self.ends_at
        return self.received.endswith(b"\r\n0\r\n\r\n")


class Driver:
    """Runs one job: what is sent, on how many connections, for how long, ``most`` times if that is
    given."""

    def __init__(
        self, port: int, request: Request, connections: int, seconds: float, most: int = 0
    ) -> None:
        self.request = request
        self.left = most or sys.maxsize
        self.port = port
        self.host = f"localhost:{port}"
        self.seconds = seconds
        self.good = b" %d " % request.status
        self.contains = request.contains.encode()
        self.pattern = re.compile(request.taken.encode()) if request.taken else None
        self.values = deque(reversed(request.values))
        self.fixed = request.message(self.host)
        self.latencies: list[float] = []
        self.taken: list[str] = []
        self.failures = 0
        self.first_failure = ""
        wanted = min(connections, len(self.values)) if request.values else connections
        wanted = min(wanted, self.left)
        self.connections = [Connection(port) for _ in range(wanted)]

    def next_message(self, each: Connection, taken: str) -> bytes:
        """What a connection sends next, nothing when there is nothing left to send."""
        if not self.left:
            return b""
        self.left -= 1
        if not self.request.values:
            return self.fixed
        value = taken if self.request.chained and taken else self._next_value()
        each.value = value
        return self.request.message(self.host, value) if value else b""

    def _next_value(self) -> str:
        value = self.values.pop() if self.values else ""
        if self.request.cycled:
            self.values.appendleft(value)
        return value

    def judge(self, answer: bytes, sent: str) -> str:
        """Count a wrong answer; what is kept of a right one, to which ``sent`` was sent."""
        right = answer[8:13] == self.good and self.contains in answer
        found = self.pattern.search(answer) if right and self.pattern else None
        if not right or (self.pattern and not found):
            self.failures += 1
            self.first_failure = self.first_failure or answer[:600].decode(errors="replace")
        if not found:
            return ""
        return SEPARATOR.join([found[1].decode(), *sent.split(SEPARATOR)[1:]])

    def run(self) -> dict[str, Any]:
        """Send until the time is over or everything is spent, and wait for the last answer."""
        poll = select.epoll()
        by_number = {}
        began = last = time.perf_counter()
        end = began + self.seconds
        for each in self.connections:
            each.send(self.next_message(each, ""))
            poll.register(each.socket, select.EPOLLIN)
            by_number[each.socket.fileno()] = each
        while by_number and time.perf_counter() < end + DRAIN:
            for number, _ in poll.poll(1):
                each = by_number[number]
                if not each.receive():
                    continue
                last = time.perf_counter()
                self.latencies.append(last - each.started)
                taken = self.judge(each.received, each.value)
                if taken and not self.request.chained:
                    self.taken.append(taken)
                message = self.next_message(each, taken) if last < end else b""
                if not message or CLOSE.search(each.received, 0, each.received.find(b"\r\n\r\n")):
                    poll.unregister(number)
                    del by_number[number]
                    each.socket.close()
                    if not message:
                        if taken and self.request.chained:
                            self.taken.append(taken)
                        continue
                    each.open()
                    poll.register(each.socket, select.EPOLLIN)
                    by_number[each.socket.fileno()] = each
                each.send(message)
        self.failures += len(by_number)
        return self.told(last - began)

    def told(self, elapsed: float) -> dict[str, Any]:
        """Seconds, milliseconds and counts."""
        ordered = sorted(self.latencies)

        def part(share: float) -> float:
            return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 3)

        return {
            "driver": "own",
            "requests": len(ordered),
            "elapsed": elapsed,
            "failures": self.failures,
            "first_failure": self.first_failure,
            "p50_ms": part(0.5),
            "p95_ms": part(0.95),
            "p99_ms": part(0.99),
            "taken": self.taken,
            "driver_seconds": time.process_time(),
        }


def main() -> None:
    """Do the job of the standard input."""
    job = json.load(sys.stdin)
    request = Request.read(job["request"])
    driver = Driver(job["port"], request, job["connections"], job["seconds"], job["most"])
    print(json.dumps(driver.run()))


if __name__ == "__main__":
    main()
