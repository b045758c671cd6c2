"""The site's settings for tests: the environment a test run needs, where none is given."""

import atexit
import os
import shutil
import tempfile

if "VAR_DIR" not in os.environ:
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="ostiary-tests-")
    atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)
os.environ.setdefault("DEMO", "1")
os.environ.setdefault("ISSUER_URL", "http://localhost:8000")
os.environ.setdefault("SECRET_KEY", "tests-only-kKnJ-xj2H1lrtAro0Sr5z9G3_Mjrm2vydQumIm2IZ44t")
os.environ.setdefault("FIELD_ENCRYPTION_KEYS", "MPkE17r4EASccXsYSFLkMV9_DgJHo3W8huKGWwYIuxk=")
os.environ.setdefault("CELERY_BROKER_URL", "memory://")
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ.setdefault("DATABASE_POOL_SIZE", "0")
os.environ.setdefault("CLIENT_CACHE_SECONDS", "0")  # what tests change, they need not wait for
os.environ.setdefault("REFRESH_GRACE_SECONDS", "0")  # as in a project of somebody else

from idp_site.settings import *  # noqa: F403
from idp_site.settings import DATABASES

# Kept connections of threads are such that the dropping of the test database waits for.
if DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
    DATABASES["default"]["CONN_MAX_AGE"] = 0

# Each test's browser has a handler of its own, which would look through every static file there is.
WHITENOISE_AUTOREFRESH = True
