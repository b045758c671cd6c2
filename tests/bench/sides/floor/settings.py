"""Django with a database and nothing else."""

from idp_site.settings import DATABASES as DATABASES

SECRET_KEY = "of a server that lives for a minute, on this machine alone, with nobody in it"
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "tests.bench.sides.floor.urls"
MIDDLEWARE: list[str] = []
USE_I18N = False
