"""The broker of the demo: files in a folder, as by kombu, but none that is read before it is whole.

kombu writes a message into the file that workers look for, and a worker that comes meanwhile ends:
``JSONDecodeError``, "Unrecoverable error". Here a file gets its name when it is complete. One that
is half-written all the same, by whatever else wrote or lost it, is left alone while it may still
grow, and then dropped: what has to arrive is in the outbox, and is sent again.
"""

from __future__ import annotations

import fcntl
import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem, virtual
from kombu.transport.filesystem import exchange_queue_t
from kombu.utils.json import dumps, loads

PATIENCE_SECONDS = 10
"""How long a file that can't be read may still be growing."""
log = logging.getLogger(__name__)


def _write(path: Path, text: str) -> None:
    """Let the file appear, or be replaced, whole."""
    draft = path.with_name(f"draft-{uuid.uuid4()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


class Channel(filesystem.Channel):
    """kombu's channel, with its own way to read and write each file."""

    def _put(  # type: ignore[override]  # as the stubs have it of kombu's own
        self, queue: str, payload: dict[str, Any], **kwargs: Any
    ) -> None:
        name = f"{time.monotonic_ns():020}_{uuid.uuid4()}.{queue}.msg"
        _write(Path(self.data_folder_out, name), dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The oldest whole message. Raises ``Empty``."""
        for path in sorted(Path(self.data_folder_in).iterdir()):
            # (Only what comes after the first dot is the queue: it has dots of its own.)
            if path.name.partition(".")[2] != f"{queue}.msg":
                continue
            try:
                payload = loads(path.read_bytes())
                path.unlink()  # one process can
            except FileNotFoundError:
                continue
            except ValueError:
                _drop_if_old(path)
                continue
            return payload
        raise Empty

    def get_table(self, exchange: str) -> list[Any]:
        """The queues that are bound to the exchange."""
        try:
            rows = loads(self._file_of(exchange).read_bytes())
        except (FileNotFoundError, ValueError):
            return []
        return [exchange_queue_t(*row) for row in rows]

    def _queue_bind(
        self, exchange: str, routing_key: str | None, pattern: str | None, queue: str
    ) -> None:
        row = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._changing(exchange) as table:
            if row not in table:
                table.insert(0, row)

    def _delete(self, queue: str, exchange: str, routing_key: str, pattern: str, *_: Any) -> None:
        virtual.Channel._delete(self, queue)
        row = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._changing(exchange) as table:
            if row in table:
                table.remove(row)

    def _file_of(self, exchange: str) -> Path:
        file: Path = self._exchange_file(exchange)  # type: ignore[attr-defined]  # of kombu 5.7
        return file

    @contextmanager
    def _changing(self, exchange: str) -> Iterator[list[Any]]:
        """The table of an exchange, which is written when the block ends; one process at a time."""
        file = self._file_of(exchange)
        with file.with_suffix(".lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            table = self.get_table(exchange)
            yield table
            _write(file, dumps(table))


def _drop_if_old(path: Path) -> None:
    try:
        if time.time() - path.stat().st_mtime > PATIENCE_SECONDS:
            path.unlink()
            log.warning("A message of the broker that can't be read was dropped: %s", path.name)
    except FileNotFoundError:
        return  # another worker did


class Transport(filesystem.Transport):
    """``CELERY_BROKER_TRANSPORT`` for ``filesystem://``."""

    Channel = Channel
    global_state = virtual.BrokerState()
