"""What is built is what a stranger can use: one namespace, complete, with any user model."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets
import tarfile
import zipfile
from collections.abc import Callable
from email.parser import Parser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from .conftest import ROOT, Project

APPS = {"ostiary": "ostiary"} | {
    app: f"ostiary/{app}" for app in ("accounts", "oauth", "mfa", "passkeys")
}
REDIRECT_URI = "http://localhost/cb"


def test_the_wheel_claims_one_name_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.partition("/")[0].partition("-")[0] for name in names} == {
        "ostiary",
        "django_ostiary",
    }


@pytest.mark.parametrize("app", APPS)
def test_the_wheel_holds_every_file_of_the_app(wheel: Path, app: str) -> None:
    files = {
        f"{APPS[app]}/{path.relative_to(ROOT / app).as_posix()}"
        for path in (ROOT / app).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert f"{APPS[app]}/py.typed" in files
    assert files - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_every_translation_is_shipped_compiled(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    sources = {name for name in names if name.endswith(".po")}
    assert {name.removesuffix(".po") + ".mo" for name in sources} <= names


def test_the_wheel_has_an_extra_per_app(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    metadata = Parser().parsestr(archive.read(name).decode())

    assert metadata["Name"] == "django-ostiary"
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert {"accounts", "oauth", "mfa", "passkeys"} <= set(metadata.get_all("Provides-Extra"))
    needed = " ".join(
        line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line
    ).lower()
    assert "django" in needed
    assert "oauth-toolkit" not in needed


def test_the_source_archive_holds_what_a_packager_needs(dist: Path) -> None:
    [archive] = dist.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}

    assert {
        "pyproject.toml",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "SECURITY.md",
        "CONTRIBUTING.md",
        "manage.py",
        "Makefile",
        "requirements/dev.txt",
        "mkdocs.yml",
        "docs/index.md",
        "tests/reuse/test_wheel.py",
        "examples/host_project/manage.py",
    } <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith("var/")]


def test_one_app_migrates_beside_an_accounts_app_of_the_project(
    host_with_accounts: Project,
) -> None:
    told = host_with_accounts.one_after_another(
        "check", "makemigrations --check --dry-run", "showmigrations"
    )

    assert "No changes detected" in told
    assert "[X] 0001_initial" in told
    assert "ostiary_accounts" not in told


def test_the_migrations_can_be_taken_back(migrated_host: Project) -> None:
    labels = ("oauth2_provider", "ostiary_oauth", "ostiary")
    assert "[X]" in migrated_host.manage("showmigrations", *labels)

    told = migrated_host.one_after_another(
        *(f"migrate {label} zero" for label in labels),
        "showmigrations ostiary_oauth ostiary",
        "migrate",
    )

    assert "[ ] 0001_initial" in told
    assert "[X]" not in told


def test_a_filled_database_migrates(host: Project) -> None:
    """A project that has lived without us installs one app and keeps all it had."""
    host.has_own_accounts_app()
    settings = host.folder / "host" / "settings.py"
    with_us = settings.read_text()
    settings.write_text(
        re.sub(r"^from ostiary.*$|^OAUTH2_PROVIDER.*$", "", with_us, flags=re.MULTILINE)
        + 'INSTALLED_APPS = [one for one in INSTALLED_APPS[3:] if one != "billing"]\n'
        + 'MIDDLEWARE = [one for one in MIDDLEWARE if "ostiary" not in one]\n'
        + 'ROOT_URLCONF = "host.no_urls"\n'
    )
    (host.folder / "host" / "no_urls.py").write_text("urlpatterns = []\n")
    host.manage("migrate")
    host.shell(FILL)

    settings.write_text(with_us)
    told = host.one_after_another("migrate", "makemigrations --check --dry-run")

    assert "No changes detected" in told
    client, people = json.loads(host.shell(f"{ADD_CLIENT}{COUNT_PEOPLE}"))
    assert client["id"]
    assert people == 3


def test_a_project_can_take_the_people_of_the_wheel_too(host: Project) -> None:
    host.add_to_settings(
        'INSTALLED_APPS += ["ostiary.accounts"]\nAUTH_USER_MODEL = "ostiary_accounts.User"\n'
    )

    told = host.one_after_another("migrate", "check", "makemigrations --check --dry-run")

    assert "No changes detected" in told


def test_people_are_imported_into_djangos_own_user_model(host: Project) -> None:
    host.add_to_settings(
        "from ostiary.accounts.foreign_hashers import FOREIGN_HASHERS\n"
        'INSTALLED_APPS += ["ostiary.accounts"]\n'
        "PASSWORD_HASHERS = [\n"
        '    "ostiary.accounts.hashing.BoundedArgon2PasswordHasher", *FOREIGN_HASHERS\n'
        "]\n"
    )
    table = host.folder / "people.csv"
    table.write_text(
        "email,email_verified,given_name,password_hash\n"
        "carol@example.com,true,Carol,"
        "$2a$10$WvvTPHKwdBJ3uk0Z37EMR.hLA2W6N9AEBhEgrAOljy2Ae5MtaSIUi\n"
        "dave@example.com,false,Dave,\n"
    )
    told = host.one_after_another("migrate", f"import_users {table} --format csv")

    assert "Imported: 1" in told
    assert "unverified: 1" in told  # there is no field that could tell
    assert host.shell(SIGN_IN_CAROL) == "Carol argon2 True"


SIGN_IN_CAROL = """
from django.contrib.auth.models import User
from ostiary.accounts.even_work import authenticate
assert authenticate(None, username="carol@example.com", password="wrong") is None
carol = authenticate(None, username="carol@example.com", password="abc")
print(carol.first_name, carol.password.partition("$")[0], User.objects.count() == 1)
"""

FILL = """
from accounts.models import User
for number in range(3):
    User.objects.create_user(f"person-{number}", f"person-{number}@example.com", "a password")
