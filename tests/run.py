"""``make test``: the suite on PostgreSQL and on SQLite, the site seen from outside, and shorter
passes in a site that lacks an app, on the other Django too. ``make test-quick`` (``--quick``) needs
no service and takes minutes; ``make test-long`` (``--long``) sends more of what is made up.

What a pass needs and the machine does not have is told in one line each; with ``CI=true`` it is a
failure. The last line of the output is pytest's own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import django

from tests.machine import (
    OTHER_REDIS_OF_THE_SITE,
    POSTGRESQL,
    RABBITMQ,
    REDIS,
    REDIS_OF_THE_SITE,
    answers,
)

ROOT = Path(__file__).resolve().parent.parent
OTHER_DJANGO = ROOT / ".venv-django52"
AT_ONCE = 3  # passes: a third of a pass is waiting for other processes
# Thousands of made-up requests, and what needs no database: two passes of them are enough.
LONG = (
    "tests/accounts/test_challenge.py",
    "tests/accounts/test_hostile_input.py",
    "tests/accounts/test_races.py",
    "tests/oauth/resource_server",
    "tests/oauth/test_fuzz.py",
    "tests/oauth/test_hostile_input.py",
    "tests/oauth/test_races.py",
    "tests/oauth/test_request_object.py",
    "tests/oauth/test_token_lifecycle.py",
    "tests/oauth/test_workload.py",
)
# What a database decides about input of any kind is told by PostgreSQL, the stricter one. The demo
# runs on SQLite, and what asks nothing of a database but its rows, or has none, is tried there.
ON_POSTGRESQL_ENOUGH = (
    "tests/accounts/test_hostile_input.py",
    "tests/oauth/test_hostile_input.py",
    "tests/passkeys/test_hostile_input.py",
)
ON_SQLITE_ENOUGH = (
    "tests/idp_site/test_bench.py",
    "tests/idp_site/test_demo_data.py",
    "tests/idp_site/test_languages.py",
    "tests/oauth/resource_server",
    "tests/oauth/test_fuzz.py",
    "tests/oauth/test_request_object.py",
    "tests/oauth/test_token_lifecycle.py",
    "tests/oauth/test_workload.py",
)
OF_THE_WHOLE_SITE = ("tests/faults/test_erasure_kills.py", "tests/idp_site", *LONG)
# These start processes with a database of their own, or look at the site from outside, as browsers
# and clients do: a pass of their own, since most of it is waiting for other processes.
FROM_OUTSIDE = (
    "tests/browser",
    "tests/examples",
    "tests/interop",
    "tests/reuse",
    "tests/idp_site/test_make_run.py",
    "tests/idp_site/test_settings.py",
    "tests/idp_site/test_static_files.py",
)
# What `make test-long` does more often.
MORE = {
    "ERASURE_KILL_ROUNDS": "20",
    "FUZZ_REQUESTS": "20000",
    "HYPOTHESIS_PROFILE": "long",
    "MESSAGES": "10000",
}
ENVIRONMENT = ROOT / "docs" / "reference" / "environment.md"


def of_a_site() -> set[str]:
    """The variables that the site reads, by the page that has to name them all: the tests choose
    their own site, and nothing of the developer's leaks into them."""
    return names_in_tables_of("variable")


def names_in_tables_of(what: str) -> set[str]:
    """The names in the first columns of those tables of the page that are headed so."""
    tables = ENVIRONMENT.read_text().split("\n\n")
    rows = [row for table in tables if table.startswith(f"| {what} |") for row in table.split("\n")]
    return {name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row.split(" | ")[0])}


@dataclass(frozen=True)
class Pass:
    """One run of pytest."""

    name: str
    env: dict[str, str]
    arguments: tuple[str, ...] = ()


