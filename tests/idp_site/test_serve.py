"""Workers are forked from a parent that has the site, and share nothing that must not be shared."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from textwrap import dedent

import pytest

from tests.machine import free_port

from .site import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
APPLICATION = """
    import gc, json, os, random, secrets, time
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
        }
        return [json.dumps(told).encode()]
"""


def command(folder, text, *options):
    (folder / "an_app.py").write_text(dedent(text))
    paths = f"import sys; sys.path.insert(0, {str(folder)!r}); sys.argv[0] = 'serve'; "
    run = "import runpy; runpy.run_module('idp_site.serve', run_name='__main__')"
    return [
        sys.executable,
        "-c",
        paths + run,
        "--interface",
        "wsgi",
        *options,
        "an_app:application",
    ]


def asked(port):
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def test_workers_are_forked_and_draw_what_no_other_draws(tmp_path):
    port = free_port()
    options = ["--port", str(port), "--workers", "2", "--log-level", "warning"]
    server = subprocess.Popen(command(tmp_path, APPLICATION, *options), cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                asked(port)
                break
            except OSError:
                time.sleep(0.05)
        with ThreadPoolExecutor(8) as pool:
            answers = [*pool.map(asked, [port] * 200)]
    finally:
        server.terminate()
        assert server.wait(timeout=30) == 0

    assert {answer["parent"] for answer in answers} == {server.pid}
    workers = {answer["worker"] for answer in answers}
    assert len(workers) == 2
    assert server.pid not in workers
    assert all(answer["gc"] and answer["frozen"] for answer in answers)
    drawn = [each for answer in answers for each in answer["drawn"]]
    assert len({*drawn}) == len(drawn)


def test_an_application_that_starts_a_thread_is_refused(tmp_path):
    text = """
        import threading, time
        threading.Thread(target=time.sleep, args=(60,), name="poller", daemon=True).start()
        application = print
    """
    result = subprocess.run(
        command(tmp_path, text, "--port", str(free_port())),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert "starts threads while it is imported (poller)" in result.stderr
