"""What holds for every endpoint that servers talk to (SECURITY B5)."""

import pytest
from django.test import Client as Browser

from oauth import urls
from tests.oauth import flow

pytestmark = pytest.mark.django_db

FORM_ENDPOINTS = (
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/introspect",
    "/oauth/par",
    "/oauth/device_authorization",
)
OTHERS = {
    "/oauth/authorize": "for browsers",
    "/oauth/continue": "for browsers",
    "/oauth/device": "for browsers",
    "/oauth/device/qr": "for browsers",
    "/oauth/logout": "for browsers",
    "/oauth/userinfo": "a resource of its own, in test_userinfo",
    "/oauth/register": "JSON (RFC 7591)",
    "/oauth/register/<str:client_id>": "JSON (RFC 7592)",
    "/oauth/status-lists": "published",
    "/oauth/status-lists/<int:number>": "published",
}
REQUESTS = {
    "GET": lambda path, params, auth: Browser().get(path, params, headers=auth),
    "PUT": lambda path, params, auth: Browser().put(path, headers=auth),
    "JSON": lambda path, params, auth: Browser().post(
        path, params, content_type="application/json", headers=auth
    ),
    "multipart": lambda path, params, auth: Browser().post(path, params, headers=auth),
    "in the query": lambda path, params, auth: Browser().post(
        flow.with_query(path, params), content_type=flow.FORM, headers=auth
    ),
    "some in the query": lambda path, params, auth: Browser().post(
        flow.with_query(path, {"x": "1"}),
        "&".join(f"{name}={value}" for name, value in params.items()),
        content_type=flow.FORM,
        headers=auth,
    ),
    "nobody's": lambda path, params, auth: flow.post_form(path, params),
    "a wrong secret": lambda path, params, auth: flow.post_form(
        path, params, flow.basic("nobody", "wrong")
    ),
    "repeated": lambda path, params, auth: flow.post_form(
        path, {name: [value, value] for name, value in params.items()}, auth["authorization"]
    ),
}


def test_every_endpoint_is_looked_at():
    found = {f"/{pattern.pattern}" for pattern in urls.urlpatterns}

    assert {path for path in found if path.startswith("/oauth/")} == {*FORM_ENDPOINTS, *OTHERS}


@pytest.mark.parametrize("path", FORM_ENDPOINTS)
@pytest.mark.parametrize("how", REQUESTS)
def test_b5_only_a_form_post_is_taken_and_no_answer_is_kept(confidential_client, path, how):
    auth = {"authorization": flow.basic(confidential_client.client_id, "x" * 40)}
    params = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x", "scope": "openid"}

    answer = REQUESTS[how](path, params, auth)

    assert answer.status_code in (400, 401, 405), answer.content
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    assert flow.DESCRIPTION.fullmatch(answer.json()["error_description"])
    assert answer.json()["error"]
    assert ("WWW-Authenticate" in answer) == (answer.status_code == 401)
    assert not answer.cookies
