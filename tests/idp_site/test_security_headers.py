"""The headers of every answer (SECURITY C10)."""

import re

import pytest
from django.http import HttpResponse, JsonResponse
from django.test import Client, RequestFactory

from idp_site import security_headers
from idp_site.security_headers import SecurityHeadersMiddleware

from .site import PRODUCTION, environment, python


def directives(response):
    pairs = (part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in pairs}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/signin/", "/signup/", "/no-such-page/", "/dev/mailbox/"])
def test_pages_carry_a_strict_policy(client, path):
    response = client.get(path, headers={"Accept": "text/html"})
    policy = directives(response)
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "http" not in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    assert response["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/signin/", "/signup/", "/no-such-page/", "/dev/mailbox/"])
def test_pages_need_nothing_that_the_policy_forbids(client, path):
    html = client.get(path, headers={"Accept": "text/html"}).content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", html)
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)
    for address in re.findall(r'(?:src|<link[^>]*href)="([^"]+)"', html):
        assert address.startswith("/")


def failing(*_args, **_kwargs):
    raise RuntimeError("something that nobody thought of")


ANSWERS = {
    "a page": (200, {"path": "/signin/"}),
    "a page for nobody else": (302, {"path": "/account/"}),
    "a redirect to another address": (301, {"path": "/signin"}),
    "a form that is refused": (400, {"path": "/signin/", "method": "POST"}),
    "a form without its token": (403, {"path": "/signin/", "method": "POST", "strict": True}),
    "no page": (404, {"path": "/no-such-page/"}),
    "a method that is not there": (405, {"path": "/recover/sent/", "method": "PUT"}),
    "an error of ours": (500, {"path": "/signup/", "fails": True}),
    "another host": (400, {"path": "/signin/", "host": "evil.example"}),
    "a method that nobody knows": (405, {"path": "/signin/", "method": "BREW"}),
    "JSON": (200, {"path": "/.well-known/openid-configuration"}),
    "JSON that is an error": (400, {"path": "/oauth/token", "method": "POST"}),
    "a refusal that asks who it is": (401, {"path": "/oauth/userinfo"}),
    "a page of an application that is not known": (400, {"path": "/oauth/authorize?client_id=x"}),
    "plain text for machines": (200, {"path": "/metrics"}),
    "health": (200, {"path": "/healthz"}),
    "a style sheet": (200, {"path": "/static/ostiary/ostiary.css"}),
    "a picture with a script's powers": (200, {"path": "/static/ostiary/icon.svg"}),
    "no such file": (404, {"path": "/static/nothing.css"}),
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ANSWERS)
def test_every_kind_of_answer_has_its_headers(monkeypatch, kind):
    status, asked = ANSWERS[kind]
    browser = Client(raise_request_exception=False, enforce_csrf_checks="strict" in asked)
    if "fails" in asked:
        monkeypatch.setattr("ostiary.throttling.limits_of", failing)
        monkeypatch.setattr("accounts.signup_policy.current", failing)

    answer = browser.generic(
        asked.get("method", "GET"),
        asked["path"],
        headers={"host": asked.get("host", "localhost"), "accept": "text/html"},
    )

    assert answer.status_code == status
    policy = directives(answer)
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "http" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert answer["Cross-Origin-Resource-Policy"]
    if answer["Content-Type"].startswith("text/html") and status not in (301, 302):
        leads_back = asked["path"].startswith("/oauth/authorize")
        policy = "unsafe-none" if leads_back else "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == policy
        assert "camera=()" in answer["Permissions-Policy"]
    assert "Traceback" not in str(getattr(answer, "content", ""))
    answer.close()


def test_answers_for_programs_may_load_nothing():
    response = SecurityHeadersMiddleware(lambda _: JsonResponse({}))(RequestFactory().get("/"))
    assert directives(response)["default-src"] == "'none'"
    assert "form-action" not in directives(response)
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_policy_of_the_view_stays():
    def view(_):
        response = HttpResponse("<p>")
        response["Content-Security-Policy"] = "default-src 'none'; script-src 'sha256-abc'"
        return response

    response = SecurityHeadersMiddleware(view)(RequestFactory().get("/"))
    assert response["Content-Security-Policy"] == "default-src 'none'; script-src 'sha256-abc'"


def test_https_sites_send_hsts_and_redirect_plain_requests(production_folder):
    ask = (
        "import idp_site.wsgi; from django.test import Client\n"
        "from django.templatetags.static import static\n"
        "c = Client(headers={'Host': 'id.example.com'})\n"
        "icon = static('ostiary/icon.svg')\n"
        "for path in ('/healthz', '/signin/', '/signin', '/nothing/', icon):\n"
        "    a = c.get(path, secure=True)\n"
        "    print(a.status_code, a['Strict-Transport-Security'])\n"
        "a = c.get('/signin/', secure=True, headers={'Host': 'evil.example'})\n"
        "print(a.status_code, a['Strict-Transport-Security'])\n"
        "b = c.get('/signin/')\n"
        "print(b.status_code, b['Location'])"
    )
    result = python(environment(production_folder, **PRODUCTION), "-c", ask)
    told = "max-age=63072000; includeSubDomains; preload"
    assert result.stdout.splitlines() == [
        *(f"{status} {told}" for status in (200, 200, 301, 404, 200, 400)),
        "301 https://id.example.com/signin/",
    ], result.stderr


@pytest.mark.parametrize(("hops", "status"), [(None, 301), ("1", 200)])
def test_the_protocol_is_told_by_a_proxy_of_ours_or_not_at_all(production_folder, hops, status):
    ask = (
        "import idp_site.wsgi; from django.test import Client\n"
        "c = Client(headers={'Host': 'id.example.com', 'X-Forwarded-Proto': 'https'})\n"
        "print(c.get('/signin/').status_code)"
    )
    env = environment(production_folder, **PRODUCTION, TRUSTED_PROXY_HOPS=hops)
    result = python(env, "-c", ask)
    assert result.stdout == f"{status}\n", result.stderr


def test_permissions_are_a_valid_structured_field():
    assert all(
        re.fullmatch(r"[a-z-]+=\(\)", part) for part in security_headers.PERMISSIONS.split(", ")
    )
