"""People, clients and a browser for the tests of the authorization server."""

import functools

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.test import Client as Browser
from django.utils import timezone

from oauth import apis, keys, status_list
from oauth.models import Client, Grant, SigningKey
from tests.oauth import flow
from tests.oauth.assertions import CLIENT_KEY, public_jwk

PASSWORD = "correct horse battery staple"
API = "https://api.example/"


@pytest.fixture(autouse=True)
def no_search_for_static_files(settings):
    """Every new browser of a test would otherwise look through all of them."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def scope_of_an_api(settings):
    """The site has a scope of its own beside the standard ones."""
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "SCOPES": {"api:read": "Read the API"},
    }


_signing_keys: list[SigningKey] = []


def put_signing_keys() -> None:
    """The same signing keys in every test: made once, since an RSA key takes its time."""
    if _signing_keys:
        SigningKey.objects.bulk_create(_signing_keys)
    else:
        keys.ensure()
        _signing_keys.extend(SigningKey.objects.all())
    keys.forget()


@pytest.fixture(autouse=True)
def signing_keys(db):
    """Keys to sign with."""
    put_signing_keys()
    apis.forget()
    status_list.forget()


@functools.cache
def hashed_password() -> str:
    """Made once, since Argon2 takes its time."""
    return make_password(PASSWORD)


def make_person(email: str, **fields):
    """A person who has confirmed their address, as far as the user model knows of such things."""
    User = get_user_model()
    given = {**fields, "email": email, "email_verified_at": timezone.now()}
    known = {field.name for field in User._meta.get_fields()}
    return User.objects.create(
        **{User.USERNAME_FIELD: email, **{name: given[name] for name in given.keys() & known}},
        password=hashed_password(),
    )


@pytest.fixture
def person(db):
    """Alice, verified."""
    return make_person("alice@example.com", name="Alice Liddell")


@pytest.fixture
def other_person(db):
    """Bob, verified."""
    return make_person("bob@example.com")


SIGNS_PEOPLE_IN = {
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["openid", "profile", "email", "offline_access", "api:read"],
    "audiences": [API],
}


def make_client(**fields) -> Client:
    """A valid client, with its secret as ``raw_secret``; a public one has none."""
    client = Client(**fields)
    client.raw_secret = "" if client.is_public else client.rotate_secret()
    client.full_clean()
    client.save()
    return client


@pytest.fixture
def confidential_client(db):
    """A web application that keeps a secret."""
    return make_client(
        name="Web",
        client_type=Client.CLIENT_CONFIDENTIAL,
        redirect_uris="https://rp.example/callback http://127.0.0.1/callback",
        **SIGNS_PEOPLE_IN,
    )


@pytest.fixture
def public_client(db):
    """A browser-based or native application, which can keep no secret."""
    return make_client(
        name="Spa",
        client_type=Client.CLIENT_PUBLIC,
        redirect_uris="https://spa.example/callback http://127.0.0.1/callback",
        **SIGNS_PEOPLE_IN,
    )


@pytest.fixture
def service_client(db):
    """A service that acts for itself."""
    return make_client(
        name="Service",
        client_type=Client.CLIENT_CONFIDENTIAL,
        grant_types=["client_credentials"],
        scopes=["api:read"],
        audiences=[API],
    )


@pytest.fixture
def signing_client(db):
    """A service that authenticates by a signature."""
    return make_client(
        name="Signing service",
        client_type=Client.CLIENT_CONFIDENTIAL,
        grant_types=["client_credentials"],
        scopes=["api:read"],
        audiences=[API],
        token_endpoint_auth_methods=["private_key_jwt"],
        metadata={"jwks": {"keys": [{**public_jwk(CLIENT_KEY), "kid": "its key"}]}},
    )


@pytest.fixture
def secret_signing_client(db):
    """A service that authenticates by a signature with its secret, which is kept readable."""
    return make_client(
        name="Secret-signing service",
        client_type=Client.CLIENT_CONFIDENTIAL,
        grant_types=["client_credentials"],
        scopes=["api:read"],
        audiences=[API],
        token_endpoint_auth_methods=["client_secret_jwt"],
    )


@pytest.fixture
def signed_in_browser(person):
    """A browser in which Alice has signed in."""
    browser = Browser(enforce_csrf_checks=False)
    browser.force_login(person)
    return browser


@pytest.fixture
def consenting_browser(signed_in_browser, confidential_client):
    """A browser in which Alice has signed in and allowed the client everything."""
    flow.obtain_code(signed_in_browser, confidential_client)
    Grant.objects.all().delete()
    return signed_in_browser
