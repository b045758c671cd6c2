"""Each app of the site can be taken out of INSTALLED_APPS, and the rest still works.

(That the rest passes its own tests too is seen by a pass of ``make test`` for each app.)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, run_one_after_another

OWN_ADDRESS = {
    "accounts": "/signup/",
    "oauth": "/.well-known/openid-configuration",
    "mfa": "/signin/second-step/app/",
    "passkeys": "/.well-known/webauthn",
}

ASK = """
import json, sys
from django.test import Client
from idp_site.celery import app
app.loader.import_default_modules()
browser = Client(headers={"Host": "localhost"})
print(json.dumps({
    "status": {path: browser.get(path).status_code for path in PATHS},
    "periodic": sorted(app.conf.beat_schedule),
}))
"""


def test_every_app_of_the_site_is_tried() -> None:
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}

    assert apps - {"ostiary", "idp_site"} == set(OWN_ADDRESS)


@pytest.mark.parametrize("app", OWN_ADDRESS)
def test_the_site_serves_without(app: str, tmp_path: Path) -> None:
    paths = ["/", "/admin/login/", "/readyz", "/metrics", *OWN_ADDRESS.values()]
    output = run_one_after_another(
        sys.executable,
        "seed_demo --migrate",
        "check",
        "makemigrations --check --dry-run",
        cwd=ROOT,
        rest=ASK.replace("PATHS", repr(paths)),
        DJANGO_SETTINGS_MODULE=f"tests.reuse.without_{app}",
        VAR_DIR=str(tmp_path / "var"),
        LOG_LEVEL="ERROR",
    )
    assert "No changes detected" in output
    told = json.loads(output.splitlines()[-1])

    gone = OWN_ADDRESS[app]
    assert told["status"].pop(gone) == 404
    assert set(told["status"].values()) <= {200, 302}
    assert "ostiary.outbox.sweep.urgent" in told["periodic"]
    assert not [name for name in told["periodic"] if name.startswith(f"ostiary.{app}.")]
