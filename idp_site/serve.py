"""granian, whose workers have the site from their parent: ``python -m idp_site.serve … APP``.

The options are granian's, and its worker for WSGI is ours (``granian_worker``). It starts a process
for each, which imports the whole site. Here their parent does so once and forks them: they start at
once and share most of their memory. Elsewhere than on Linux, with ``--reload`` and the like, and
where the import starts threads, each imports it itself. New code needs a restart, not a SIGHUP.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
from importlib import import_module
from operator import attrgetter
from typing import Any

from granian.cli import cli
from granian.server.mp import MPServer

from . import granian_worker

BEFORE_THE_IMPORT = ("reload", "env_files", "working_dir")
"""Options that decide what a worker imports when it starts."""


def warm(app: str, factory: bool) -> None:
    """Import the application, as granian's workers will once more, and prepare to be forked.

    Where a thread was started, which the workers would not have, they are not forked.
    """
    gc.disable()
    module, _, name = app.partition(":")
    application = attrgetter(name or "app")(import_module(module))
    if factory:
        application()
    _close_connections()
    main = threading.main_thread()
    if more := [thread.name for thread in threading.enumerate() if thread is not main]:
        print(
            f"{app} starts threads on import ({', '.join(more)}), so each worker imports the app "
            "itself and shares no memory with the others.",
            file=sys.stderr,
        )
        gc.enable()
        multiprocessing.set_start_method("spawn")
        return
    # What is here stays for good. Looking through it again and again would take time, and writing
    # into it would end the sharing.
    gc.collect()
    gc.freeze()
    os.register_at_fork(after_in_child=gc.enable)
    multiprocessing.set_start_method("fork")


def _close_connections() -> None:
    """Two processes must not talk over one."""
    from django.conf import settings
    from django.core.cache import close_caches
    from django.db import connections

    if settings.configured:
        connections.close_all()
        close_caches()


def serve(**options: Any) -> Any:
    """What the command does, with granian's options."""
    if sys.platform == "linux" and not any(map(options.get, BEFORE_THE_IMPORT)):
        warm(options["app"], options["factory"])
    return _granian(**options)


_granian: Any = cli.callback
cli.callback = serve
MPServer._spawn_wsgi_worker = staticmethod(granian_worker.work)  # type: ignore[method-assign]

if __name__ == "__main__":
    cli(auto_envvar_prefix="GRANIAN", prog_name="python -m idp_site.serve")
