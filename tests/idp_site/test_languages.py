"""Every text of every app in every language of the site: nothing missing, nothing out of date."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.machine import program

ROOT = Path(__file__).resolve().parents[2]
APPS = ("ostiary", "accounts", "oauth", "mfa", "passkeys", "idp_site")
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]


def catalogue(app: str, language: str) -> Path:
    """The translations of an app."""
    return ROOT / app / "locale" / language / "LC_MESSAGES" / "django.po"


@pytest.fixture(scope="session")
def texts(tmp_path_factory) -> Path:
    """A copy of the sources with a template of all their texts in each app's ``locale``."""
    program("msgfmt")
    copy = tmp_path_factory.mktemp("texts")
    unwanted = shutil.ignore_patterns("locale", "__pycache__", "static")
    for name in (*APPS, "templates"):
        shutil.copytree(ROOT / name, copy / name, ignore=unwanted)
    for app in APPS:
        (copy / app / "locale").mkdir()
    shutil.copy(ROOT / "manage.py", copy)
    command = [sys.executable, "manage.py", "makemessages", "--keep-pot", "--locale", "de"]
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    env["PYTHONPATH"] = f"{copy}:{ROOT}"
    subprocess.run(command, cwd=copy, env=env, check=True, capture_output=True)
    return copy


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("app", APPS)
def test_no_text_lacks_a_translation(texts, app, language):
    template = texts / app / "locale" / "django.pot"

    compared = subprocess.run(
        ["msgcmp", str(catalogue(app, language)), str(template)], capture_output=True, text=True
    )

    assert compared.returncode == 0, compared.stderr


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("app", APPS)
def test_a_translation_keeps_the_placeholders(app, language, tmp_path):
    command = ["msgfmt", "--check", "--output-file", str(tmp_path / "made.mo")]

    checked = subprocess.run(
        [*command, str(catalogue(app, language))], capture_output=True, text=True
    )

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("app", APPS)
def test_what_is_served_is_what_is_written(app, language, tmp_path):
    """The compiled catalogue is kept beside the readable one, so that nobody needs gettext."""
    program("msgfmt")
    written = catalogue(app, language)
    made = tmp_path / "made.mo"

    subprocess.run(["msgfmt", "--output-file", str(made), str(written)], check=True)

    assert made.read_bytes() == written.with_suffix(".mo").read_bytes()
