"""Django with the kit and nothing else."""

import os

SECRET_KEY = "of a server that lives for a minute, on this machine alone, with nobody in it"
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "tests.bench.sides.kit.urls"
MIDDLEWARE: list[str] = []
USE_I18N = False
OSTIARY_RESOURCE_SERVER = {"ISSUER": os.environ["ISSUER_URL"], "AUDIENCE": os.environ["AUDIENCE"]}
