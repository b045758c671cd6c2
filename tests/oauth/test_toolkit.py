"""django-oauth-toolkit's own parts over our models: checks, commands, registration, admin
(docs/adr/0007, SECURITY H18)."""

import base64
import json
from io import StringIO
from urllib.parse import urlencode

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.test import RequestFactory
from django.test.utils import override_script_prefix
from django.urls import include, path
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_device_grant_model,
    get_grant_model,
    get_id_token_model,
    get_refresh_token_model,
)
from oauth2_provider.views import ApplicationList, DeviceAuthorizationView

from oauth import provider_settings
from oauth.checks import check_mount, check_scopes, check_toolkit_settings, check_toolkit_views
from oauth.models import Client
from oauth.server import Server
from ostiary.models import Event
from tests.oauth import flow

pytestmark = pytest.mark.django_db

urlpatterns = [
    path("", include("oauth.urls")),
    path("toolkit/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]


def test_all_six_models_are_ours():
    models = {
        get_application_model(),
        get_grant_model(),
        get_access_token_model(),
        get_refresh_token_model(),
        get_id_token_model(),
        get_device_grant_model(),
    }

    assert {model._meta.app_label for model in models} == {"ostiary_oauth"}
    assert len(models) == 6
    assert all(model._meta.pk.get_internal_type() == "UUIDField" for model in models)


def test_the_toolkits_checks_find_nothing():
    found = run_checks(include_deployment_checks=True)

    assert [message for message in found if "oauth" in str(message.id)] == []


def test_a_setting_left_out_is_told(settings):
    settings.OAUTH2_PROVIDER_GRANT_MODEL = "oauth2_provider.Grant"
    settings.OAUTH2_PROVIDER = {}

    found = check_toolkit_settings(None)

    assert {message.id for message in found} == {"ostiary_oauth.E001", "ostiary_oauth.E002"}
    assert all("provider_settings import *" in message.hint for message in found)


def test_mounting_all_the_toolkits_views_is_warned_of(settings):
    assert check_toolkit_views(None) == []

    settings.ROOT_URLCONF = __name__

    [found] = check_toolkit_views(None)
    assert found.id == "ostiary_oauth.W001"
    for address in ("token/", "device-authorization/", "device/", "introspect/", "userinfo/"):
        assert f"/toolkit/{address}" in found.msg


class UnderAnotherName:
    """A project's URLs that mount single views of the toolkit, below two prefixes."""

    inner = (
        [
            path("ask", DeviceAuthorizationView.as_view(), name="ask"),
            path("mine/", ApplicationList.as_view(), name="list"),
        ],
        "devices",
    )
    urlpatterns = (path("tv/", include([path("code/", include(inner))])),)


def test_a_view_of_the_toolkit_is_found_under_another_name_too(settings):
    settings.ROOT_URLCONF = UnderAnotherName

    [found] = check_toolkit_views(None)

    assert found.msg.endswith("here: /tv/code/ask (DeviceAuthorizationView).")


def test_what_is_warned_of_cannot_answer(settings, public_client):
    """With oauthlib 4: whoever makes it answer takes it off the list."""
    settings.ROOT_URLCONF = __name__
    public_client.grant_types = ["urn:ietf:params:oauth:grant-type:device_code"]
    public_client.save()
    browser = Browser(raise_request_exception=False)
    body = urlencode({"client_id": public_client.client_id, "scope": "api:read", "token": "x"})

    for address in ("device-authorization/", "revoke_token/", "introspect/", "userinfo/"):
        asked = browser.post(
            f"/toolkit/{address}", body, content_type="application/x-www-form-urlencoded"
        )
        assert asked.status_code == 500, (address, asked.content)


class BelowAPrefix:
    """A project that mounts the endpoints below a path."""

    urlpatterns = (path("idp/", include("oauth.urls")),)


def test_endpoints_that_are_not_at_the_root_of_the_host_are_refused(settings):
    assert check_mount(None) == []

    settings.ROOT_URLCONF = BelowAPrefix
    [found] = check_mount(None)

    assert found.id == "ostiary_oauth.E010"
    assert "/idp/.well-known/openid-configuration" in found.msg
    assert 'path("", include("ostiary.oauth.urls"))' in found.hint


def test_a_project_below_a_path_is_told_that_discovery_is_not_found(settings):
    with override_script_prefix("/shop/"):
        [found] = check_mount(None)

    assert "/shop/.well-known/openid-configuration" in found.msg


def test_a_project_that_mounts_no_discovery_is_left_alone(settings):
    settings.ROOT_URLCONF = UnderAnotherName

    assert check_mount(None) == []


@pytest.mark.parametrize("scope", ["see groups", "", 'say "hi"', "größe", "a\\b"])
def test_a_scope_that_no_request_can_name_is_refused(settings, scope):
    assert check_scopes(None) == []

    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "SCOPES": {scope: "See", "a:b.c/d": ""}}

    [found] = check_scopes(None)
    assert repr(scope) in found.msg


def test_migrations_have_nothing_left_to_make():
    call_command("makemigrations", "ostiary_oauth", check=True, dry_run=True, verbosity=0)


def test_the_settings_hold_what_rfc_9700_asks_for():
    asked = {
        name: value
        for name, value in provider_settings.OAUTH2_PROVIDER.items()
        if name.startswith("COMPLIANT_BCP")
    }

    assert asked
    assert all(asked.values())


# --- commands -------------------------------------------------------------------------------------


def create(*arguments) -> str:
    out = StringIO()
    call_command("createapplication", *arguments, stdout=out)
    return out.getvalue()


def test_createapplication_prints_a_secret_that_works():
    told = json.loads(
        create(
            "confidential",
            "Service",
            "--grant-type=client_credentials",
            "--scope=api:read",
            "--audience=https://api.example/",
            "--json",
        )
    )

    answer = flow.post_form(flow.TOKEN, {"grant_type": "client_credentials", **told})

    assert answer.status_code == 200
    assert Event.objects.get(kind="client.registered").client_id == told["client_id"]


def test_createapplication_makes_a_public_client_without_a_secret():
    told = create(
        "public",
        "Spa",
        "--client-id=my-spa",
        "--grant-type=authorization_code",
        "--grant-type=refresh_token",
        "--redirect-uri=https://spa.example/a",
        "--redirect-uri=https://spa.example/b",
        "--scope=openid",
        "--first-party",
    )

    client = Client.objects.get()
    assert told == "client_id: my-spa\n"
    assert client.first_party
    assert client.grant_types == ["authorization_code", "refresh_token"]
    assert client.redirect_uri_allowed("https://spa.example/b")


def test_createapplication_says_what_is_wrong():
    with pytest.raises(CommandError, match=r"redirect_uris: .*http://plain\.example/"):
        create(
            "public",
            "Spa",
            "--grant-type=authorization_code",
            "--redirect-uri=http://plain.example/",
        )
    assert Client.objects.count() == 0


# --- views ----------------------------------------------------------------------------------------


def register(settings, **metadata):
    settings.ROOT_URLCONF = __name__
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
    }
    return Browser().post(
        "/toolkit/register/", json.dumps(metadata), content_type="application/json"
    )


