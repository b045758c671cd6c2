"""What the site's loggers write, as parsed objects."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from idp_site.logs import Formatter


@contextmanager
def lines_of(logger: logging.Logger, level: int) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What ``logger`` writes from ``level`` on, within the block."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter())
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
