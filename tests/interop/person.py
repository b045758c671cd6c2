"""A person whose browser has no scripts: follows redirects, fills in forms, presses buttons."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx


class _Form(HTMLParser):
    """The first form of a page that posts: its address, its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        posts = (given.get("method") or "").lower() == "post"
        if tag == "form" and posts and self.action is None:
            self.action = given.get("action") or ""
            self._inside = True
        filled = tag == "input" and given.get("type") not in ("checkbox", "submit")
        if self._inside and filled and (name := given.get("name")):
            self.fields[name] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def _target(response: httpx.Response) -> str:
    """Where a redirect leads."""
    return urljoin(str(response.url), response.headers["location"])


class Person:
    """Someone who can sign in and says yes to what they are asked."""

    def __init__(self, email: str, password: str, code: str = "") -> None:
        self.email, self.password, self.code = email, password, code
        self.browser = httpx.Client(follow_redirects=False, timeout=30)

    def go(self, url: str, until: str, decision: str = "allow") -> str:
        """Go to ``url`` and on, until a redirect leads to ``until``; returns that address."""
        for response in self._way_from(url, decision):
            if response.is_redirect and _target(response).startswith(until):
                return _target(response)
        raise AssertionError(f"never came to {until}, but to {response.url}:\n{response.text}")

    def read(self, url: str, until: str, decision: str = "allow") -> str:
        """Go to ``url`` and on, until a page says ``until``; returns the page."""
        for response in self._way_from(url, decision):
            if not response.is_redirect and until in response.text:
                return response.text
        raise AssertionError(f"never read {until}, but {response.url}:\n{response.text}")

    def sign_out(self, issuer: str) -> None:
        """Sign out at the provider."""
        self._fill_in(self.browser.get(f"{issuer}/signout/"), "allow")

    def _way_from(self, url: str, decision: str = "allow") -> Iterator[httpx.Response]:
        response = self.browser.get(url)
        for _ in range(12):
            yield response
            if response.is_redirect:
                response = self.browser.get(_target(response))
            else:
                response = self._fill_in(response, decision)

    def _fill_in(self, response: httpx.Response, decision: str) -> httpx.Response:
        form = _Form()
        form.feed(response.text)
        assert form.action is not None, f"no form at {response.url}:\n{response.text}"
        fields = form.fields
        if "password" in fields:
            fields.update(identifier=self.email, password=self.password)
        elif "code" in fields:
            fields["code"] = self.code
        else:
            fields["decision"] = decision
        url = urljoin(str(response.url), form.action) if form.action else str(response.url)
        return self.browser.post(
            url, data=fields, headers={"Origin": url[: url.index("/", 8)], "Referer": url}
        )
