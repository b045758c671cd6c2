"""What the tests of the site share."""

from pathlib import Path

import pytest

from .site import PRODUCTION, environment, python


@pytest.fixture(scope="session")
def collected_static(tmp_path_factory) -> Path:
    """The site's static files as production serves them: hashed and compressed."""
    folder = tmp_path_factory.mktemp("collected")
    result = python(environment(folder, **PRODUCTION), "manage.py", "collectstatic", "--noinput")
    assert result.returncode == 0, result.stderr
    return folder / "static"


@pytest.fixture
def production_folder(tmp_path, collected_static) -> Path:
    """A data folder in which the static files have been collected."""
    (tmp_path / "static").symlink_to(collected_static)
    return tmp_path
