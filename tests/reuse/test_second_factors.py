"""``ostiary.mfa`` alone, from the wheel, in a project with its own people and ``LoginView``."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pyotp
import pytest
import requests

from .conftest import Project

URLS = """
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.urls import include, path
from django_otp.decorators import otp_required


@otp_required(if_configured=True)
def home(request):
    return HttpResponse(f"{request.user} {request.user.is_verified()}")


urlpatterns = [
    path("", home),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(next_page="login")),
    path("", include("ostiary.mfa.urls")),
]
"""

ADD_PERSON = """
from accounts.models import User
User.objects.create_user("carol", "carol@example.com", "a password of carol's")
"""


@pytest.fixture(scope="module")
def project(new_host: Callable[..., Project]) -> Project:
    """A project that installs our second factors and nothing else of ours."""
    host = new_host()
    settings = host.folder / "host" / "settings.py"
    text = re.sub(
        r"^from ostiary.*$|^OAUTH2_PROVIDER.*$", "", settings.read_text(), flags=re.MULTILINE
    )
    text = text.replace('"ostiary.oauth",\n    "oauth2_provider",', '"ostiary.mfa", "django_otp",')
    register = '"ostiary.sessions.SessionRegisterMiddleware",'
    text = text.replace(
        register,
        f'{register} "ostiary.mfa.middleware.VerifiedSessionMiddleware",'
        '"ostiary.mfa.middleware.SecondStepMiddleware",',
    )
    settings.write_text(f'{text}\nOTP_LOGIN_URL = "login"\n')
    (host.folder / "host" / "urls.py").write_text(URLS)
    host.has_own_accounts_app()
    host.manage("migrate")
    host.shell(ADD_PERSON)
    return host


def post(browser: requests.Session, url: str, **fields: str) -> requests.Response:
    """Send the form of the page at ``url``, and follow where it leads."""
    browser.get(url, timeout=30)
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"], **fields}
    return browser.post(url, form, headers={"Referer": url}, timeout=30)


def test_nothing_is_amiss_in_the_project(project: Project) -> None:
    told = project.one_after_another(
        "check", "makemigrations --check --dry-run", "showmigrations --plan"
    )
    assert "No changes detected" in told
    assert "ostiary_mfa.0001_totp" in told
    assert "ostiary_accounts" not in told


def test_a_person_sets_up_an_app_signs_out_and_signs_in_by_its_code(
    project: Project, serve: Callable[[Project], str]
) -> None:
    issuer = serve(project)
    browser = requests.Session()
    person = {"username": "carol", "password": "a password of carol's"}
    assert post(browser, f"{issuer}/login/", **person).text == "carol False"

    confirm = post(browser, f"{issuer}/account/security/app/")
    uri = html.unescape(re.search(r'href="(otpauth://[^"]+)"', confirm.text)[1])  # type: ignore[index]
    app = pyotp.parse_uri(uri)
    assert isinstance(app, pyotp.TOTP)
    assert app.name == "carol"
    done = post(browser, confirm.url, code=app.now())
    assert done.status_code == 200, done.text
    assert browser.get(issuer, timeout=30).text == "carol True"

    browser = requests.Session()
    challenge = post(browser, f"{issuer}/login/", **person)
    assert challenge.url.startswith(f"{issuer}/signin/second-step/app/")
    assert post(browser, challenge.url, code="000000").status_code == 400
    # The code of the next half minute: the present one was used to confirm.
    inside = post(
        browser, challenge.url, code=app.generate_otp(app.timecode(datetime.now(UTC)) + 1)
    )
    assert inside.text == "carol True"
    post(browser, f"{issuer}/logout/")
    assert browser.get(issuer, timeout=30).url.startswith(f"{issuer}/login/")
