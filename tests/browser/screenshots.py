"""``make screenshots``: take the pictures, into ``var/screenshots/`` and ``docs/images/``."""

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["-q", str(Path(__file__).with_name("pictures.py"))]))
