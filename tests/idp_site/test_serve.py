"""Workers are forked from a parent that has the site, and share nothing that must not be shared."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from textwrap import dedent

import pytest

from tests.machine import free_port

from .site import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
APPLICATION = """
    import gc, json, os, random, secrets, threading, time
    from ostiary.ids import uuid7

    parent = os.getpid()
    uuid7(), random.random(), secrets.token_hex(16)  # what is drawn from is warm

    def application(environ, start_response):
        time.sleep(0.02)
        start_response("200 OK", [("Content-Type", "application/json")])
        told = {
            "parent": parent,
            "worker": os.getpid(),
            "drawn": [str(uuid7()), random.random(), secrets.token_hex(16)],
            "gc": gc.isenabled(),
            "frozen": gc.get_freeze_count(),
            "threads": [t.name for t in threading.enumerate() if t.name == "poller"],
        }
        return [json.dumps(told).encode()]
"""


def command(*options):
    serve = [sys.executable, "-m", "idp_site.serve", "--interface", "wsgi"]
    return [*serve, *options, "an_app:application"]


def asked(port):
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


@contextmanager
def serving(folder, text, *options):
    """The application at a port, from when it answers."""
    port = free_port()
    (folder / "an_app.py").write_text(dedent(text))
    run = command("--port", str(port), "--log-level", "warning", *options)
    env = {**os.environ, "PYTHONPATH": str(folder)}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(run, cwd=ROOT, env=env, stderr=log)
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                try:
                    asked(port)
                    break
                except OSError:
                    time.sleep(0.05)
            yield port, server
        finally:
            server.terminate()
            assert server.wait(timeout=30) == 0


def test_workers_are_forked_and_draw_what_no_other_draws(tmp_path):
    with (
        serving(tmp_path, APPLICATION, "--workers", "2") as (port, server),
        ThreadPoolExecutor(8) as pool,
    ):
        answers = [*pool.map(asked, [port] * 200)]

    assert {answer["parent"] for answer in answers} == {server.pid}
    workers = {answer["worker"] for answer in answers}
    assert len(workers) == 2
    assert server.pid not in workers
    assert all(answer["gc"] and answer["frozen"] for answer in answers)
    drawn = [each for answer in answers for each in answer["drawn"]]
    assert len({*drawn}) == len(drawn)


def test_an_application_that_starts_a_thread_is_imported_by_each_worker(tmp_path):
    text = """
        import threading, time
        threading.Thread(target=time.sleep, args=(600,), name="poller", daemon=True).start()
    """
    with serving(tmp_path, dedent(text) + dedent(APPLICATION)) as (port, server):
        told = asked(port)

    assert told["parent"] == told["worker"] != server.pid
    assert told["threads"] == ["poller"]
    assert "starts threads on import (poller)" in (tmp_path / "log").read_text()
