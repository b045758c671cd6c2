"""``make run``: the site, its worker and the example applications, on this machine, at once.

Sets up the data folder, starts the processes of the ``Procfile``, waits until all of them answer,
and tells where. However this process is asked to end, none of the others stays behind.

A signal may come again while it is handled, and as often as it likes: what a handler calls takes no
lock and prints nothing.
"""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any, NoReturn

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

from . import demo

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60
KILL_AFTER_SECONDS = 8
WORDS_AFTER_SECONDS = 15
"""After so long a wait it is told for what."""
GREETING = """\
Starting Ostiary with demo data, on this machine only. The first start takes one or two minutes,
later ones about 15 seconds."""


def environment() -> dict[str, str]:
    """What the processes are told.

    Raises ``SystemExit`` with a sentence for a port that is none or an issuer that is not here.
    """
    try:
        port = int(os.environ.get("PORT", "8000"))
        rp_port = int(os.environ.get("RP_PORT", "9000"))
        api_port = int(os.environ.get("API_PORT", rp_port + 1))
    except ValueError:
        raise SystemExit("PORT, RP_PORT and API_PORT must be numbers, such as PORT=8000.") from None
    issuer = os.environ.get("ISSUER_URL", f"http://localhost:{port}").rstrip("/")
    if reason := demo.why_not_allowed(issuer):
        raise SystemExit(reason)
    var_dir = Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve()
    return {
        "LOG_LEVEL": "WARNING",
        **os.environ,
        "DEMO": "1",
        "ISSUER_URL": issuer,
        "PORT": str(port),
        "RP_PORT": str(rp_port),
        "API_PORT": str(api_port),
        "API_URL": f"http://localhost:{api_port}/",
        "API_AUDIENCE": f"http://localhost:{api_port}/",
        "VAR_DIR": str(var_dir),
        "CLIENT_ID": "demo-web",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
    }


FOR_OTHER_TERMINALS = ("DEMO", "ISSUER_URL", "PORT", "RP_PORT", "API_PORT", "API_URL")


