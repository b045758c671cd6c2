"""How both ends talk: one JSON object a line, a question and its answer, over a Unix socket."""

from __future__ import annotations

import os
from pathlib import Path

MAX_LINE = 64 * 1024
TIMEOUT_SECONDS = 2.0


def socket_path() -> Path:
    """Where the signer listens. Raises ``KeyError`` where nobody has said."""
    return Path(os.environ["SIGNER_SOCKET"])