def missing() -> list[str]:
    """What this machine lacks, one sentence each."""
    services = {"PostgreSQL": POSTGRESQL, "Redis": REDIS, "RabbitMQ": RABBITMQ}
    lacking = [
        f"{name} does not answer at {urlsplit(url).netloc.rpartition('@')[2]}: "
        "what needs it is left out."
        for name, url in services.items()
        if not answers(url)
    ]
    if not (shutil.which("chromium") or shutil.which("google-chrome")):
        lacking.append("Chromium is not installed; the tests in a browser are left out.")
    if not shutil.which("npm"):
        lacking.append("npm is not installed; the JavaScript clients and axe-core are left out.")
    if not shutil.which("apache2", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        lacking.append("apache2 is not installed; the test of mod_auth_openidc is left out.")
    if not shutil.which("oidc-gen"):
        lacking.append("oidc-agent is not installed; its tests are left out.")
    return lacking


def other_django() -> dict[str, str]:
    """An environment in which Django 5.2 stands before the installed one."""
    lock = ROOT / "requirements" / "django52.txt"
    stamp = OTHER_DJANGO / "lock"
    if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
        shutil.rmtree(OTHER_DJANGO, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes"]
        command += ["--disable-pip-version-check", "--target", str(OTHER_DJANGO), "-r", str(lock)]
        subprocess.run(command, check=True)
        stamp.write_bytes(lock.read_bytes())
    return {"PYTHONPATH": str(OTHER_DJANGO)}


def but_for(*paths: str) -> tuple[str, ...]:
    """pytest's arguments for all tests but those at the paths."""
    return tuple(f"--ignore={path}" for path in paths)


def short(name: str, env: dict[str, str], without: str, *rooms: str) -> Pass:
    """A pass of these rooms in the site that lacks an app, without what takes long. Of a claim with
    many cases one is tried: what an app that is lacking breaks, it breaks for any input."""
    tests = (f"tests/{room}" for room in rooms)
    site = ("--one-case", f"--ds=tests.reuse.without_{without}")
    return Pass(name, env, (*site, *tests, *but_for(*LONG)))


def quick() -> list[Pass]:
    """One case of each claim on SQLite, in two halves, without services, browsers and fuzzing."""
    left_out = ("--one-case", *but_for(*FROM_OUTSIDE, *LONG, "tests/faults"))
    half = ("tests/accounts", "tests/mfa", "tests/passkeys")
    return [
        Pass("quick, protocols and ground floor", {}, (*left_out, *but_for(*half))),
        Pass("quick, people", {}, (*left_out, *half)),
    ]


def on_postgresql(part: str, suffix: str, arguments: tuple[str, ...]) -> Pass:
    """A pass on PostgreSQL, with Redis if that is there, in a database of its own."""
    url = urlsplit(POSTGRESQL)
    env = {"DATABASE_URL": url._replace(path=f"{url.path}{suffix}").geturl()}
    name = "PostgreSQL"
    site = OTHER_REDIS_OF_THE_SITE if suffix else REDIS_OF_THE_SITE
    if answers(site):
        env, name = {**env, "REDIS_URL": site}, "PostgreSQL, Redis"
    return Pass(f"{name}{part}", env, arguments)


def passes() -> list[Pass]:
    """What can be run here, the fullest first. Python 3.11 has Django 5.2 and no other.

    On the other Django an app is lacking too: whatever the two bring about, it is told by the
    passes that have one of them. Each app is tried there once, the ground floor as well.
    """
    found = []
    sqlite = but_for(*FROM_OUTSIDE)
    # Those of PostgreSQL take longest, and one of them alone would be what all the others have
    # ended before: one half has another database, and another Redis under the site.
    if answers(POSTGRESQL):
        # The sites that lack an app have their rooms tried on SQLite, too: see below.
        sqlite = tuple(path for path in OF_THE_WHOLE_SITE if path not in ON_POSTGRESQL_ENOUGH)
        sqlite += but_for(*FROM_OUTSIDE, *ON_POSTGRESQL_ENOUGH)
        left_out = but_for(*FROM_OUTSIDE, *ON_SQLITE_ENOUGH)
        half = ("tests/faults", "tests/oauth")
        found.append(on_postgresql("", "", but_for(*half) + left_out))
        found.append(Pass("from outside", {}, FROM_OUTSIDE))
        found.append(on_postgresql(f", {' and '.join(half)}", "_2", half + left_out))
    else:
        found.append(Pass("from outside", {}, FROM_OUTSIDE))
    found.append(Pass("SQLite", {}, sqlite))
    other, name = ({}, "SQLite")
    if django.VERSION >= (6,):
        other, name = other_django(), "Django 5.2, SQLite"
    # The ground floor knows none of the apps, and what applications ask of a server has to do with
    # factors by the ground floor alone.
    found.append(short(f"without passkeys, {name}", other, "passkeys", "ostiary", "mfa"))
    found.append(short(f"without accounts, {name}", other, "accounts", "oauth", "mfa", "passkeys"))
    found.append(short(f"without oauth, {name}", other, "oauth", "accounts", "mfa", "passkeys"))
    found.append(short(f"without mfa, {name}", other, "mfa", "passkeys"))
    return found


def run(one: Pass, log: Path, arguments: list[str]) -> int:
    """Run pytest, its output into ``log``; its exit code."""
    # What one pass and its processes have compiled, all others need not: most of a start.
    left_out = {*of_a_site(), "PYTHONDONTWRITEBYTECODE"}
    clean = {name: value for name, value in os.environ.items() if name not in left_out}
    command = [sys.executable, "-m", "pytest", "-q", *one.arguments, *arguments]
    with log.open("wb") as output:
        return subprocess.run(
            command,
            cwd=ROOT,
            env={**clean, **one.env},
            stdout=output,
            stderr=subprocess.STDOUT,
        ).returncode


def follow(log: Path, running: Future[int]) -> int:
    """Print what a pass writes, as it comes; its exit code."""
    with log.open(encoding="utf-8", errors="replace") as text:
        while True:
            ended = running.done()
            print(text.read(), end="", flush=True)
            if ended:
                return running.result()
            time.sleep(0.2)


def run_all(chosen: list[Pass], arguments: list[str]) -> int:
    """Run every pass, with further arguments of pytest; the first exit code that is not 0.

    One is told after the other, the fullest last, so that pytest's closing line is about most.
    """
    codes = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        started = []
        for number, one in enumerate(chosen):
            log = Path(folder, str(number))
            log.touch()
            started.append((one, log, pool.submit(run, one, log, arguments)))
        try:
            for one, log, running in started[1:] + started[:1]:
                print(f"\n── {one.name} ──", flush=True)
                codes.append(follow(log, running))
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    return next((code for code in codes if code), 0)


def main(arguments: list[str]) -> int:
    """0 when every pass succeeds and, in CI, nothing was missing."""
    kind, others = arguments[:1], arguments[1:]
    if kind == ["--quick"]:
        return run_all(quick(), others)
    long = kind == ["--long"]
    lacking = missing()
    for sentence in lacking:
        print(sentence, flush=True)
    if lacking and os.environ.get("CI") == "true":
        print("With CI=true this is a failure.", flush=True)
        return 1
    chosen = [replace(one, env={**one.env, **MORE}) if long else one for one in passes()]
    return run_all(chosen, others if long else arguments)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
