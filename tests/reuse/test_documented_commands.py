"""Every command that the README, the tutorial and the page of the demo name, run: as it is written
there, but with ports, folders and an interpreter of the test's own. Where that can't be, what is
run in its place stands beside it.

A command that is new on these pages fails the last test until one here runs it.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.idp_site.site import PRODUCTION, environment
from tests.interop.person import Person
from tests.machine import free_port
from tests.run import passes

from .conftest import ROOT, new_environment, run

PAGES = ("README.md", "docs/tutorial.md", "docs/reference/demo.md")
BLOCK = re.compile(r"^( *)```sh\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:make|python|pip|celery) [^`]+)`")
WHEEL = ("ostiary", "accounts", "oauth", "mfa", "passkeys")
PASSWORD = "correct horse battery staple"
F = TypeVar("F", bound=Callable[..., None])


def commands() -> set[str]:
    """Every command of the pages, without its comment; the parts of ``a && b`` each for itself."""
    found = set()
    for page in PAGES:
        text = (ROOT / page).read_text()
        lines = [line for _, block in BLOCK.findall(text) for line in joined(block)]
        for line in lines + INLINE.findall(text):
            words = " ".join(shlex.split(line, comments=True))
            found.update(part for part in words.split(" && ") if part)
    return found


def joined(block: str) -> list[str]:
    return block.replace("\\\n", " ").splitlines()


_run_here: set[str] = set()


def runs(*which: str) -> Callable[[F], F]:
    """Marks the test that runs these commands."""
    _run_here.update(which)
    return lambda test: test


def python_block_after(heading: str) -> str:
    """The first Python below a heading of the README."""
    text = (ROOT / "README.md").read_text().partition(f"## {heading}\n")[2]
    return text.partition("```python\n")[2].partition("```")[0]


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str]) -> object:
    """What the condition says once it says something. Fails when the process ends before."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError("it ended, or never answered")


def answers(url: str, **headers: str) -> bool:
    try:
        return httpx.get(url, headers=headers).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def started(
    *command: str | Path, env: dict[str, str], log: Path, said: str = ""
) -> Iterator[subprocess.Popen[str]]:
    """A process, from when its log says ``said`` until it is asked to stop, which it does."""
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT, text=True
        )
    try:
        if said:
            wait_for(lambda: said in log.read_text(), process)
        yield process
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    except BaseException:
        print(log.read_text())
        raise
    finally:
        process.kill()
        process.wait()


# --- try it ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """``make run``, until it is ready; gives what it was told."""
    folder = tmp_path_factory.mktemp("demo")
    env = environment(folder / "var")
    chosen = {"PORT": str(free_port()), "RP_PORT": str(free_port(neighbours=1))}
    command = ["make", "run", f"VENV={sys.prefix}", *(f"{key}={chosen[key]}" for key in chosen)]
    log = folder / "log"
    with started(*command, env=env, log=log, said="Ready. Press Ctrl-C to stop everything."):
        yield {**env, **chosen, "LOG": str(log), "ISSUER": f"http://localhost:{chosen['PORT']}"}
    assert "Stopped." in log.read_text()


def told_by(demo: dict[str, str], *arguments: str) -> str:
    """What a command says to somebody in another terminal, who names the folder and ``DEMO=1``."""
    kept = {name: value for name, value in demo.items() if name not in ("ISSUER", "LOG")}
    return run(sys.executable, *arguments, cwd=ROOT, **{**kept, "DEMO": "1"})


@runs("make run", "make run PORT=8100 RP_PORT=9100")
def test_make_run_says_where_all_is_and_the_application_signs_people_in(
    demo: dict[str, str],
) -> None:
    said = Path(demo["LOG"]).read_text()
    fieldnotes = f"http://localhost:{demo['RP_PORT']}"
    for address in (demo["ISSUER"], f"{demo['ISSUER']}/dev/mailbox/", fieldnotes):
        assert address in said

    page = Person("alice@example.com", PASSWORD).read(f"{fieldnotes}/login", until="Refresh tokens")

    assert "alice@example.com" in page


@runs(
    "DEMO=1 .venv/bin/python manage.py demo_credentials",
    "DEMO=1 .venv/bin/python manage.py demo_credentials --json",
)
def test_the_operator_is_in_the_admin_site_with_the_code_that_is_told(
    demo: dict[str, str],
) -> None:
    people = json.loads(told_by(demo, "manage.py", "demo_credentials", "--json"))["people"]
    said = told_by(demo, "manage.py", "demo_credentials")
    [code] = re.findall(r"admin@example\.com .* code (\d{6}) ", said)
    assert "totp_key" in people[2]

    operator = Person("admin@example.com", PASSWORD, code=code)

    assert operator.read(f"{demo['ISSUER']}/admin/", until="/admin/ostiary_oauth/client/add/")


