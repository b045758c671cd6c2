"""``make run`` from start to Ctrl-C, on ports and a folder of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from idp_site import run
from idp_site.queues import JOBS, OF_THE_OUTBOX, queue_name
from tests.machine import free_port

from .site import ROOT, environment, python


def command(env):
    """What the Makefile executes once the environment is installed."""
    return subprocess.Popen(
        [sys.executable, "-m", "idp_site.run"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ports():
    """Free ports: for the site, and for the relying party with the example API beside it."""
    return {"PORT": str(free_port()), "RP_PORT": str(free_port(neighbours=1))}


def running_with(var_dir):
    """The processes whose environment names this data folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"VAR_DIR={var_dir}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def read_until_ready(process):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ready. Press Ctrl-C to stop everything." in line:
            return "".join(lines)
    raise AssertionError("make run ended: " + "".join(lines))


def status(url):
    with urllib.request.urlopen(url, timeout=20) as response:
        return response.status


@pytest.fixture
def env(tmp_path):
    return environment(tmp_path, **ports())


@pytest.fixture(scope="module")
def set_up_before(tmp_path_factory):
    """A data folder in which it has been run before, to be copied: to set one up takes its time."""
    folder = tmp_path_factory.mktemp("set-up")
    told = python(environment(folder, DEMO="1"), "manage.py", "seed_demo", "--migrate")
    assert told.returncode == 0, told.stderr
    return folder


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to see processes")
@pytest.mark.parametrize(
    ("number", "everybody"),
    [
        (signal.SIGINT, True),
        (signal.SIGINT, False),
        (signal.SIGTERM, False),
        (signal.SIGHUP, False),
    ],
    ids=["ctrl-c", "sigint", "sigterm", "terminal closed"],
)
def test_all_of_it_answers_and_ends_with_one_signal(
    env, tmp_path, set_up_before, number, everybody
):
    shutil.copytree(set_up_before, tmp_path, dirs_exist_ok=True)
    process = command(env)
    try:
        told = read_until_ready(process)
        issuer, rp = f"http://localhost:{env['PORT']}", f"http://localhost:{env['RP_PORT']}"
        for expected in (
            issuer,
            rp,
            "alice@example.com",
            "demo-web",
            "correct horse battery staple",
        ):
            assert expected in told
        assert status(f"{issuer}/readyz") == 200
        assert status(f"{issuer}/.well-known/openid-configuration") == 200
        assert status(f"{rp}/") == 200
        assert len(running_with(tmp_path)) >= 7  # this, web and its two, worker, two examples
        if everybody:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        process.communicate(timeout=30)
        assert process.returncode == 0
        deadline = time.monotonic() + 5
        while running_with(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert running_with(tmp_path) == []
    finally:
        for pid in running_with(tmp_path):
            os.kill(pid, signal.SIGKILL)
        process.stdout.close()
        process.wait()


def test_from_nothing_a_message_goes_through_the_worker_to_the_mailbox(env, tmp_path):
    """Though a message that nobody has written to its end lies in each queue."""
    process = command(env)
    try:
        told = read_until_ready(process)
        for step in ("The first start takes", "Setting up the database", "Starting"):
            assert step in told
        assert "superuser" not in told
        assert "Warning" not in told
        for queue in (*OF_THE_OUTBOX, JOBS):
            (tmp_path / "broker" / "queue" / f"0.{queue_name(queue)}.msg").write_text('{"body')
        send = (
            "import django; django.setup()\n"
            "from ostiary import outbox\n"
            "outbox.enqueue('email.send', {'to': 'a@example.com', 'subject': 'By the worker',"
            " 'text': 'Hello', 'html': ''})"
        )
        result = python({**env, "DEMO": "1"}, "-c", send)
        assert result.returncode == 0, result.stderr
        request = urllib.request.Request(
            f"http://localhost:{env['PORT']}/dev/mailbox/", headers={"Accept": "application/json"}
        )
        deadline, sent = time.monotonic() + 40, []
        while not sent and time.monotonic() < deadline:
            with urllib.request.urlopen(request, timeout=20) as response:
                sent = json.load(response)
            time.sleep(0.2)
        assert [message["subject"] for message in sent] == ["By the worker"]
        # In another terminal, with nothing in the environment but the folder:
        told = python(environment(tmp_path), "manage.py", "demo_credentials", "--json").stdout
        assert json.loads(told)["issuer"] == f"http://localhost:{env['PORT']}"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to see processes")
def test_a_second_one_is_told_that_it_runs_and_many_signals_at_once_stop_the_first(
    env, tmp_path, set_up_before
):
    folder = tmp_path / "data"
    shutil.copytree(set_up_before, folder)
    first = {**env, "VAR_DIR": str(folder)}
    process = command(first)
    try:
        read_until_ready(process)
        said = (folder / "demo.env").read_text()
        same_data = command({**first, **ports()}).communicate(timeout=30)[0]
        same_port = command({**env, "VAR_DIR": str(tmp_path / "other")}).communicate(timeout=60)[0]
        for answer in (same_data, same_port):
            assert f"Ostiary is already running at http://localhost:{env['PORT']}/" in answer
            assert "Traceback" not in answer
        assert (folder / "demo.env").read_text() == said
        for number in range(60):  # by the terminal, by make and by itself, within a moment
            try:
                process.send_signal(signal.SIGTERM)
            except ProcessLookupError:
                break
            until = time.perf_counter() + 0.00002 * (number % 10 + 1)
            while time.perf_counter() < until:
                pass
        process.communicate(timeout=30)
        assert process.returncode == 0
        deadline = time.monotonic() + 5
        while running_with(folder) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert running_with(folder) == []
    finally:
        for pid in running_with(folder):
            os.kill(pid, signal.SIGKILL)
        process.stdout.close()
        process.wait()


def test_a_handler_that_is_interrupted_by_the_next_signal_waits_for_nothing(monkeypatch):
    """The handler of the second signal runs within that of the first, at whatever line."""
    processes = run.Processes({}, {})
    processes._processes = {"web": {"pid": 0, "returncode": 0}}
    depth = []

    def interrupt(frame, event, argument):
        if event == "line" and len(depth) < 3 and frame.f_code.co_name == "terminate":
            depth.append(frame.f_lineno)
            processes.terminate()
        return interrupt

    before = sys.gettrace()
    sys.settrace(interrupt)
    try:
        processes.terminate()
    finally:
        sys.settrace(before)
    assert len(depth) == 3
    assert processes.asked_to_stop


def test_it_stops_while_it_is_being_set_up(env, tmp_path):
    process = command(env)
    for line in process.stdout:
        if "Setting up the database" in line or "next ones" in line:
            break
    time.sleep(1)
    for _ in range(5):
        process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Stopped." in said
    assert "Traceback" not in said
    assert running_with(tmp_path) == []


@pytest.mark.parametrize("name", ["PORT", "RP_PORT"])
def test_a_taken_port_is_a_sentence(env, name):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(env[name])))
        taken.listen()
        process = command(env)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Port {env[name]} is already in use" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "eighty"), ("ISSUER_URL", "https://id.example.com")]
)
def test_a_wrong_setting_is_a_sentence(env, name, value):
    process = command({**env, name: value})
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Traceback" not in said
    assert name in said
