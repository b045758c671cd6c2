"""Asking the issuer what a token is worth (RFC 7662)."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from django.core.cache import caches

from ..access_token import AccessToken, check_common
from ..errors import InvalidToken, Unavailable
from ..fetch import FetchError, fetch
from ..issuer import Issuer

log = logging.getLogger(__name__)


@dataclass(frozen=True, repr=False)
class Introspection:
    """Who asks whom, and how long an answer is kept."""

    issuer: Issuer
    audience: str
    client_id: str
    client_secret: str
    cache: str
    seconds: int
    leeway: int

    def introspect(self, token: str) -> AccessToken:
        """What the issuer says of a token for this API. Raises ``InvalidToken`` where it is not
        active, or for another API (§4), and ``Unavailable`` if the issuer doesn't answer."""
        told = self._told(token)
        if told.get("active") is not True or told.get("iss", self.issuer.url) != self.issuer.url:
            raise InvalidToken
        if "exp" not in told:  # which §2.2 leaves open: then it holds as long as this answer does
            told = {**told, "exp": int(time.time()) + self.seconds}
        check_common(told, audience=self.audience, leeway=self.leeway)
        return AccessToken({name: value for name, value in told.items() if name != "active"})

    def _told(self, token: str) -> dict[str, Any]:
        asked = f"{self.issuer.url}\n{self.client_id}\n{token}".encode()
        key = f"ostiary:introspection:{hashlib.sha256(asked).hexdigest()}"
        kept: dict[str, Any] | None = self._cached("get", key)
        if kept is not None:
            return kept
        try:
            told = self._ask(token)
        except (FetchError, ValueError, RecursionError) as problem:
            log.warning("no answer of the introspection endpoint: %s", problem)
            raise Unavailable from None
        self._cached("set", key, told, self.seconds)
        return told

    def _cached(self, method: str, *arguments: Any) -> Any:
        """What the cache says. Without one the issuer is asked each time."""
        try:
            return getattr(caches[self.cache], method)(*arguments)
        except Exception:  # each backend has errors of its own
            log.exception("the cache of introspection does not answer")
            return None

    def _ask(self, token: str) -> dict[str, Any]:
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
        answer = fetch(
            self.issuer.endpoint("introspection_endpoint"),
            data=urlencode({"token": token, "token_type_hint": "access_token"}).encode(),
            headers={
                "Accept": "application/json",
                "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
        if answer.status != 200:
            raise FetchError(f"the answer has the status {answer.status}")
        told = json.loads(answer.body)
        if not isinstance(told, dict):
            raise ValueError("not an introspection response")
        return told