@runs("ISSUER_URL=http://localhost:8000 .venv/bin/python -m examples.device")
def test_a_terminal_connects_as_the_demos_device(demo: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = (sys.executable, "-m", "examples.device")
    env = {**demo, "ISSUER_URL": demo["ISSUER"], "PYTHONIOENCODING": "utf-8"}
    with started(*command, env=env, log=log, said="and enter") as device:
        code = log.read_text().partition("and enter")[2].split()[0]
        person = Person("alice@example.com", PASSWORD)
        person.read(f"{demo['ISSUER']}/oauth/device?user_code={code}", until="Device connected")
        device.wait(60)
    assert "Connected: hello, Alice Archer." in log.read_text()


@runs("make help")
def test_make_help_lists_the_commands() -> None:
    said = run("make", "help", cwd=ROOT)
    assert {"make run", "make test", "make docs"} <= {line[:9].strip() for line in said.split("\n")}


@runs("make test")
def test_make_test_runs_the_passes() -> None:
    """In its place: which program it starts, and that this finds something to run."""
    assert "python -m tests.run" in run("make", "-n", "test", cwd=ROOT)
    assert passes()


@runs("make docs")
def test_make_docs_builds_the_documentation(tmp_path: Path) -> None:
    """In its place: the program that it starts, into a folder of the test."""
    assert "mkdocs build --strict --quiet" in run("make", "-n", "docs", cwd=ROOT)
    mkdocs = Path(sys.executable).parent / "mkdocs"
    run(mkdocs, "build", "--strict", "--quiet", "--site-dir", tmp_path / "site", cwd=ROOT)
    assert (tmp_path / "site" / "tutorial.html").is_file()


# --- one app in a project -------------------------------------------------------------------------


@runs("pip install ../ostiary[oauth]")
def test_one_app_is_added_to_a_new_project(tmp_path: Path) -> None:
    """To what ``django-admin startproject`` makes, beside a copy of this repository."""
    clone = tmp_path / "ostiary"
    for app in WHEEL:
        shutil.copytree(ROOT / app, clone / app, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, clone)
    project = tmp_path / "shop"
    project.mkdir()
    python, install = new_environment(tmp_path)
    run(*install, "../ostiary[oauth]", cwd=project)
    run(python, "-m", "django", "startproject", "shop", ".", cwd=project)
    settings, urls = python_block_after("Add one app to your project").split("# urls.py\n")
    for name, text in (("settings.py", settings), ("urls.py", urls)):
        with (project / "shop" / name).open("a") as file:
            file.write(text)
    keys = {"FIELD_ENCRYPTION_KEYS": PRODUCTION["FIELD_ENCRYPTION_KEYS"]}
    look = (
        "from django.test import Client;"
        "print(Client(headers={'host': 'localhost'}).get('/.well-known/openid-configuration')"
        ".json()['issuer'])"
    )

    run(python, "manage.py", "migrate", cwd=project, **keys)
    checked = run(python, "manage.py", "check", cwd=project, **keys)
    found = run(python, "manage.py", "shell", "-v0", "-c", look, cwd=project, **keys)

    assert "System check identified no issues" in checked
    assert found.strip() == "http://localhost:8000"


# --- for real -------------------------------------------------------------------------------------


@runs(
    "export ISSUER_URL=https://id.example.com SECRET_KEY=… FIELD_ENCRYPTION_KEYS=… "
    "DATABASE_URL=postgres://… REDIS_URL=redis://… CELERY_BROKER_URL=amqp://… EMAIL_URL=smtp://…",
    "pip install --require-hashes -r requirements/site.txt",
    "python manage.py migrate",
    "python manage.py collectstatic --no-input",
    "python manage.py check --deploy",
    "python manage.py createsuperuser",
    "python -m idp_site.serve --interface wsgi idp_site.wsgi:application",
    "celery -A idp_site worker",
    "celery -A idp_site beat",
)
def test_a_site_is_set_up_for_real_and_its_processes_start_and_stop(tmp_path: Path) -> None:
    """But its database and its broker are files. The packages are those of the tests: pip looks
    through the lock, and has nothing to install. The operator is named without a terminal."""
    port = str(free_port())
    files = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "CELERY_BROKER_URL": "filesystem://localhost",
    }
    operator = {"DJANGO_SUPERUSER_PASSWORD": "a long password of an operator"}
    env = environment(tmp_path, **{**PRODUCTION, **files, **operator}, GRANIAN_PORT=port)
    lock = ("--require-hashes", "-r", "requirements/site.txt")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    assert "Would install" not in run(*pip, "install", "--dry-run", *lock, cwd=ROOT)

    for command in (
        ("migrate",),
        ("collectstatic", "--no-input"),
        ("check", "--deploy"),
        ("createsuperuser", "--no-input", "--email", "operator@example.com"),
    ):
        run(sys.executable, "manage.py", *command, cwd=ROOT, **env)
    serve = (sys.executable, "-m", "idp_site.serve", "--interface", "wsgi")
    celery = (sys.executable, "-m", "celery", "-A", "idp_site")
    with (
        started(*serve, "idp_site.wsgi:application", env=env, log=tmp_path / "web") as web,
        started(*celery, "worker", env=env, log=tmp_path / "worker", said="ready") as worker,
        started(*celery, "beat", env=env, log=tmp_path / "beat", said="Starting") as beat,
    ):
        address = f"http://127.0.0.1:{port}/readyz"
        wait_for(lambda: answers(address, host="id.example.com"), web)

    assert (web.returncode, worker.returncode, beat.returncode) == (0, 0, 0)


# --- all of them ----------------------------------------------------------------------------------


def test_every_command_of_the_pages_is_run_here_and_no_other() -> None:
    assert commands() == _run_here
