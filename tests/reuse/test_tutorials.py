"""The tutorials beside the first one, step by step, as they stand: files are written, commands run
by a shell. Only ports, the package (the built wheel) and a secret are the test's own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest
import requests

from tests.idp_site.site import environment
from tests.machine import free_port
from tests.passkeys.authenticator import Authenticator

from .conftest import LENT, ROOT

BLOCK = re.compile(r"^```(sh|python|html)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"(?:# |<!-- )([\w/.]+)(, at the end)?(?: -->)?\n")


@pytest.fixture
def background() -> Iterator[Callable[..., Path]]:
    """Runs a command until the end of the test; gives its log."""
    processes = []

    def start(command: str, folder: Path, env: Mapping[str, str], log: Path) -> Path:
        with log.open("w") as output:
            processes.append(
                subprocess.Popen(
                    ["bash", "-c", f"exec {command}"],
                    cwd=folder,
                    env=env,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        return log

    yield start
    for process in processes:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def wait_for(said: str, log: Path) -> None:
    """Until the log says it."""
    deadline = time.monotonic() + 240
    while said not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def wait_until_it_answers(url: str) -> None:
    """Until something listens there."""
    deadline = time.monotonic() + 120
    while True:
        try:
            httpx.get(url)
        except httpx.TransportError:
            assert time.monotonic() < deadline, url
            time.sleep(0.2)
        else:
            return


class Tutorial:
    """A page whose blocks are taken one after another. ``instead`` are the test's own texts."""

    def __init__(self, page: str, folder: Path, instead: Mapping[str, str]) -> None:
        self.folder, self.instead = folder, instead
        self.environment = {name: os.environ[name] for name in os.environ if name not in LENT}
        self.blocks = iter(BLOCK.findall((ROOT / page).read_text()))

    def text(self) -> tuple[str, str]:
        """The next block: its language, and it."""
        language, text = next(self.blocks)
        for ours, theirs in self.instead.items():
            text = text.replace(ours, theirs)
        return language, text

    def write(self) -> None:
        """The next block is a file."""
        language, text = self.text()
        found = FILE.match(text)
        assert language in ("python", "html"), text
        assert found, text
        path = self.folder / found[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text() if found[2] else ""
        path.write_text(before + text)

    def run(self, *, without: str = "") -> str:
        """The next block is for a shell, which keeps its folder and its variables; what it says."""
        language, text = self.text()
        assert language == "sh", text
        script = text.partition(without)[0] if without else text
        state = self.folder / "state"
        done = subprocess.run(
            ["bash", "-euc", f"{script}\ndeclare -px > {state}; pwd > {state}.folder"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}"
        read = (
            f'. {state}; {sys.executable} -c "import json, os; print(json.dumps(dict(os.environ)))"'
        )
        kept = subprocess.run(
            ["bash", "-c", read], env={}, capture_output=True, text=True, check=True
        )
        self.environment = json.loads(kept.stdout)
        self.folder = Path(Path(f"{state}.folder").read_text().strip())
        return done.stdout

    def is_done(self) -> bool:
        return next(self.blocks, None) is None


def test_an_api_is_protected(wheel: Path, tmp_path: Path, background: Callable[..., Path]) -> None:
    port, rp_port, api = free_port(), free_port(neighbours=1), free_port()
    tutorial = Tutorial(
        "docs/tutorials/protect-an-api.md",
        tmp_path,
        {
            "../ostiary[resource-server]": f"django-ostiary[resource-server] @ {wheel.as_uri()}",
            "localhost:8000": f"localhost:{port}",
            "localhost:9001": f"localhost:{rp_port + 1}",
            "8080": str(api),
            "make run": f"make run VENV={sys.prefix} PORT={port} RP_PORT={rp_port}",
            "SECRET=…  # of demo-service": "",
        },
    )
    _, command = tutorial.text()
    log = background(command, ROOT, environment(tmp_path / "var"), tmp_path / "provider")
    tutorial.run()
    tutorial.write()
    tutorial.write()
    _, command = tutorial.text()
    background(command, tutorial.folder, tutorial.environment, tmp_path / "api")
    wait_until_it_answers(f"http://localhost:{api}/notes")
    wait_for("Ready. Press Ctrl-C to stop everything.", log)

    refused = tutorial.run()
    assert "401 Unauthorized" in refused
    assert "/.well-known/oauth-protected-resource" in refused

    [secret] = re.findall(r"demo-service +(\S+)", log.read_text())
    tutorial.environment |= {"SECRET": secret, "TOKEN": ""}
    assert '{"notes": ["Buy milk"], "for": "demo-service"}' in tutorial.run()

    refused = tutorial.run()
    assert "401 Unauthorized" in refused
    assert 'error="invalid_token"' in refused
    assert tutorial.is_done()


def test_passkeys_are_added_to_a_project(
    wheel: Path, tmp_path: Path, background: Callable[..., Path]
) -> None:
    port = free_port()
    site = f"http://localhost:{port}"
    tutorial = Tutorial(
        "docs/tutorials/passkeys.md",
        tmp_path,
        {
            "../ostiary[passkeys]": f"django-ostiary[passkeys] @ {wheel.as_uri()}",
            "http://localhost:8000": site,
            "runserver 8000": f"runserver {port}",
            "createsuperuser": "createsuperuser --no-input",  # in place of the terminal's questions
        },
    )
    password = "a password of carol's"
    tutorial.environment["DJANGO_SUPERUSER_PASSWORD"] = password
    tutorial.run()
    for _ in range(4):
        tutorial.write()
    tutorial.run(without="python manage.py runserver")
    command = f"python manage.py runserver {port}"
    background(command, tutorial.folder, tutorial.environment, tmp_path / "site")
    wait_until_it_answers(site)
    assert tutorial.is_done()

    def send(browser: requests.Session, url: str, **fields: str) -> requests.Response:
        form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"], **fields}
        return browser.post(url, form, headers={"Referer": url}, timeout=30)

    def ask(browser: requests.Session, url: str) -> dict[str, object]:
        """What our script asks the browser for."""
        assert browser.get(url, timeout=30).status_code == 200
        form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        answer = browser.post(url, form, headers={"Accept": "application/json"}, timeout=30)
        found: dict[str, object] = answer.json()
        return found

    browser, authenticator = requests.Session(), Authenticator(origin=site)
    page = browser.get(site, timeout=30)
    assert "ostiary_passkeys/passkeys.js" in page.text
    home = send(browser, f"{site}/login/?next=/", username="carol", password=password)
    assert "Hello, carol" in home.text
    [manage] = re.findall(r'<a href="([^"]+)">Passkeys', home.text)
    made = authenticator.create(ask(browser, site + manage))
    assert send(browser, site + manage, answer=json.dumps(made)).status_code == 200

    elsewhere = requests.Session()
    [sign_in] = re.findall(r'<a href="([^"]+)">Sign in with a passkey', page.text)
    shown = authenticator.get(ask(elsewhere, site + sign_in))
    inside = send(elsewhere, site + sign_in, answer=json.dumps(shown))
    assert "Hello, carol" in inside.text
