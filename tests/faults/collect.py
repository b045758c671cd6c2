"""A worker's part: collect a copy, and be killed in the middle of it.

``python -m tests.faults.collect EXPORT``
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import django


def much(user: Any) -> dict[str, Any]:
    """An exporter that tells enough for several parts to be committed, and never comes to an
    end."""
    return {"much": _records()}


def _records() -> Iterator[dict[str, Any]]:
    from ostiary.models import ExportChunk

    while ExportChunk.objects.count() < 2:
        yield {"noise": os.urandom(4096).hex()}
    os.kill(os.getpid(), signal.SIGKILL)


def main(key: str) -> None:
    """Until the kill."""
    django.setup()
    from ostiary import exports, privacy

    privacy.register_exporter(f"{__name__}.much", order=99)
    exports.collect(key)


if __name__ == "__main__":
    from tests.faults import collect

    collect.main(sys.argv[1])
