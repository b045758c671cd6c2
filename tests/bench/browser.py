"""A person's browser, as much of one as it takes to sign in, to consent and to come back."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

REDIRECTS = 20
LEADS_ON = re.compile(r'<meta http-equiv="refresh" content="0;url=([^"]*)">')
"""On the page on which an answer leaves the site after a form."""


class Form(HTMLParser):
    """The form of a page that is sent by POST and has these fields: where to, and what it holds.

    The last of them, if several have: those in the footer have other fields.
    """

    def __init__(self, page: str, wanted: Iterable[str]) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._wanted = set(wanted)
        self._action = ""
        self._names: set[str] = set()
        self._fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Of a form, an input or a button."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._action, self._names, self._fields = found.get("action", ""), set(), {}
        elif tag in ("input", "button") and "name" in found:
            self._names.add(found["name"])
            if found.get("type", "text") not in ("checkbox", "radio", "submit"):
                self._fields[found["name"]] = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Of a form."""
        if tag == "form" and self._wanted <= self._names:
            self.action, self.fields = self._action, self._fields


class Browser:
    """Keeps cookies and follows redirects on one host; ``location`` is where it stands."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://localhost:{port}"
        self.port = port
        self.cookies: dict[str, str] = {}
        self.location = self.origin
        self.page = ""

    @property
    def cookie(self) -> str:
        """The header of that name."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def go(self, url: str) -> str:
        """Open an address and follow redirects: the page, or the address elsewhere."""
        return self._follow("GET", urljoin(self.location, url), "")

    def submit(self, fields: Mapping[str, str]) -> str:
        """Send the form of the page where the browser stands, with these fields filled in."""
        action = Form(self.page, fields).action
        body = urlencode(self.filled_in(fields))
        return self._follow("POST", urljoin(self.location, action), body)

    def filled_in(self, fields: Mapping[str, str]) -> dict[str, str]:
        """What the form of the page would send."""
        return {**Form(self.page, fields).fields, **fields}

    def _follow(self, method: str, url: str, body: str) -> str:
        for _ in range(REDIRECTS):
            if not url.startswith(self.origin + "/"):
                return url
            self.location = url
            status, headers, self.page = self._ask(method, url, body)
            if status not in (301, 302, 303, 307, 308):
                if status != 200:
                    raise SystemExit(f"{method} {url} answered {status}: {self.page[:400]}")
                led_on = LEADS_ON.search(self.page)
                return html.unescape(led_on[1]) if led_on else self.page
            url, method, body = urljoin(url, headers["Location"]), "GET", ""
        raise SystemExit(f"{url} redirects without end.")

    def _ask(self, method: str, url: str, body: str) -> tuple[int, Any, str]:
        parts = urlsplit(url)
        headers = {"Host": parts.netloc, "Cookie": self.cookie, "Origin": self.origin}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, target, body or None, headers)
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        connection.close()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
            if not value or "1970" in cookie:
                self.cookies.pop(name)
        return response.status, response.headers, text


def post(port: int, path: str, fields: Iterable[tuple[str, str]], **headers: str) -> dict[str, Any]:
    """Send a form as a client does: the JSON of the answer. Raises ``SystemExit`` if refused."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    sent = {"Host": f"localhost:{port}", "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", path, urlencode(list(fields)), {**sent, **headers})
    response = connection.getresponse()
    text = response.read().decode(errors="replace")
    connection.close()
    if response.status != 200:
        raise SystemExit(f"{path} answered {response.status}: {text[:400]}")
    found: dict[str, Any] = json.loads(text)
    return found
