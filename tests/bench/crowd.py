"""Many people and many clients in turn, as they come to a site of some size: one person and one
client are always in the database's memory, and in every cache.

``python -m tests.bench.crowd 100`` signs in so many of the people that `seeding` made, in the
project that ``DJANGO_SETTINGS_MODULE`` names, and prints their cookies.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from tests.bench.browser import Browser, post
from tests.bench.request import FORM, PLACE, SECOND, SEPARATOR, THIRD, Request
from tests.bench.sides.provider import Client, Provider
from tests.idp_site.site import ROOT

SIZE = 100
"""People, and clients of each kind."""
HEADER = "Authorization"


@dataclass(frozen=True, eq=False)
class Crowd(Provider):
    """Each person uses one client, and each client has one person."""

    cookies: tuple[str, ...] = field(kw_only=True)

    @cached_property
    def webs(self) -> list[Client]:
        """The copies of the client that may have codes, by person."""
        return [replace(self.web, client_id=f"client-{n + 1}") for n in range(len(self.cookies))]

    @cached_property
    def services(self) -> list[Client]:
        """The copies of the client that may have tokens of its own."""
        return [
            replace(self.service, client_id=f"service-{n + 1}") for n in range(len(self.cookies))
        ]

    @cached_property
    def consented(self) -> bool:
        """Everybody has agreed to what their client asks for."""
        for cookie, client in zip(self.cookies, self.webs, strict=True):
            self._code(cookie, client)
        return True

    def _code(self, cookie: str, client: Client) -> str:
        browser = Browser(self.port)
        browser.cookies = dict(each.split("=", 1) for each in cookie.split("; "))
        return replace(self, web=client).authorize(browser)

    def _client_credentials(self) -> Request:
        values = tuple(_secret(client) for client in self.services)
        asked = super()._client_credentials()
        return replace(
            asked, headers={**FORM, HEADER: f"Basic {PLACE}"}, values=values, cycled=True
        )

    def _introspection(self) -> Request:
        values = []
        for client in self.services:
            form = [("grant_type", "client_credentials")]
            token = post(self.port, self.paths["token"], form, **client.basic)["access_token"]
            values.append(_joined(token, _secret(client)))
        return Request(
            "POST",
            self.paths["introspection"],
            f"token={PLACE}",
            {**FORM, HEADER: f"Basic {SECOND}"},
            contains='"active": true',
            values=tuple(values),
            cycled=True,
        )

    def _userinfo(self) -> Request:
        tokens = [
            replace(self, web=client).exchange(self._code(cookie, client))["access_token"]
            for cookie, client in zip(self.cookies, self.webs, strict=True)
        ]
        return Request(
            "GET",
            self.paths["userinfo"],
            headers={HEADER: f"Bearer {PLACE}"},
            contains='"sub"',
            values=tuple(tokens),
            cycled=True,
        )

    def _authorize(self) -> Request:
        assert self.consented
        any_client = replace(self, web=replace(self.web, client_id="CLIENT"))
        path = any_client.authorization_url().replace(urlencode({"client_id": "CLIENT"}), "{}", 1)
        values = [
            _joined(cookie, client.client_id, _secret(client))
            for cookie, client in zip(self.cookies, self.webs, strict=True)
        ]
        asked = Provider._authorize(self)
        return replace(
            asked,
            path=path.replace("{}", f"client_id={SECOND}"),
            headers={"Cookie": PLACE},
            values=tuple(values),
            cycled=True,
        )

    def redemption(self, codes: tuple[str, ...]) -> Request:
        """Of codes that are followed by whose they are."""
        return replace(super().redemption(codes), headers={**FORM, HEADER: f"Basic {THIRD}"})

    def refreshing(self, tokens: tuple[str, ...]) -> Request:
        """Of tokens that are followed by whose they are."""
        return replace(super().refreshing(tokens), headers={**FORM, HEADER: f"Basic {THIRD}"})


def _secret(client: Client) -> str:
    return client.basic[HEADER].removeprefix("Basic ")


def _joined(*values: str) -> str:
    return SEPARATOR.join(values)


def of(side: Provider, size: int = SIZE) -> Crowd:
    """The side, used by so many, whom `seeding` has made."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.crowd", str(size)],
        cwd=ROOT,
        env=dict(side.environment),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    cookies = tuple(json.loads(ran.stdout.splitlines()[-1]))
    told = {each.name: getattr(side, each.name) for each in fields(side)}
    return Crowd(**told, cookies=cookies)


def signed_in(size: int) -> list[str]:
    """The cookies of so many people's browsers."""
    from django.contrib.auth import get_user_model
    from django.test import Client as Browser

    people: Any = get_user_model()._default_manager
    cookies = []
    for number in range(1, size + 1):
        browser = Browser(SERVER_NAME="localhost")
        browser.force_login(people.get(email=f"person-{number}@people.example"))
        held = browser.cookies.items()
        cookies.append("; ".join(f"{name}={morsel.value}" for name, morsel in held))
    return cookies


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(signed_in(int(sys.argv[1]))))
    sys.stdout.flush()
    os._exit(0)  # pools of connections may have threads that nobody waits for