def test_the_toolkits_dynamic_registration_makes_a_client_of_ours(settings):
    answer = register(
        settings,
        client_name="Agent",
        redirect_uris=["https://agent.example/callback"],
        grant_types=["authorization_code"],
        token_endpoint_auth_method="client_secret_basic",
    )

    assert answer.status_code == 201, answer.content
    client = Client.objects.get()
    assert client.client_id == answer.json()["client_id"]
    assert client.registration_source == "dcr"
    assert client.may_use("authorization_code")
    assert client.check_secret(answer.json()["client_secret"])


@pytest.mark.parametrize(
    "redirect_uri", ["http://plain.example/", "javascript:alert(1)", "https://*.example/"]
)
def test_the_toolkits_dynamic_registration_keeps_our_rules(settings, redirect_uri):
    answer = register(settings, redirect_uris=[redirect_uri], grant_types=["authorization_code"])

    assert answer.status_code == 400
    assert Client.objects.count() == 0


def test_the_toolkits_questions_to_a_client_have_our_answers(confidential_client):
    asks = confidential_client

    assert asks.authorization_grant_type == "authorization_code"
    assert asks.allows_grant_type("authorization-code")
    assert not asks.allows_grant_type("password")
    assert asks.is_usable(RequestFactory().get("/"))
    assert asks.skip_authorization is False
    assert asks.algorithm == "RS256"
    assert asks.hash_client_secret is True
    assert asks.get_allowed_schemes()


@pytest.mark.parametrize(
    "sent",
    [
        [("grant_type", "client_credentials")],
        [("grant_type", "client_credentials"), ("scope", "unheard-of")],
        [("grant_type", "client_credentials"), ("grant_type", "client_credentials")],
        [("grant_type", "client_credentials"), ("client_id", "another")],
        [("grant_type", "refresh_token"), ("refresh_token", "x")],
        [("grant_type", "password")],
        [("grant_type", "unheard-of")],
        [("grant_type", "")],
    ],
)
def test_the_server_class_answers_as_the_endpoint_does(service_client, sent):
    """Our endpoint does without the class, whose name the toolkit is given."""
    secret = base64.b64encode(
        f"{service_client.client_id}:{service_client.raw_secret}".encode()
    ).decode()
    basic = {"Authorization": f"Basic {secret}"}

    ours = Browser().post(flow.TOKEN, urlencode(sent), content_type=flow.FORM, headers=basic)
    headers, body, status = Server().create_token_response("", "POST", urlencode(sent), basic)

    known, told = ours.json(), json.loads(body)
    assert known.pop("access_token", "").count(".") == told.pop("access_token", "").count(".")
    assert (ours.status_code, known) == (status, told)
    assert headers.items() <= dict(ours.headers).items()