def hold(env: dict[str, str]) -> IO[str]:
    """Take the data folder, as long as the file that is returned is open in this process or those
    that it forks.

    Raises ``SystemExit`` with a sentence where it is taken.
    """
    var_dir = Path(env["VAR_DIR"])
    var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = (var_dir / "run.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        refuse_second(file.read(), f", with the data in {var_dir}")
    file.truncate(0)
    file.write(env["ISSUER_URL"])
    file.flush()
    return file


def refuse_second(issuer: str, where: str = "") -> NoReturn:
    """Raise ``SystemExit``: Ostiary is there already."""
    raise SystemExit(
        f"Ostiary is already running at {issuer}/{where}. Stop it with Ctrl-C in its terminal. "
        "To run a second one, choose other ports and another folder: "
        "make run PORT=8100 RP_PORT=9100 VAR_DIR=var2"
    )


def leave_for_other_terminals(env: dict[str, str]) -> None:
    """``demo.env``, so that ``manage.py`` speaks of the same site."""
    text = "".join(f"{name}={env[name]}\n" for name in FOR_OTHER_TERMINALS)
    Path(env["VAR_DIR"], "demo.env").write_text(text)


def is_free(port: int) -> bool:
    """Whether we may listen on ``port``, and nobody else answers there as ``localhost``."""
    try:
        with socket.create_connection(("localhost", port), timeout=1):
            return False
    except OverflowError:
        return False
    except OSError:
        pass
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def refuse_taken_ports(env: dict[str, str]) -> None:
    """Raises ``SystemExit`` with a sentence if another program listens on one of our ports."""
    for name in ("PORT", "RP_PORT", "API_PORT"):
        if is_free(int(env[name])):
            continue
        if name == "PORT" and is_demo(address := f"http://localhost:{env[name]}"):
            refuse_second(address)
        raise SystemExit(
            f"Port {env[name]} is already in use or reserved. "
            f"Stop the program that uses it, or choose another port: make run {name}=…"
        )


def is_demo(address: str) -> bool:
    """Whether a demo of ours answers there: it alone shows its mailbox."""
    asked = urllib.request.Request(  # noqa: S310  (our own http address)
        f"{address}/dev/mailbox/", headers={"Accept": "application/json"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=2) as response:  # noqa: S310
            return isinstance(json.load(response), list)
    except (OSError, ValueError):
        return False


def set_up(env: dict[str, str]) -> dict[str, Any]:
    """Make the database and the demo data, saying what is being done; who there is to sign in as.

    Raises ``SystemExit`` with its errors where that fails.
    """
    command = [sys.executable, str(ROOT / "manage.py")]
    command += ["seed_demo", "--migrate", "--json", "--verbosity", "2"]
    step = Step()
    errors = []
    with subprocess.Popen(  # noqa: S603  (our own command)
        command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            for line in process.stderr or ():
                if line.startswith("…"):
                    step.begin(line.removeprefix("…").strip())
                elif "Applying " in line:
                    step.detail(line.strip().removeprefix("Applying ").removesuffix("... OK"))
                else:
                    errors.append(line)
            told = process.stdout.read() if process.stdout else ""
        except KeyboardInterrupt:
            process.kill()
            raise
    step.end()
    if process.returncode:
        raise SystemExit(f"Couldn’t set up the demo:\n{''.join(errors)}")
    credentials: dict[str, Any] = json.loads(told)
    return credentials


class Step:
    """A line that says what is being done, and in the end how long it took."""

    def __init__(self) -> None:
        self.words, self.started = "", 0.0

    def begin(self, words: str) -> None:
        """The one before has ended."""
        self.end()
        self.words, self.started = words, time.monotonic()
        print(f"{words} …", end="", flush=True)

    def detail(self, words: str) -> None:
        """What exactly, where somebody looks on."""
        if sys.stdout.isatty():
            print(f"\r\033[K{self.words} … {words[:60]}", end="", flush=True)

    def end(self) -> None:
        """Tell the time."""
        if self.words:
            again = f"\r\033[K{self.words} …" if sys.stdout.isatty() else ""
            print(f"{again} {time.monotonic() - self.started:.0f} s", flush=True)
        self.words = ""


def answers(url: str) -> bool:
    """Whether an HTTP server answers there, and not with an error of its own."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310  (our own http addresses)
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def worker_answers() -> bool:
    """Whether a Celery worker replies over the broker."""
    from .celery import app

    try:
        return bool(app.control.ping(timeout=1))
    except OSError:
        return False


def banner(env: dict[str, str], credentials: dict[str, Any]) -> str:
    """What a person needs to know, once all is ready."""
    lines = [
        "",
        f"  Identity provider   {env['ISSUER_URL']}/",
        f"  Admin console       {env['ISSUER_URL']}/admin/",
        f"  Inbox               {env['ISSUER_URL']}/dev/mailbox/   (every message the demo sends)",
        f"  Relying party       http://localhost:{env['RP_PORT']}/   (start here)",
        f"  Example API         {env['API_URL']}",
        "",
        f"  Users (all with the password “{demo.PASSWORD}”):",
        *(f"    {person['email']}{_second_step(person)}" for person in credentials["people"]),
        "",
        "  Clients:",
        *(
            f"    {client['client_id']:<14}{client.get('client_secret', '(public)')}"
            for client in credentials["clients"]
        ),
        "",
        "  Ready. Press Ctrl-C to stop everything.",
        "",
    ]
    return "\n".join(lines)


def _second_step(person: dict[str, Any]) -> str:
    if "totp_key" not in person:
        return ""
    return (
        f"   (with two-step verification: add the key {person['totp_key']} to an authenticator app)"
    )


class Processes(Manager):  # type: ignore[misc]  # honcho is untyped
    """Honcho's manager, with a watch that no process is left behind."""

    _processes: dict[str, dict[str, Any]]

    def __init__(self, env: dict[str, str], credentials: dict[str, Any]) -> None:
        super().__init__(Printer(sys.stdout, colour=sys.stdout.isatty()))
        self.env, self.credentials = env, credentials
        self.parent = os.getppid()
        self.asked_to_stop = False

    def terminate(self) -> None:
        """Also called in a signal handler, within another, and perhaps while processes are being
        started. (An event or a lock would be held for ever by the handler that was interrupted.)
        """
        self.asked_to_stop = True
        if self._all_started():
            super().terminate()

    def _start(self) -> None:
        super()._start()
        # Threads only now: the processes are forked.
        for task in (self._watch, self._announce):
            threading.Thread(target=task, daemon=True).start()

    def _watch(self) -> None:
        while not self.asked_to_stop:
            if os.getppid() != self.parent:  # `make` was killed
                os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.2)
        deadline = time.monotonic() + KILL_AFTER_SECONDS
        while time.monotonic() < deadline:
            self.terminate()
            time.sleep(0.2)
        # (One that was never started has no number to be killed by.)
        self._processes = {name: each for name, each in self._processes.items() if "pid" in each}
        self.kill()

    def _announce(self) -> None:
        waiting = {
            "the identity provider": lambda: answers(f"{self.env['ISSUER_URL']}/readyz"),
            "the relying party": lambda: answers(f"http://localhost:{self.env['RP_PORT']}/"),
            "the example API": lambda: answers(self.env["API_URL"]),
            "the worker": worker_answers,
        }
        print(f"Starting {', '.join(waiting)} …", flush=True)
        started = told = time.monotonic()
        while waiting and not self.asked_to_stop:
            waiting = {name: ready for name, ready in waiting.items() if not ready()}
            now = time.monotonic()
            if waiting and now > started + PATIENCE_SECONDS:
                print(
                    f"No response from {' and '.join(waiting)} after {PATIENCE_SECONDS} s.",
                    flush=True,
                )
                self.returncode = 1
                self.asked_to_stop = True
            elif waiting and now > told + WORDS_AFTER_SECONDS:
                print(f"… waiting for {' and '.join(waiting)}, {now - started:.0f} s", flush=True)
                told = now
            time.sleep(0.1)
        if not waiting:
            print(banner(self.env, self.credentials), flush=True)

    def _system_print(self, data: str) -> None:
        """Honcho's own lines matter only when a process ends that nobody stopped."""
        if "stopped" in data and not self.asked_to_stop:
            super()._system_print(data)


def stop(*_: Any) -> None:
    """While there are no processes yet; once, however often it is asked."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """Run until a signal, or until one of the processes ends. 0 when it was asked to stop."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    env = environment()
    held = hold(env)
    refuse_taken_ports(env)
    leave_for_other_terminals(env)
    var_dir = Path(env["VAR_DIR"])
    env["CLIENT_SECRET"] = demo.kept_secret(var_dir, "demo-web", demo.new_client_secret)
    print(GREETING, flush=True)
    credentials = set_up(env)
    os.environ.update(env)  # for the ping of the worker
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "idp_site.settings")
    multiprocessing.set_start_method("fork")
    processes = Processes(env, credentials)
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        processes.add_process(name, command, env=env, cwd=str(ROOT))
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    with held:
        processes.loop()
    if processes.returncode in (130, 143):
        print("Stopped.", flush=True)
        return 0
    return processes.returncode or 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
