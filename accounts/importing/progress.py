"""How far an import is, on a terminal: by ``tqdm``, where it is installed."""

from __future__ import annotations

from types import TracebackType
from typing import Any, TextIO

try:
    from tqdm import tqdm
except ImportError:  # an extra: without it there is no bar
    tqdm = None


class Progress:
    """A bar over the bytes of all files, which goes when it is done. ``None`` shows nothing."""

    def __init__(self, label: str, size: int, terminal: TextIO | None) -> None:
        self._bar: Any = None
        if terminal and tqdm:
            self._bar = tqdm(
                desc=label, total=size, unit="B", unit_scale=True, file=terminal, leave=False
            )
        self._before = self._people = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def at(self, offset: int) -> None:
        """One more record, so far into the present file."""
        self._people += 1
        if self._bar is not None:
            self._bar.set_postfix_str(f"{self._people:,} records", refresh=False)
            self._bar.update(self._before + offset - self._bar.n)

    def file_ends(self, size: int) -> None:
        """On to the next file."""
        self._before += size
        if self._bar is not None:
            self._bar.update(self._before - self._bar.n)
            self._bar.refresh()
