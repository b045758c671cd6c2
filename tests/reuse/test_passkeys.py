"""``ostiary.passkeys`` alone, from the wheel, in a project with Django's own people and
``LoginView``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
import requests

from tests.passkeys.authenticator import Authenticator

from .conftest import Project

URLS = """
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.urls import include, path

from ostiary import assurance


@login_required
def home(request):
    return HttpResponse(f"{request.user} {assurance.current(request).acr}")


urlpatterns = [
    path("", home),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(next_page="login")),
    path("", include("ostiary.passkeys.urls")),
]
"""

ADD_PERSON = """
from django.contrib.auth.models import User
User.objects.create_user("carol", "carol@example.com", "a password of carol's")
"""
MANAGE, SIGN_IN = "/account/security/passkeys/", "/signin/passkey/"


@pytest.fixture(scope="module")
def project(new_host: Callable[..., Project]) -> Project:
    """A project that installs our passkeys and nothing else of ours."""
    host = new_host()
    settings = host.folder / "host" / "settings.py"
    text = re.sub(
        r"^from ostiary.*$|^OAUTH2_PROVIDER.*$", "", settings.read_text(), flags=re.MULTILINE
    )
    ours = '"ostiary.passkeys",\n    "django.contrib.staticfiles",'
    text = text.replace('"ostiary.oauth",\n    "oauth2_provider",', ours)
    settings.write_text(f'{text}\nSTATIC_URL = "/static/"\n')
    (host.folder / "host" / "urls.py").write_text(URLS)
    host.manage("migrate")
    host.shell(ADD_PERSON)
    return host


def post(browser: requests.Session, url: str, **fields: str) -> requests.Response:
    """Send the form of the page at ``url``, and follow where it leads."""
    browser.get(url, timeout=30)
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"], **fields}
    return browser.post(url, form, headers={"Referer": url}, timeout=30)


def options(browser: requests.Session, url: str) -> dict[str, object]:
    """What our script would ask for on the page at ``url``."""
    assert browser.get(url, timeout=30).status_code == 200
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    answer = browser.post(url, form, headers={"Accept": "application/json"}, timeout=30)
    found: dict[str, object] = answer.json()
    return found


def test_nothing_is_amiss_in_the_project(project: Project) -> None:
    told = project.one_after_another(
        "check",
        "makemigrations --check --dry-run",
        "showmigrations --plan",
        "findstatic ostiary_passkeys/passkeys.js",
    )
    assert "No changes detected" in told
    assert "ostiary_passkeys.0001_credentials" in told
    assert "ostiary_accounts" not in told
    assert "static/ostiary_passkeys/passkeys.js" in told


def test_a_person_adds_a_passkey_signs_out_and_signs_in_by_it(
    project: Project, serve: Callable[[Project], str]
) -> None:
    issuer = serve(project)
    browser, passkey = requests.Session(), Authenticator(origin=issuer)
    inside = post(browser, f"{issuer}/login/", username="carol", password="a password of carol's")
    assert inside.text == "carol urn:ostiary:aal1"

    made = passkey.create(options(browser, issuer + MANAGE))
    page = post(browser, issuer + MANAGE, answer=json.dumps(made))
    assert (page.status_code, page.url) == (200, issuer + MANAGE)
    assert 'id="passkey-1">Passkey<' in page.text
    post(browser, f"{issuer}/logout/")
    assert browser.get(issuer, timeout=30).url.startswith(f"{issuer}/login/")

    browser = requests.Session()
    shown = passkey.get(options(browser, issuer + SIGN_IN))
    inside = post(browser, issuer + SIGN_IN, answer=json.dumps(shown))
    assert inside.text == "carol urn:ostiary:aal2:phr"
