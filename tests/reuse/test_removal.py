"""Each app of the site can be taken out, and the rest still starts."""

from __future__ import annotations

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


def test_every_app_of_the_site_is_tried() -> None:
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}

    assert apps - {"ostiary", "idp_site"} == set(REMOVALS)


@pytest.mark.parametrize("app", REMOVALS)
def test_the_site_starts_without(app: str, tmp_path: Path) -> None:
    (tmp_path / "site_without.py").write_text(
        f"from idp_site.settings import *\nINSTALLED_APPS.remove({app!r})\n{REMOVALS[app]}\n"
    )

    def manage(*arguments: str) -> str:
        environment = {"PYTHONPATH": str(tmp_path), "DEMO": "1", "VAR_DIR": str(tmp_path / "var")}
        command = [sys.executable, "manage.py", *arguments, "--settings", "site_without"]
        return run(*command, cwd=ROOT, **environment)

    manage("check")
    manage("migrate", "--verbosity", "0")
    manage("shell", "-c", "import idp_site.urls, idp_site.celery")
