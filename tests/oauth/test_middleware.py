"""The endpoints that programs call are answered without what only pages need, and with all else."""

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.db import OperationalError
from django.test import Client as Browser
from django.urls import reverse

from oauth.middleware import BENEATH, WITHOUT_COOKIES
from oauth.models import Client

from . import flow

pytestmark = pytest.mark.django_db
OURS = "oauth.middleware.EndpointMiddleware"


def answers(paths):
    """What each path answers to a GET and to an empty POST."""
    browser = Browser()
    return {
        (method, path): getattr(browser, method)(path)
        for path in paths
        for method in ("get", "post")
    }


def paths():
    return [
        *(reverse(f"ostiary_oauth:{name}") for name in WITHOUT_COOKIES),
        *(reverse(f"ostiary_oauth:{name}", args=["1"]) for name in BENEATH),
    ]


def test_the_answers_are_those_of_the_whole_chain(settings):
    short = answers(paths())
    settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if path != OURS]
    whole = answers(paths())

    for asked, answer in short.items():
        assert answer.status_code == whole[asked].status_code
        assert answer.content == whole[asked].content
        ours, theirs = dict(answer.headers), dict(whole[asked].headers)
        theirs.pop("Content-Language", None)
        assert ours.pop("Vary") == "Origin"  # and not by language or cookie, as pages do
        assert "Origin" in theirs.pop("Vary")
        ours.pop("X-Request-ID"), theirs.pop("X-Request-ID")
        assert ours == theirs


def test_no_endpoint_reads_the_session_or_asks_who_is_signed_in(
    service_client, confidential_client, consenting_browser, monkeypatch
):
    tokens = flow.sign_in_tokens(consenting_browser, confidential_client)

    def refuse(*args, **kwargs):
        raise AssertionError("the session was read")

    monkeypatch.setattr(SessionBase, "_get_session", refuse)

    for path in paths():
        assert consenting_browser.get(path).status_code < 500
        assert consenting_browser.post(path).status_code < 500
    assert flow.post_token(service_client, grant_type="client_credentials").status_code == 200
    assert flow.userinfo(tokens["access_token"]).status_code == 200


def test_a_host_that_is_not_ours_is_refused(settings):
    settings.ALLOWED_HOSTS = ["id.example.com"]
    for path in paths():
        refused = Browser().get(path, headers={"host": "evil.example"})
        answered = Browser().get(path, headers={"host": "id.example.com"})
        assert (refused.status_code, refused["Content-Type"]) == (400, "text/html; charset=utf-8")
        assert answered.content != refused.content


def test_https_is_demanded_of_programs_too(settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 3600
    assert Browser().get("/.well-known/jwks.json").status_code == 301
    answer = Browser().get("/.well-known/jwks.json", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=3600"


def test_a_database_that_is_away_is_told_as_503_to_programs(service_client, monkeypatch, caplog):
    def away(*args, **kwargs):
        raise OperationalError("connection to 10.0.0.7 refused")

    monkeypatch.setattr("oauth.client_authentication._by_client_id.first", away)

    answer = flow.post_token(service_client, grant_type="client_credentials")

    assert answer.status_code == 503
    assert answer.json() == {"error": "temporarily_unavailable"}
    assert answer["Retry-After"] == "5"
    assert answer["Cache-Control"] == "no-store"
    assert "10.0.0.7" not in caplog.text


def test_the_language_of_the_page_before_is_forgotten(settings, monkeypatch):
    from django.utils import translation

    spoken = []

    def listen(*args, **kwargs):
        spoken.append(translation.get_language())
        return Client()

    monkeypatch.setattr("oauth.client_authentication.find_client", listen)
    translation.activate("de")
    try:
        flow.post_form(flow.TOKEN, {"grant_type": "client_credentials", "client_id": "x"})
    finally:
        translation.deactivate()
    assert spoken == [settings.LANGUAGE_CODE]
