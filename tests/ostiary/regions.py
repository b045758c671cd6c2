"""Another region, as far as a test needs one: its key, its tokens and what it answers."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ostiary import jws, receipts
from ostiary.regions import tokens
from ostiary.regions.configured import Region
from ostiary.regions.link import Answer

EU = Region("eu", "https://eu.id.example.com")
US = Region("us", "https://us.id.example.com")
PATH = "/regions/erasures"


class Peer:
    """The region ``us``; this site is ``eu``."""

    def __init__(self, folder: Path) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.file = folder / "us.json"
        self.file.write_text(json.dumps(self.jwks))
        self.asked: list[dict[str, Any]] = []
        self.answers: list[Any] = []
        """What is answered to each request, in turn, and the last for good."""

    @property
    def jwks(self) -> dict[str, Any]:
        """Its keys."""
        return {"keys": [jws.jwk(jws.x_of(self.key))]}

    @property
    def settings(self) -> dict[str, Any]:
        """For ``OSTIARY``: it is known, with its keys."""
        us = {"url": US.url, "keys": str(self.file)}
        return {"REGION": "eu", "REGIONS": {"eu": {"url": EU.url}, "us": us}}

    def token(
        self, said: dict[str, Any], *, typ: str = tokens.REQUEST, key: Any = None, **changed: Any
    ) -> str:
        """What it says to us, with some claims ``changed``."""
        now = int(time.time())
        claims = {"iss": "us", "aud": EU.url, "iat": now, "exp": now + 60, "jti": uuid.uuid4().hex}
        return jws.sign({**claims, **said, **changed}, typ, key or self.key)

    def receipt(self, erasure: str, *, key: Any = None, **changed: Any) -> str:
        """Its own, for an erasure of ours."""
        answers = {"region": "eu", "erasure": erasure}
        claims = {"region": "us", "answers": answers, "accounts": 1, "steps": [], "jti": "there"}
        return jws.sign({**claims, **changed}, receipts.TYPE, key or self.key)

    def done(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer of a region that has erased."""
        return {"state": "done", "receipt": self.receipt(asked["erasure"])}

    def ask(self, url: str, path: str, token: str = "", seconds: float = 0) -> Answer:
        """In place of ``link.ask``: a request of ours, and what comes back."""
        assert (url, path) == (US.url, PATH)
        asked = jws.unverified(token, tokens.MAX_LENGTH)[1]
        self.asked.append(asked)
        turn = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        said = turn(asked) if callable(turn) else turn
        if isinstance(said, Answer):
            return said
        if isinstance(said, str):
            return Answer(200, "application/jwt", said.encode())
        answer = self.token({"request": asked["jti"], **said}, typ=tokens.ANSWER)
        return Answer(200, "application/jwt", answer.encode())
