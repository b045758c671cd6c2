"""The site's settings for tests: the environment a test run needs, where none is given."""

import os
import tempfile

os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="ostiary-tests-"))
os.environ.setdefault("DEMO", "1")
os.environ.setdefault("ISSUER_URL", "http://localhost:8000")
os.environ.setdefault("SECRET_KEY", "tests-only-PzUq8XK2yVnYb3R0mTgW7dLcE5sHfJ1aQ9oB4i")
os.environ.setdefault("FIELD_ENCRYPTION_KEYS", "dGVzdHMtb25seS1rZXktdGhhdC1oYXMtMzItYnl0ZXM=")
os.environ.setdefault("CELERY_BROKER_URL", "memory://")
os.environ.setdefault("LOG_LEVEL", "WARNING")
# A pool would keep connections open that the dropping of the test database waits for.
os.environ.setdefault("DATABASE_POOL_SIZE", "0")

from idp_site.settings import *  # noqa: F403
