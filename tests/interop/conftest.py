"""The identity provider on a real port, a person, and the clients that we did not write."""

from __future__ import annotations

import functools
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from oauth.models import Client, TrustRule
from oauth.models.trust_rule import JWT_BEARER, TOKEN_EXCHANGE
from tests.machine import free_port, npm_packages, program, python_packages
from tests.oauth.conftest import PASSWORD, make_person, put_signing_keys
from tests.oauth.far_end import far_end
from tests.oauth.outside import MAIN, Platform, platform

from . import tls
from .browser_application import BrowserApplication, serve
from .person import Person

HERE = Path(__file__).parent
REDIRECT_URI = "https://rp.example/callback"
API = "https://api.example/"
API_OF_A_WORKLOAD = "https://api.example.com/"
PATIENCE_SECONDS = 60
Answer = Callable[[Any], str]


@pytest.fixture
def signing_keys(transactional_db) -> None:
    """What the issuer signs with."""
    put_signing_keys()


@pytest.fixture
def issuer(live_server, signing_keys, settings) -> str:
    """The issuer: a real server on a real port of this machine."""
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": live_server.url}
    return str(live_server.url)


@pytest.fixture
def secure_issuer(transactional_db, signing_keys, certificate, settings) -> Iterator[str]:
    """The issuer by https."""
    with tls.live_server(certificate) as url:
        settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": url}
        yield url


@pytest.fixture
def person(transactional_db) -> Iterator[Person]:
    """Someone with an account."""
    user = make_person("grace@example.com", name="Grace Hopper")
    grace = Person(user.email, PASSWORD)
    yield grace
    grace.browser.close()


def register(method: str, **fields: Any) -> dict[str, str]:
    """Register a client that authenticates by ``method``; what its developer is told."""
    registered = Client(
        **{
            "name": "Interop",
            "client_type": "public" if method == "none" else "confidential",
            "token_endpoint_auth_methods": [method],
            "redirect_uris": REDIRECT_URI,
            "post_logout_redirect_uris": "https://rp.example/",
            "grant_types": ["authorization_code", "refresh_token"],
            "scopes": ["openid", "profile", "email", "offline_access"],
            "audiences": [API],
            **fields,
        }
    )
    told = {"method": method, "redirect_uri": registered.redirect_uris}
    if method.startswith("client_secret"):
        told["client_secret"] = registered.rotate_secret()
    registered.full_clean()
    registered.save()
    return {**told, "client_id": registered.client_id}


