"""Serve the relying party: ``python -m examples.relying_party``."""

import uvicorn

from .app import RP_PORT, app

if __name__ == "__main__":
    # One process, because the sessions are kept in its memory.
    uvicorn.run(app, host="127.0.0.1", port=RP_PORT, log_level="warning")