"""

ADD_CLIENT = """
import json, secrets
from ostiary.oauth.models import Client
client = Client(
    name="The tests",
    client_type="confidential",
    redirect_uris="http://localhost/cb",
    grant_types=["authorization_code", "refresh_token"],
    scopes=["openid", "profile", "email", "offline_access"],
)
secret = secrets.token_urlsafe(32)
client.set_secret(secret)
client.full_clean()
client.save()
told = {"id": client.client_id, "secret": secret}
print(json.dumps(told))
"""

COUNT_PEOPLE = """
from accounts.models import User
print(json.dumps([told, User.objects.count()]))
"""


def form_fields(page: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    fields = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            fields[name[1]] = html.unescape(value[1]) if value else ""
    return fields


def test_a_person_signs_in_through_the_projects_own_login_view(
    host_with_accounts: Project, serve: Callable[[Project], str]
) -> None:
    client = json.loads(host_with_accounts.shell(f"{FILL}{ADD_CLIENT}"))
    issuer = serve(host_with_accounts)
    browser = requests.Session()
    metadata = browser.get(f"{issuer}/.well-known/openid-configuration", timeout=30).json()
    assert metadata["issuer"] == issuer

    # The request leads to the project's sign-in page, and from there to the consent page.
    verifier, state, nonce = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    login = browser.get(
        metadata["authorization_endpoint"],
        params={
            "response_type": "code",
            "client_id": client["id"],
            "redirect_uri": REDIRECT_URI,
            "scope": "openid profile email offline_access",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        },
        timeout=30,
    )
    assert urlsplit(login.url).path == "/login/"
    person = {"username": "person-1", "password": "a password"}
    consent = browser.post(login.url, {**form_fields(login.text), **person}, timeout=30)
    assert consent.status_code == 200
    assert "The tests" in consent.text
    leaving = browser.post(
        consent.url, {**form_fields(consent.text), "decision": "allow"}, timeout=30
    )
    allowed = browser.post(
        f"{issuer}/oauth/continue",
        form_fields(leaving.text),
        timeout=30,
        allow_redirects=False,
    )

    # Back at the application: code, tokens, claims.
    location = allowed.headers["Location"]
    answer = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    assert location.startswith(f"{REDIRECT_URI}?")
    assert (answer["state"], answer["iss"]) == (state, issuer)
    tokens = token_request(
        metadata,
        client,
        grant_type="authorization_code",
        code=answer["code"],
        redirect_uri=REDIRECT_URI,
        code_verifier=verifier,
    )
    keys = jwt.PyJWKClient(metadata["jwks_uri"])
    claims = jwt.decode(
        tokens["id_token"],
        keys.get_signing_key_from_jwt(tokens["id_token"]),
        algorithms=["RS256"],
        audience=client["id"],
        issuer=issuer,
    )
    assert claims["nonce"] == nonce
    assert claims["sub"] == "2"  # the second person: an integer key
    assert claims["amr"] == ["pwd"]
    userinfo = requests.get(
        metadata["userinfo_endpoint"],
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
        timeout=30,
    ).json()
    assert userinfo["sub"] == "2"
    assert userinfo["email"] == "person-1@example.com"
    renewed = token_request(
        metadata, client, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert renewed["refresh_token"] != tokens["refresh_token"]


def token_request(metadata: dict[str, Any], client: dict[str, str], **form: str) -> dict[str, Any]:
    """The answer of the token endpoint to a confidential client."""
    answer = requests.post(
        metadata["token_endpoint"], form, auth=(client["id"], client["secret"]), timeout=30
    )
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens
