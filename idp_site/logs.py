"""Logs: one JSON object a line, with the request's id, and nothing secret in it."""

from __future__ import annotations

import functools
import json
import logging
import os
import re
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest, HttpResponse

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
REQUEST_ID = "X-Request-ID"
request_id: ContextVar[str] = ContextVar("request_id", default="")
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

access = logging.getLogger("idp_site.access")
ACCESS_MESSAGE = "request"

# The fields that a line may have. Everything else that a library hangs on a record stays out: a
# request object, for one, would bring its query string.
FIELDS = (
    "method",
    "path",
    "status",
    "duration_ms",
    "task_name",
    "task_id",
    "event",
    "event_chain_head",
)

_SENSITIVE = (
    r"code|state|nonce|token|secret|password|passwd|assertion|verifier|challenge|otp|key|hint"
    r"|cookie|session|sid|authorization|request_uri"
)
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# None looks at a part of the text twice: who sends a long one must not make it cost more than that.
_REDACTIONS = (
    # name=value and "name": "value", whatever stands before the name
    re.compile(rf"(?i)((?:{_SENSITIVE})[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;)}}]+"),
    re.compile(r"(?i)\b((?:bearer|basic|dpop)\s+)[\w.~+/=-]{6,}"),
    re.compile(r"()(?<![\w-])(?=[\w-]++\.[\w.-])[\w-]*?\beyJ[\w-]+\.[\w.-]+"),
    # anything long enough to be a 128-bit secret, and e-mail addresses and telephone numbers
    re.compile(rf"()(?<![\w.-])(?!{_UUID}\b)[A-Za-z0-9_-]{{32,}}={{0,2}}(?![\w.])"),
    re.compile(r"()(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    re.compile(r"()(?<!\w)\+\d[\d ()-]{6,}\d"),
    re.compile(r"(\?)[^\s\"'>]+"),
    # PostgreSQL tells the row's values in its detail.
    re.compile(r"(DETAIL: ).*"),
)


# A path segment as long as a token; an identifier (UUID) may be told.
_LONG = 24
_LONG_SEGMENT = re.compile(rf"(?<=/)(?!{_UUID}(?:/|$))[^/]{{{_LONG},}}")


def loggable_path(path: str) -> str:
    """``path`` without segments that may be a token (of a recovery link, for one)."""
    if len(path) <= _LONG:  # as those of most endpoints are
        return path
    return _LONG_SEGMENT.sub("[redacted]", path[:300])


def redact(text: str) -> str:
    """``text`` without what looks like a secret, an address or a query string."""
    for pattern in _REDACTIONS:
        text = pattern.sub(r"\1[redacted]", text)
    return text


LONGEST = 4000
"""So much of a message is told: some repeat what somebody sent."""
_json = json.JSONEncoder(default=str).encode


class Formatter(logging.Formatter):
    """Writes time, level, logger, message, request id and the few known fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, of which a site with traffic writes thousands a second."""
        message = record.getMessage()
        told: dict[str, Any] = {
            "time": f"{_second(int(record.created))}.{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message if record.msg is ACCESS_MESSAGE else redact(message[:LONGEST]),
        }
        if current := request_id.get():
            told["request_id"] = current
        given = record.__dict__
        for name in FIELDS:
            if name in given:
                told[name] = given[name]
        if record.exc_info and record.exc_info[0]:
            told["exception"] = redact(self.formatException(record.exc_info))
        return _json(told)


@functools.lru_cache(maxsize=8)
def _second(since_1970: int) -> str:
    """The second as ISO 8601, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since_1970))


def logging_config(level: str) -> dict[str, Any]:
    """Django's ``LOGGING``: everything to standard error, as JSON.

    What no line tells is not gathered, for each of them (Python's ``logging``, "Optimization").
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "idp_site.logs.Formatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            # The access line tells of 4xx already.
            "django.request": {"level": "ERROR"},
            # Their INFO lines tell of addresses and messages.
            "httpx": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            "amqp": {"level": "WARNING"},
        },
    }


def id_of(environ: Mapping[str, Any]) -> str:
    """The id of a request: the one that it brings, if that is safe to tell, or else a new one."""
    offered = environ.get("HTTP_X_REQUEST_ID")
    return offered if offered and _SAFE_ID.fullmatch(offered) else os.urandom(16).hex()


def tell_access(method: str | None, path: str, status: int, started: float) -> None:
    """Write the access line of a request that ``perf_counter`` saw begin at ``started``."""
    if access.isEnabledFor(logging.INFO):
        extra = {
            "method": method,
            "path": loggable_path(path),
            "status": status,
            "duration_ms": round((time.perf_counter() - started) * 1000, 1),
        }
        # What ``access.info`` does, but for the search for who called it, which no line tells.
        name, level = access.name, logging.INFO
        access.handle(access.makeRecord(name, level, "", 0, ACCESS_MESSAGE, (), None, None, extra))


class RequestLogMiddleware:
    """Gives each request an id, returns it, and writes one access line: never a query or a body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        current = id_of(request.META)
        token = request_id.set(current)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response[REQUEST_ID] = current
            tell_access(request.method, request.path, response.status_code, started)
            return response
        finally:
            request_id.reset(token)
