"""The resource kit of the wheel, in an API that has neither a database nor the server."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.examples.issuer import running

from .conftest import new_environment, run

NEEDED = ("Django", "PyJWT", "cryptography", "djangorestframework")

API = """
import json, sys
from django.conf import settings
settings.configure(
    SECRET_KEY="x" * 50,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[],
    MIDDLEWARE=["ostiary.oauth.resource_server.middleware.AccessTokenMiddleware"],
    REST_FRAMEWORK={"UNAUTHENTICATED_USER": None},
    OSTIARY_RESOURCE_SERVER={"ISSUER": sys.argv[1], "AUDIENCE": "https://api.example/"},
)
import django
django.setup()
from django.http import JsonResponse
from django.test import Client
from django.urls import path
from ostiary.oauth.resource_server import protected
from ostiary.oauth.resource_server.metadata import metadata_url
DRF

@protected(scopes=["api:read"])
def plain(request):
    return JsonResponse({"sub": request.token.subject})

urlpatterns += [path("plain", plain), metadata_url()]
token = {"headers": {"authorization": "Bearer " + sys.argv[2]}}
answers = [
    Client().get(address, **how)
    for address in ADDRESSES
    for how in (token, {}, {"headers": {"authorization": "Bearer x"}})
]
print(json.dumps({
    "statuses": [answer.status_code for answer in answers],
    "sub": answers[0].json()["sub"],
    "challenge": answers[1]["WWW-Authenticate"],
    "loaded": [name for name in sys.modules if name.startswith("ostiary.oauth.models")],
}))
"""

DRF = """
from rest_framework.response import Response
from rest_framework.views import APIView
from ostiary.oauth.resource_server.drf import AccessTokenAuthentication, HasScopes

class View(APIView):
    authentication_classes = [AccessTokenAuthentication]
    permission_classes = [HasScopes.of("api:read")]

    def get(self, request):
        return Response({"sub": request.auth.subject})

urlpatterns = [path("drf", View.as_view())]
"""


@pytest.fixture(params=["with", "without"])
def frameworks(request: pytest.FixtureRequest) -> list[str]:
    """The addresses of the API, with the REST framework's or with Django's alone."""
    return ["/plain", "/drf"] if request.param == "with" else ["/plain"]


def test_an_api_needs_django_and_pyjwt_alone(
    wheel: Path, tmp_path: Path, frameworks: list[str]
) -> None:
    with_drf = "/drf" in frameworks
    packages = [f"{name}=={version(name)}" for name in NEEDED[: 4 if with_drf else 3]]
    python, install = new_environment(tmp_path)
    run(*install, *packages, cwd=tmp_path)
    run(*install, "--no-deps", wheel, cwd=tmp_path)
    api = API.replace("ADDRESSES", repr(frameworks)).replace(
        "DRF\n", DRF if with_drf else "urlpatterns = []\n", 1
    )
    (tmp_path / "api.py").write_text(api)
    with running() as issuer:
        token = issuer.sign(issuer.access_token_claims(), typ="at+jwt")
        told = json.loads(run(python, "api.py", issuer.url, token, cwd=tmp_path))

    assert told["statuses"] == [200, 401, 401] * len(frameworks)
    assert told["sub"] == "person-1"
    assert "/.well-known/oauth-protected-resource" in told["challenge"]
    assert told["loaded"] == []
