"""Each app of the site can be taken out of INSTALLED_APPS, and the rest still works."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, run

# An app, and what goes with it: the toolkit is the base of `oauth` and of nothing else, and a site
# without our people has Django's.
REMOVALS = {
    "accounts": 'AUTH_USER_MODEL = "auth.User"',
    "oauth": 'INSTALLED_APPS.remove("oauth2_provider")',
}
OWN_ADDRESS = {"accounts": "/signup/", "oauth": "/.well-known/openid-configuration"}

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

    assert apps - {"ostiary", "idp_site"} == set(REMOVALS)


@pytest.mark.parametrize("app", REMOVALS)
def test_the_site_serves_without(app: str, tmp_path: Path) -> None:
    (tmp_path / "site_without.py").write_text(
        f"from idp_site.settings import *\nINSTALLED_APPS.remove({app!r})\n{REMOVALS[app]}\n"
    )

    def manage(*arguments: str) -> str:
        environment = {
            "PYTHONPATH": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "site_without",
            "DEMO": "1",
            "VAR_DIR": str(tmp_path / "var"),
            "LOG_LEVEL": "ERROR",
        }
        return run(sys.executable, "manage.py", *arguments, cwd=ROOT, **environment)

    manage("seed_demo", "--migrate")
    manage("check")
    assert "No changes detected" in manage("makemigrations", "--check", "--dry-run")
    paths = ["/", "/admin/login/", "/readyz", "/metrics", *OWN_ADDRESS.values()]
    told = json.loads(
        manage("shell", "-v", "0", "-c", ASK.replace("PATHS", repr(paths))).splitlines()[-1]
    )

    gone = OWN_ADDRESS[app]
    assert told["status"].pop(gone) == 404
    assert set(told["status"].values()) <= {200, 302}
    assert "ostiary.outbox.sweep" in told["periodic"]
    assert not [name for name in told["periodic"] if name.startswith(f"ostiary.{app}.")]
