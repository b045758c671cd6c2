"""``make run``: the site, its worker and the example applications, on this machine, at once.

Sets up the data folder, starts the processes of the ``Procfile``, waits until all of them answer,
and tells where. However this process is asked to end, none of the others stays behind.
"""

from __future__ import annotations

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
from typing import Any

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

from . import demo

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60
KILL_AFTER_SECONDS = 8


def environment() -> dict[str, str]:
    """What the processes are told; the same is left in ``demo.env`` for other terminals.

    Raises ``SystemExit`` with a sentence for a port that is none or an issuer that is not here.
    """
    try:
        port = int(os.environ.get("PORT", "8000"))
        rp_port = int(os.environ.get("RP_PORT", "9000"))
        api_port = int(os.environ.get("API_PORT", rp_port + 1))
    except ValueError:
        raise SystemExit("PORT, RP_PORT and API_PORT are numbers, such as PORT=8000.") from None
    issuer = os.environ.get("ISSUER_URL", f"http://localhost:{port}").rstrip("/")
    if reason := demo.why_not_allowed(issuer):
        raise SystemExit(reason)
    var_dir = Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve()
    var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    chosen = {
        "DEMO": "1",
        "ISSUER_URL": issuer,
        "PORT": str(port),
        "RP_PORT": str(rp_port),
        "API_PORT": str(api_port),
        "API_URL": f"http://localhost:{api_port}/",
        "API_AUDIENCE": f"http://localhost:{api_port}/",
    }
    text = "".join(f"{name}={value}\n" for name, value in chosen.items())
    (var_dir / "demo.env").write_text(text)
    client_secret = demo.kept_secret(var_dir, "demo-web", demo.new_client_secret)
    return {
        "LOG_LEVEL": "WARNING",
        **os.environ,
        **chosen,
        "VAR_DIR": str(var_dir),
        "CLIENT_ID": "demo-web",
        "CLIENT_SECRET": client_secret,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
    }


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
        if not is_free(int(env[name])):
            raise SystemExit(
                f"Port {env[name]} can't be had on this machine: another program uses it, or it "
                f"is reserved. Stop that program, or choose another port: make run {name}=…"
            )


def manage(env: dict[str, str], *arguments: str) -> str:
    """Run a management command; its output. Raises ``SystemExit`` with its errors if it fails."""
    result = subprocess.run(  # noqa: S603  (our own command)
        [sys.executable, ROOT / "manage.py", *arguments],
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if result.returncode:
        raise SystemExit(f"manage.py {' '.join(arguments)} failed:\n{result.stderr}")
    return result.stdout


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
        f"  Admin site          {env['ISSUER_URL']}/admin/",
        f"  Mailbox             {env['ISSUER_URL']}/dev/mailbox/   (every message it sends)",
        f"  Relying party       http://localhost:{env['RP_PORT']}/   (start here)",
        f"  Example API         {env['API_URL']}",
        "",
        f"  People, all with the password “{demo.PASSWORD}”:",
        *(f"    {person['email']}{_second_step(person)}" for person in credentials["people"]),
        "",
        "  Clients:",
        *(
            f"    {client['client_id']:<14}{client.get('client_secret', '(public)')}"
            for client in credentials["clients"]
        ),
        "",
        "  Ready. Ctrl-C stops all of it.",
        "",
    ]
    return "\n".join(lines)


def _second_step(person: dict[str, Any]) -> str:
    if "totp_key" not in person:
        return ""
    return f"   (and a code: put the key {person['totp_key']} into an authenticator app)"


class Processes(Manager):  # type: ignore[misc]  # honcho is untyped
    """Honcho's manager, with a watch that no process is left behind."""

    def __init__(self, env: dict[str, str], credentials: dict[str, Any]) -> None:
        super().__init__(Printer(sys.stdout, colour=sys.stdout.isatty()))
        self.env, self.credentials = env, credentials
        self.parent = os.getppid()
        self.asked_to_stop = threading.Event()

    def terminate(self) -> None:
        """Also called in a signal handler, and perhaps while processes are being started."""
        self.asked_to_stop.set()
        if self._all_started():
            super().terminate()

    def _start(self) -> None:
        super()._start()
        # Threads only now: the processes are forked.
        for task in (self._watch, self._announce):
            threading.Thread(target=task, daemon=True).start()

    def _watch(self) -> None:
        while not self.asked_to_stop.wait(0.5):
            if os.getppid() != self.parent:  # `make` was killed
                os.kill(os.getpid(), signal.SIGTERM)
        deadline = time.monotonic() + KILL_AFTER_SECONDS
        while time.monotonic() < deadline:
            self.terminate()
            time.sleep(0.2)
        self.kill()

    def _announce(self) -> None:
        waiting = {
            "the identity provider": lambda: answers(f"{self.env['ISSUER_URL']}/readyz"),
            "the relying party": lambda: answers(f"http://localhost:{self.env['RP_PORT']}/"),
            "the example API": lambda: answers(self.env["API_URL"]),
            "the worker": worker_answers,
        }
        deadline = time.monotonic() + PATIENCE_SECONDS
        while waiting and not self.asked_to_stop.is_set():
            waiting = {name: ready for name, ready in waiting.items() if not ready()}
            if waiting and time.monotonic() > deadline:
                print(
                    f"No answer from {' and '.join(waiting)} in {PATIENCE_SECONDS} s.", flush=True
                )
                self.returncode = 1
                self.asked_to_stop.set()
            time.sleep(0.1)
        if not waiting:
            print(banner(self.env, self.credentials), flush=True)

    def _system_print(self, data: str) -> None:
        """Honcho's own lines matter only when a process ends that nobody stopped."""
        if "stopped" in data and not self.asked_to_stop.is_set():
            super()._system_print(data)


def main() -> int:
    """Run until a signal, or until one of the processes ends. 0 when it was asked to stop."""
    env = environment()
    refuse_taken_ports(env)
    print(f"Setting up the data in {env['VAR_DIR']} …", flush=True)
    credentials = json.loads(manage(env, "seed_demo", "--migrate", "--json"))
    os.environ.update(env)  # for the ping of the worker
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "idp_site.settings")
    multiprocessing.set_start_method("fork")
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    processes = Processes(env, credentials)
    for name, command in parse_procfile((ROOT / "Procfile").read_text()).processes.items():
        processes.add_process(name, command, env=env, cwd=str(ROOT))
    processes.loop()
    if processes.returncode in (130, 143):
        print("Stopped.", flush=True)
        return 0
    return processes.returncode or 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped.")
