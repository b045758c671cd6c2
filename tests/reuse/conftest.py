"""The built wheel, a fresh virtual environment that holds it, and a stranger's project."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.machine import free_port

ROOT = Path(__file__).resolve().parents[2]

# What the environment of the tests must not lend to the stranger's project.
LENT = (
    "DJANGO_ALLOW_ASYNC_UNSAFE",  # of the browser's tests
    "DJANGO_SETTINGS_MODULE",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "VAR_DIR",
    "DEMO",
    "DEBUG",
    "ISSUER_URL",
    "SECRET_KEY",
    "FIELD_ENCRYPTION_KEYS",
    "DATABASE_URL",
    "REDIS_URL",
    "CELERY_BROKER_URL",
)


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command; its output. Fails the test with all of it when the command fails."""
    clean = {name: value for name, value in os.environ.items() if name not in LENT}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**clean, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


IN_ONE_PROCESS = """
import sys
from django.core.management import execute_from_command_line
*commands, rest = sys.argv[1:]
for command in commands:
    execute_from_command_line(["manage.py", *command.split(" ")])
exec(rest)
"""


def run_one_after_another(
    python: str | Path, *commands: str, cwd: Path, rest: str = "", **environment: str
) -> str:
    """Run commands of ``manage.py``, and then the ``rest``, in one process, which loads the project
    but once; its output."""
    return run(python, "-c", IN_ONE_PROCESS, *commands, rest, cwd=cwd, **environment)


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what ``python -m build`` makes: the source archive, and a wheel from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    """The built wheel."""
    [found] = dist.glob("*.whl")
    return found


def new_environment(folder: Path) -> tuple[Path, list[str | Path]]:
    """A fresh virtual environment in ``folder``: its Python, and what installs packages there."""
    python = folder / "env" / "bin" / "python"
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv:
        run(uv, "venv", "--quiet", "--python", sys.executable, folder / "env", cwd=folder)
        return python, [uv, "pip", "install", "--quiet", "--python", python]
    run(sys.executable, "-m", "venv", folder / "env", cwd=folder)
    return python, [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh virtual environment with the wheel and nothing else of this repository.

    Its dependencies have the versions of the environment that runs the tests.
    """
    folder = tmp_path_factory.mktemp("venv")
    constraints = folder / "constraints.txt"
    constraints.write_text(
        "".join(
            f"{found.name}=={found.version}\n"
            for found in distributions()
            if found.name != "django-ostiary"
        )
    )
    target = f"django-ostiary[accounts,oauth,mfa,passkeys] @ {wheel.as_uri()}"
    python, install = new_environment(folder)
    run(*install, "--constraint", constraints, target, cwd=folder)
    return python


@dataclass
class Project:
    """A Django project in a folder of its own, run by a Python of its own."""

    folder: Path
    python: Path
    environment: dict[str, str] = field(
        default_factory=lambda: {
            "SECRET_KEY": "a-secret-key-of-the-tests-with-more-than-fifty-characters",
            "FIELD_ENCRYPTION_KEYS": "zUw6nCk3kW2mVYlq0e5cRrB1tD8fJ4hXo7sQpGvA9iE=",
        }
    )

    def manage(self, *arguments: str) -> str:
        """Run ``manage.py``; its output."""
        return run(self.python, "manage.py", *arguments, cwd=self.folder, **self.environment)

    def one_after_another(self, *commands: str) -> str:
        """Run commands of ``manage.py`` in one process, which loads the project but once."""
        environment = {"DJANGO_SETTINGS_MODULE": "host.settings", **self.environment}
        return run_one_after_another(self.python, *commands, cwd=self.folder, **environment)

    def shell(self, code: str) -> str:
        """Run ``code`` in Django's shell; the last line that it prints."""
        return self.manage("shell", "-c", code).strip().rpartition("\n")[2]

    def add_to_settings(self, text: str) -> None:
        """Append to the settings module."""
        with (self.folder / "host" / "settings.py").open("a") as file:
            file.write(text)

    def has_own_accounts_app(self) -> None:
        """Give the project an app named ``accounts``, with its own user model (integer key)."""
        app = self.folder / "accounts"
        app.mkdir()
        (app / "__init__.py").touch()
        (app / "models.py").write_text(
            "from django.contrib.auth.models import AbstractUser\n"
            "from django.db import models\n\n\n"
            "class User(AbstractUser):\n"
            "    id = models.AutoField(primary_key=True)\n"
            "    department = models.CharField(max_length=20, blank=True)\n"
        )
        self.add_to_settings('INSTALLED_APPS += ["accounts"]\nAUTH_USER_MODEL = "accounts.User"\n')
        self.manage("makemigrations", "accounts")


QUICK_HASHES = 'PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]\n'


@pytest.fixture(scope="session")
def new_host(
    python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Project | None], Project]:
    """Makes a copy of a project, or of ``examples/host_project``, in a folder of its own."""

    def make(of: Project | None = None) -> Project:
        folder = tmp_path_factory.mktemp("host") / "project"
        if of:
            shutil.copytree(of.folder, folder)
            return Project(folder, python)
        ignored = shutil.ignore_patterns("__pycache__", "db.sqlite3")
        shutil.copytree(ROOT / "examples" / "host_project", folder, ignore=ignored)
        made = Project(folder, python)
        # How it hashes passwords is its own affair, and takes its time.
        made.add_to_settings(QUICK_HASHES)
        return made

    return make


@pytest.fixture
def host(new_host: Callable[..., Project]) -> Project:
    """A fresh copy of ``examples/host_project``."""
    return new_host()


@pytest.fixture(scope="session")
def once_migrated(new_host: Callable[..., Project]) -> Project:
    """The project with its tables, to be copied."""
    made = new_host()
    made.manage("migrate")
    return made


@pytest.fixture
def migrated_host(new_host: Callable[..., Project], once_migrated: Project) -> Project:
    """A copy of ``examples/host_project`` with its tables."""
    return new_host(once_migrated)


@pytest.fixture(scope="session")
def once_migrated_with_accounts(new_host: Callable[..., Project]) -> Project:
    """The project with an app ``accounts`` of its own and the tables, to be copied."""
    made = new_host()
    made.has_own_accounts_app()
    made.manage("migrate")
    return made


@pytest.fixture
def host_with_accounts(
    new_host: Callable[..., Project], once_migrated_with_accounts: Project
) -> Project:
    """A copy of ``examples/host_project`` with an app ``accounts`` of its own, and its tables."""
    return new_host(once_migrated_with_accounts)


@pytest.fixture
def serve() -> Iterator[Callable[[Project], str]]:
    """Serve a project on a free port, as its issuer URL says; gives that."""
    servers = []

    def start(project: Project) -> str:
        port = free_port()
        issuer = project.environment["ISSUER_URL"] = f"http://localhost:{port}"
        clean = {name: value for name, value in os.environ.items() if name not in LENT}
        log = project.folder / "server.log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [project.python, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
                cwd=project.folder,
                env={**clean, **project.environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        servers.append(server)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and server.poll() is None:
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return issuer
            time.sleep(0.1)
        raise AssertionError(log.read_text())

    yield start
    for server in servers:
        server.terminate()
        server.wait(timeout=20)
