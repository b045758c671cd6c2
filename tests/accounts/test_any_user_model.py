"""accounts works in a stranger's project: with their user model, and without our theme."""

import os
import subprocess
import sys


def test_the_whole_way_with_the_user_model_of_django():
    done = subprocess.run(
        [sys.executable, "-m", "tests.accounts.stranger"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.accounts.stranger.settings"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
