"""Make a virtual environment that holds one lock: ``install.py VENV LOCK``.

Runs on a bare Python. Does nothing when the environment already holds that lock, so it can stand
in front of every command.
"""

import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).parent
# What a larger lock holds of a smaller one has the same versions.
CONTAINED_IN = {"site": ["demo", "dev"], "demo": ["dev"], "dev": []}


def stamp(lock: str) -> str:
    """What tells this lock under this Python from every other."""
    text = (FOLDER / f"{lock}.txt").read_bytes()
    return hashlib.sha256(text + sys.version.encode()).hexdigest()


def is_installed(venv: Path, lock: str) -> bool:
    """Whether the environment holds the lock, and its Python still runs."""
    held = [lock, *CONTAINED_IN[lock]]
    found = any(
        file.is_file() and file.read_text() == stamp(name)
        for name in held
        if (file := venv / f"lock-{name}")
    )
    python = venv / "bin" / "python"
    return found and subprocess.run([python, "-c", ""], capture_output=True).returncode == 0


class Progress:
    """One line that is replaced (a terminal), or one now and then (a file)."""

    EVERY_SECONDS = 15

    def __init__(self):
        self.told = time.monotonic()

    def show(self, line):
        if sys.stdout.isatty():
            print(f"\r\033[K{line[: shutil.get_terminal_size().columns - 1]}", end="", flush=True)
        elif line and time.monotonic() - self.told > self.EVERY_SECONDS:
            self.told = time.monotonic()
            print(line, flush=True)


def install(venv: Path, lock: str) -> int:
    """Install the lock, and show how far it is. Returns pip's exit code."""
    requirements = FOLDER / f"{lock}.txt"
    total = sum(line[0].isalnum() for line in requirements.read_text().splitlines() if line)
    print(
        f"Installing up to {total} locked packages into {venv}, once: a minute or two …",
        flush=True,
    )
    progress = Progress()
    started = time.monotonic()
    command = [venv / "bin" / "python", "-m", "pip", "install", "--require-hashes", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "-r", requirements]
    lines = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        seen = 0
        for line in pip.stdout:
            lines.append(line)
            if line.startswith("Collecting "):
                seen += 1
                progress.show(f"  {seen}/{total} {line.split()[1]}")
            elif line.startswith("Installing collected"):
                progress.show("  unpacking")
    progress.show("")
    if pip.returncode:
        print("".join(lines[-30:]), file=sys.stderr)
        return pip.returncode
    (venv / f"lock-{lock}").write_text(stamp(lock))
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)
    return 0


def main() -> int:
    """Make or complete the environment."""
    venv, lock = Path(sys.argv[1]), sys.argv[2]
    if is_installed(venv, lock):
        return 0
    made_by = venv / "made-by"
    if not made_by.is_file() or made_by.read_text() != sys.version:
        version = sys.version.split()[0]
        print(f"Making {venv} with Python {version} ({sys.executable}) …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        made_by.write_text(sys.version)
    return install(venv, lock)


if __name__ == "__main__":
    sys.exit(main())
