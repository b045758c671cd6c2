"""A web server's part: commit letters to the outbox, and perhaps be killed right after.

``python -m tests.faults.commit [--rollback | --killed] [KIND:]LETTER...`` prints the seconds that
took.
"""

import os
import signal
import sys
import time

import django
from django.db import transaction


def main(arguments: list[str]) -> None:
    """Each letter in a transaction of its own."""
    django.setup()
    from ostiary import outbox

    if "--killed" in arguments:
        outbox._publish = lambda message: os.kill(os.getpid(), signal.SIGKILL)
    began = time.monotonic()
    for letter in arguments:
        if not letter.startswith("--"):
            kind, _, name = letter.rpartition(":")
            with transaction.atomic():
                outbox.enqueue(f"mailroom.{kind or 'post'}", {"letter": name})
                transaction.set_rollback("--rollback" in arguments)
    print(time.monotonic() - began)


if __name__ == "__main__":
    main(sys.argv[1:])
