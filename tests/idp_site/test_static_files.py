"""Static files as production serves them: under the hash of their content, for ever."""

import json
import re

import pytest

from tests.faults.conftest import database_url

from .site import PRODUCTION, environment, python

ASK = """
import json, re
import idp_site.wsgi
from django.test import Client
browser = Client(headers={"Host": "id.example.com"})
page = browser.get("/signin/", secure=True)
found = {}
for address in re.findall(r'(?:src|<link[^>]*href)="([^"]+)"', page.content.decode()):
    answer = browser.get(address, secure=True)
    found[address] = [answer.status_code, dict(answer.headers)]
print(json.dumps(found))
"""


@pytest.mark.django_db(transaction=True)
def test_every_file_of_a_page_is_there_and_kept_for_ever(production_folder):
    env = environment(production_folder, **{**PRODUCTION, "DATABASE_URL": database_url()})
    result = python(env, "-c", ASK)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    assert any(address.endswith(".css") for address in found)
    for address, (status, headers) in found.items():
        assert status == 200, address
        assert re.fullmatch(r"/static/.+\.[0-9a-f]{12}\.\w+", address)
        assert "immutable" in headers["Cache-Control"]
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