@functools.cache
def new_key(alg: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A key to sign with by ``alg``: the private JWK, and the JWK Set that its owner registers."""
    key: Key
    if alg == "ES256":
        key = ECKey.generate_key("P-256")
    elif alg in ("EdDSA", "Ed25519"):
        key = OKPKey.generate_key("Ed25519")
    else:
        key = RSAKey.generate_key(2048)
    named = {"kid": "its key", "alg": alg, "use": "sig"}
    return (
        {**key.as_dict(private=True), **named},
        {"keys": [{**key.as_dict(private=False), **named}]},
    )


@pytest.fixture
def client(transactional_db) -> Callable[..., dict[str, str]]:
    """Registers a client; returns what its developer is told."""
    return register


@pytest.fixture
def github(issuer: str) -> Iterator[Platform]:
    """The platform whose jobs are let in, in all three ways."""
    with platform() as serving:
        client = Client(
            name="Deployer",
            client_type="confidential",
            grant_types=[JWT_BEARER, TOKEN_EXCHANGE, "client_credentials"],
            scopes=["api:read"],
            audiences=[API_OF_A_WORKLOAD],
        )
        client.full_clean()
        client.save()
        rule = TrustRule(
            name="deploy",
            issuer=serving.issuer,
            algorithms=["RS256"],
            subject=MAIN,
            client=client,
            uses=TrustRule.Use.values,
            scopes=["api:read"],
        )
        rule.full_clean()
        rule.save()
        yield serving


@pytest.fixture(scope="session")
def new_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for https://localhost, with its key."""
    return tls.write_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def certificate(new_certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That certificate, in which the site and the clients trust."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        monkeypatch.setenv(name, str(new_certificate))
    return new_certificate


@pytest.fixture
def publish(issuer: str, certificate: Path) -> Iterator[Callable[..., str]]:
    """Publishes a client ID metadata document at https://localhost; its address."""
    with far_end(tls.server_side(certificate)) as end:

        def run(**members: Any) -> str:
            client_id = f"{end.url}client.json"
            end.body = json.dumps({"client_id": client_id, **members}).encode()
            return client_id

        yield run


@pytest.fixture(scope="session")
def node() -> str:
    """Node, beside the locked packages of ``package.json``."""
    npm_packages(HERE)
    return program("node")


def converse(
    command: list[str], told: dict[str, Any], person: Person | None = None, **more: Answer
) -> dict[str, Any]:
    """Run a client in a process of its own against the provider; what it learned.

    It is told what it must know by its last argument, and asks in lines of JSON:
    ``{"go_to": address}`` sends the person there and on, until they come back to the application,
    and what else it asks for is answered by a function of that name.
    """
    answers: dict[str, Answer] = dict(more)
    if person:
        answers["go_to"] = lambda url: person.go(url, until=told.get("comes_back", REDIRECT_URI))
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [*command, json.dumps(told)],
            cwd=folder,  # idpyoidc writes its keys where it stands
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        assert process.stderr
        clock = Timer(PATIENCE_SECONDS, process.kill)
        clock.start()
        try:
            for line in process.stdout:
                [(asked, value)] = json.loads(line).items()
                if asked == "learned":
                    return dict(value)
                process.stdin.write(answers[asked](value) + "\n")
                process.stdin.flush()
            raise AssertionError(process.stderr.read())
        finally:
            clock.cancel()
            process.kill()


@pytest.fixture(scope="session")
def programs(node, tmp_path_factory) -> Path:
    """The folder of the applications in the browser: each of ``spa/`` and its library, in one."""
    folder = tmp_path_factory.mktemp("programs")
    esbuild = [str(HERE / "node_modules" / ".bin" / "esbuild"), "--log-level=error"]
    entries = map(str, HERE.glob("spa/*.js"))
    form = ["--bundle", "--format=esm", "--target=es2022", f"--outdir={folder}"]
    subprocess.run([*esbuild, *entries, *form], check=True)
    return folder


@pytest.fixture
def open_application(
    chromium, programs, issuer, person, new_certificate
) -> Iterator[Callable[..., BrowserApplication]]:
    """Opens an application of ``spa/`` in a window of a new browser, registered as a public client
    with these ``fields``, and by https if it is to be ``secure``; it is told what else is given."""
    with ExitStack() as stack:
        window = stack.enter_context(chromium.new_context(ignore_https_errors=True)).new_page()
        window.set_default_timeout(PATIENCE_SECONDS * 1000)

        def run(
            program: str, fields: dict[str, Any], *, secure: bool = False, **chosen: Any
        ) -> BrowserApplication:
            port = free_port()
            url = f"{'https' if secure else 'http'}://localhost:{port}"
            public: dict[str, Any] = {
                "redirect_uris": f"{url}/callback {url}/blank",
                "post_logout_redirect_uris": f"{url}/",
                "allowed_origins": url,
                **fields,
            }
            chosen = {
                "issuer": issuer,
                "client_id": register("none", **public)["client_id"],
                "scope": "openid email offline_access",
                **chosen,
            }
            context = tls.server_side(new_certificate) if secure else None
            stack.enter_context(serve(programs / f"{program}.js", chosen, port, context))
            application = BrowserApplication(url, window)
            application.open()
            return application

        yield run


@pytest.fixture
def run_node_client(node) -> Callable[..., dict[str, Any]]:
    """Runs a node client against the provider (``conversation.mjs``); what it learned."""
    return lambda script, *given, **more: converse([node, str(HERE / script)], *given, **more)


@pytest.fixture(scope="session")
def python() -> str:
    """The Python of an environment with the packages of ``requirements/interop.txt``."""
    return str(python_packages("interop"))


@pytest.fixture
def run_python_client(python, issuer) -> Callable[..., dict[str, Any]]:
    """Runs a Python client against the provider (``python/conversation.py``); what it learned."""

    def run(script: str, told: dict[str, Any], *given: Any, **more: Any) -> dict[str, Any]:
        command = [python, str(HERE / "python" / script)]
        return converse(command, {"issuer": issuer, **told}, *given, **more)

    return run
