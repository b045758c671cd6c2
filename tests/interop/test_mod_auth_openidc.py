"""Debian's libapache2-mod-auth-openidc in front of a page that knows nothing of OpenID Connect."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from oauth.models import ClientSession
from ostiary import outbox
from tests.machine import answers, free_port, missing, program

from .conftest import register

pytestmark = pytest.mark.django_db(transaction=True)

MODULES = Path("/usr/lib/apache2/modules")
CONFIGURATION = """
ServerRoot "{folder}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile "{folder}/pid"
ErrorLog "{folder}/error.log"
LogLevel warn auth_openidc:info
User www-data
Group www-data
Mutex file:{folder}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so

DocumentRoot "{folder}/pages"
DirectoryIndex index.html

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRedirectURI http://localhost:{port}/private/callback
OIDCCryptoPassphrase "only for this test"
OIDCScope "openid profile email"
OIDCPKCEMethod S256
OIDCResponseType code
OIDCRemoteUserClaim email
OIDCHTTPTimeoutShort 60

<Location "/private/">
  AuthType openid-connect
  Require valid-user
  Header set X-User "expr=%{{REMOTE_USER}}"
  Header set X-Name "%{{OIDC_CLAIM_name}}e"
</Location>
"""


@pytest.fixture
def apache() -> str:
    """The web server, with the module."""
    found = program("apache2", "/usr/sbin/apache2")
    if not (MODULES / "mod_auth_openidc.so").is_file():
        missing("libapache2-mod-auth-openidc is not installed")
    return found


@pytest.fixture
def serve(apache, issuer) -> Iterator[Callable[[], str]]:
    """Starts Apache as a client of the provider; returns its address."""
    # Not in pytest's folder: a pass that starts beside this one closes that to Apache's own user.
    folder = Path(tempfile.mkdtemp(prefix="apache-"))
    started: list[subprocess.Popen[bytes]] = []

    def run() -> str:
        port = free_port()
        site = f"http://localhost:{port}"
        told = register(
            "client_secret_basic",
            redirect_uris=f"{site}/private/callback",
            post_logout_redirect_uris=f"{site}/bye.html",
            scopes=["openid", "profile", "email"],
            metadata={"backchannel_logout_uri": f"{site}/private/callback?logout=backchannel"},
        )
        pages = folder / "pages"
        (pages / "private").mkdir(parents=True)
        (pages / "private" / "index.html").write_text("<h1>For members</h1>")
        (pages / "bye.html").write_text("<h1>Goodbye</h1>")
        for each in [folder, *folder.rglob("*")]:  # Apache's workers have a user of their own
            each.chmod(0o777 if each.is_dir() else 0o644)
        written = CONFIGURATION.format(
            folder=folder, port=port, modules=MODULES, issuer=issuer, **told
        )
        (folder / "apache.conf").write_text(written)
        command = [apache, "-f", str(folder / "apache.conf"), "-D", "FOREGROUND"]
        started.append(subprocess.Popen(command))
        for _ in range(200):
            if answers(site):
                return site
            time.sleep(0.1)
        raise AssertionError((folder / "error.log").read_text())

    yield run
    for process in started:
        process.terminate()
        process.wait(timeout=30)
    shutil.rmtree(folder, ignore_errors=True)


def test_a_page_behind_apache_is_shown_to_who_signed_in(serve, person):
    site = serve()
    private = f"{site}/private/index.html"

    callback = person.go(private, until=f"{site}/private/callback")
    landed = person.browser.get(callback)
    page = person.browser.get(landed.headers["location"])

    assert urlsplit(landed.headers["location"]).path == "/private/index.html"
    assert page.status_code == 200
    assert "For members" in page.text
    assert page.headers["X-User"] == "grace@example.com"
    assert page.headers["X-Name"] == "Grace Hopper"


def test_a_stranger_is_sent_to_the_provider(serve, issuer):
    site = serve()

    answer = httpx.get(f"{site}/private/index.html", follow_redirects=False)

    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{issuer}/oauth/authorize?")
    assert "code_challenge_method=S256" in answer.headers["location"]


def test_signing_out_at_apache_signs_out_at_the_provider(serve, person, issuer):
    site = serve()
    callback = person.go(f"{site}/private/index.html", until=f"{site}/private/callback")
    person.browser.get(callback)

    bye = person.go(f"{site}/private/callback?logout={site}/bye.html", until=f"{site}/bye.html")

    assert "Goodbye" in person.browser.get(bye).text
    again = person.browser.get(f"{site}/private/index.html")
    assert again.headers["location"].startswith(issuer)
    assert person.browser.get(f"{issuer}/account/").is_redirect


def test_signing_out_at_the_provider_ends_the_session_at_apache(serve, person, issuer):
    site = serve()
    private = f"{site}/private/index.html"
    person.browser.get(person.go(private, until=f"{site}/private/callback"))
    assert person.browser.get(private).status_code == 200

    person.sign_out(issuer)
    assert outbox.deliver_due() == 1

    assert person.browser.get(private).headers["location"].startswith(issuer)
    assert ClientSession.objects.get().told_at is not None
