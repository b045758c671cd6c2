"""No charset that a request names is an error, or changes what it says."""

import io
import json

import pytest
from django.core.handlers.wsgi import WSGIHandler

from idp_site.charset import ReadableTypes
from tests.idp_site.test_kept_answers import _connections_stay_open, ask  # noqa: F401

pytestmark = pytest.mark.django_db

CHARSETS = [
    *("utf-8", "utf8", '"UTF-8"', "ISO-8859-1", "us-ascii", "utf-16", "utf-7", "nonsense", "", "é"),
    *("hex", "base64", "rot13", "zlib", "undefined", "idna", "unicode_escape", "punycode"),
]


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
def test_a_query_and_a_form_are_utf_8(charset, kind):
    """Django's own handler fails for some, before any middleware is asked."""
    site = ReadableTypes(WSGIHandler())
    body = b"grant_type=%C3%A9"

    status, _, answer = ask(
        site,
        "/oauth/token",
        REQUEST_METHOD="POST",
        QUERY_STRING="a=%c3%a9&b=1",
        CONTENT_TYPE=f"{kind}; charset={charset}",
        CONTENT_LENGTH=str(len(body)),
        **{"wsgi.input": io.BytesIO(body)},
    )

    assert status.startswith("400")
    told = json.loads(answer)
    if kind.endswith("urlencoded"):
        assert told["error_description"] == "Unsupported grant type: %C3%A9"
    else:
        assert told["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("multipart/form-data; boundary=x; charset=hex", "multipart/form-data; boundary=x"),
        ("multipart/form-data; charset=hex; boundary=x", "multipart/form-data; boundary=x"),
        ("text/plain;CharSet = 'a", "text/plain"),
        ('text/plain; charset="a;b"; c=d', "text/plain; c=d"),
        ("application/json", "application/json"),
        ("", ""),
        ("text/plain; a*=nowhere'en'x", ""),
        ("text/plain; a=" + "x" * 20_000, ""),
    ],
)
def test_what_else_the_content_type_says_stays(given, kept):
    seen = []
    site = ReadableTypes(lambda environ, start: seen.append(environ["CONTENT_TYPE"]) or [])

    site({"CONTENT_TYPE": given}, None)

    assert seen == [kept]


@pytest.mark.parametrize("accept", ["text/" + "x" * 20_000, "text/plain; a*=nowhere'en'x"])
def test_an_accept_that_cannot_be_read_is_none(accept):
    seen = []
    site = ReadableTypes(lambda environ, start: seen.append(environ) or [])

    for given in (accept, "text/html, application/json;q=0.9"):
        site({"HTTP_ACCEPT": given}, None)

    assert [environ.get("HTTP_ACCEPT") for environ in seen] == [
        None,
        "text/html, application/json;q=0.9",
    ]
