"""The kit stands alone: what it imports, and what it does not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

IMPORT = """
import json, sys
import {module}
print(json.dumps(sorted(sys.modules)))
"""
OURS = {"oauth", "oauth.jwk", "oauth.verified", "ostiary", "ostiary.typed_settings"}
FOREIGN = ("oauth2_provider", "oauthlib", "joserfc", "celery", "limits", "rest_framework")


@pytest.mark.parametrize("module", ["", ".middleware", ".metadata", ".errors", ".mtls"])
def test_importing_it_imports_no_models_and_nothing_of_the_server(module):
    done = subprocess.run(
        [sys.executable, "-c", IMPORT.format(module=f"oauth.resource_server{module}")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(done.stdout))

    ours = {name for name in loaded if name.partition(".")[0] in ("oauth", "ostiary")}
    assert {name for name in ours if not name.startswith("oauth.resource_server")} == OURS
    assert not {name for name in loaded if name.partition(".")[0] in FOREIGN}
    assert "django.contrib.auth.models" not in loaded
