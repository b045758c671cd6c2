"""Redirect URIs: exact, but for a loopback port (SECURITY A1, H12; RFC 8252 §7.3)."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oauth import redirect_uri
from oauth.checks import check_registration
from tests.oauth import flow
from tests.oauth.conftest import SIGNS_PEOPLE_IN, make_client

REGISTRABLE = [
    "https://rp.example/callback",
    "https://rp.example",
    "https://rp.example:8443/a/b?tenant=1&x=%20",
    "http://127.0.0.1/callback",
    "http://127.0.0.1:3000/callback",
    "http://[::1]/callback",
    "http://localhost:9000/callback",
    "com.example.app:/callback",
    "com.example.app://callback",
]
NOT_REGISTRABLE = [
    "",
    "callback",
    "/callback",
    "//rp.example/callback",
    "https://",
    "https:///callback",
    "https:callback",
    "https://rp.example/callback#",
    "https://rp.example/callback#fragment",
    "https://*.rp.example/callback",
    "https://rp.example/*",
    "https://user@rp.example/callback",
    "https://user:secret@rp.example/callback",
    "https://rp.example\\@evil.example/",
    "https://rp.example/../callback",
    "https://rp.example/a/./callback",
    "https://rp.example/%2e%2e/callback",
    "https://rp.example/.%2E/callback",
    "https://rp.example/..%2fcallback",
    "https://rp.example/callback%00",
    "https://rp.example/callback%0d%0aSet-Cookie:a",
    "https://rp.example/call back",
    "https://rp.example/callback\n",
    "https://rp.example/callbäck",
    "https://rp.example:port/callback",
    "https://rp.example:99999/callback",
    "https://[::1/callback",
    "https://rp.example;script-src/callback",
    "https://rp.example,evil.example/callback",
    "https://'unsafe-inline'/callback",
    "https://rp.example%3b/callback",
    "http://127.0.0.1:1;/callback",
    "HTTPS://rp.example/callback",
    "Https://rp.example/callback",
    "http://rp.example/callback",
    "http://127.0.0.1.evil.example/callback",
    "http://127.1/callback",
    "http://2130706433/callback",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,hello",
    "vbscript:msgbox",
    "file:///etc/passwd",
    "blob:https://rp.example/1",
    "about:blank",
    "myapp:/callback",
    "urn:ietf:wg:oauth:2.0:oob",
    "https://rp.example/" + "a" * redirect_uri.MAX_LENGTH,
]


@pytest.mark.parametrize("uri", REGISTRABLE)
def test_what_is_safe_can_be_registered(uri):
    assert redirect_uri.why_not_registrable(uri) == ""


@pytest.mark.parametrize("uri", NOT_REGISTRABLE)
def test_what_is_not_safe_is_refused_in_words(uri):
    assert redirect_uri.why_not_registrable(uri)


@given(st.text(max_size=60))
def test_any_text_is_judged_without_an_error(uri):
    why = redirect_uri.why_not_registrable(uri)

    assert isinstance(why, str)
    assert redirect_uri.matches(uri, uri)


@given(
    st.sampled_from(REGISTRABLE),
    st.integers(min_value=0, max_value=60),
    st.sampled_from([*string.printable, "\x00", "é", ""]),
    st.booleans(),
)
def test_any_byte_changed_in_a_registered_uri_is_refused(registered, at, char, insert):
    at = min(at, len(registered))
    changed = registered[:at] + char + registered[at + (0 if insert else 1) :]
    if changed == registered:
        return

    if redirect_uri.matches(changed, registered):
        # Only the port of a loopback address may differ.
        assert any(
            registered.startswith(prefix) and changed.startswith(prefix)
            for prefix in ("http://127.0.0.1", "http://[::1]", "http://localhost")
        )
        assert flow.without_port(changed) == flow.without_port(registered)


@given(
    st.sampled_from(["http://localhost/callback", "http://localhost:3000/callback"]),
    st.sampled_from(["http", "https", "HTTP", "ws"]),
    st.sampled_from(["", "user@", "localhost@", "localhost:80@", "@"]),
    st.sampled_from(
        [
            *("localhost", "LOCALHOST", "Localhost", "localhost.", "localhost.evil.example"),
            *("evil.example", "evil-localhost", "xn--localhost", "localhost%00", "127.0.0.1"),
            *("[::1]", "localhost\\evil.example", "localhost\t", "ⅼocalhost", "127.1", ""),
        ]
    ),
    st.one_of(
        st.sampled_from(
            ["", ":", ":0", ":080", ":+80", ":65536", ":1e3", ":80@evil.example", ":٣"]
        ),
        st.integers(min_value=1, max_value=65535).map(lambda port: f":{port}"),
    ),
    st.sampled_from(["/callback", "/Callback", "/callback/", "/callback?a=b", "/callback#a", ""]),
)
def test_no_other_address_is_localhost(registered, scheme, user, host, port, rest):
    asked = f"{scheme}://{user}{host}{port}{rest}"
    good_port = port == "" or (port[1:].isascii() and port[1:].isdigit() and port[1] != "0")

    alike = (scheme, user, host, rest) == ("http", "", "localhost", "/callback")
    within = alike and good_port and (port == "" or int(port[1:]) <= 65535)

    assert redirect_uri.matches(asked, registered) is (within or asked == registered)


def test_an_operator_may_have_localhost_compared_as_a_string(settings):
    settings.OSTIARY_OAUTH = {"LOOPBACK_LOCALHOST": False}

    registered = "http://localhost/callback"
    assert redirect_uri.matches(registered, registered)
    assert not redirect_uri.matches("http://localhost:51004/callback", registered)
    assert redirect_uri.matches("http://127.0.0.1:51004/callback", "http://127.0.0.1/callback")


CURSOR = "cursor://anysphere.cursor-mcp/oauth/callback"


def test_an_operator_may_allow_schemes_without_a_dot_by_their_names(settings):
    """Cursor, Audiobookshelf (advplyr/audiobookshelf #2379), MSAL on mobile."""
    assert "PRIVATE_USE_SCHEMES" in redirect_uri.why_not_registrable(CURSOR)

    settings.OSTIARY_OAUTH = {"PRIVATE_USE_SCHEMES": ["cursor", "audiobookshelf"]}

    assert redirect_uri.why_not_registrable(CURSOR) == ""
    assert redirect_uri.why_not_registrable("audiobookshelf://oauth") == ""
    for uri in (
        "obsidian://x",
        "Cursor://x",
        "cursor-x://x",
        "cursor:",
        "cursor://u@x",
        "cursor:*",
    ):
        assert redirect_uri.why_not_registrable(uri), uri
    assert not redirect_uri.matches("cursor://other", CURSOR)


@pytest.mark.parametrize(
    "scheme",
    ["javascript", "data", "vbscript", "file", "blob", "http", "https", "Cursor", "a:", ""],
)
def test_no_operator_allows_a_scheme_that_is_never_safe(settings, scheme):
    settings.OSTIARY_OAUTH = {"PRIVATE_USE_SCHEMES": [scheme]}

    [problem] = check_registration(None)

    assert "PRIVATE_USE_SCHEMES" in problem.msg
    assert redirect_uri.why_not_registrable(f"{scheme}://evil.example") or scheme == "https"


@pytest.mark.parametrize(
    ("requested", "registered", "same"),
    [
        ("http://127.0.0.1:51004/callback", "http://127.0.0.1/callback", True),
        ("http://127.0.0.1/callback", "http://127.0.0.1:3000/callback", True),
        ("http://127.0.0.1:51004/callback?a=b", "http://127.0.0.1/callback?a=b", True),
        ("http://[::1]:51004/callback", "http://[::1]/callback", True),
        ("http://127.0.0.1:51004", "http://127.0.0.1", True),
        ("http://127.0.0.1:51004/other", "http://127.0.0.1/callback", False),
        ("http://127.0.0.1:51004/callback?a=b", "http://127.0.0.1/callback", False),
        ("http://127.0.0.1:51004/callback#a", "http://127.0.0.1/callback", False),
        ("http://[::1]:51004/callback", "http://127.0.0.1/callback", False),
        ("https://127.0.0.1:51004/callback", "http://127.0.0.1/callback", False),
        ("https://127.0.0.1:51004/callback", "https://127.0.0.1/callback", False),
        ("http://localhost:51004/callback", "http://localhost/callback", True),
        ("http://localhost:51004", "http://localhost", True),
        ("http://localhost:51004/", "http://localhost", False),
        ("http://localhost/callback", "http://localhost:3000/callback", True),
        ("http://localhost:51004/callback", "http://127.0.0.1/callback", False),
        ("http://localhost.evil.example:51004/callback", "http://localhost/callback", False),
        ("http://localhost:80@evil.example/callback", "http://localhost/callback", False),
        ("http://LOCALHOST:51004/callback", "http://localhost/callback", False),
        ("https://localhost:51004/callback", "https://localhost/callback", False),
        ("http://127.0.0.2:51004/callback", "http://127.0.0.1/callback", False),
        ("http://127.0.0.1:0/callback", "http://127.0.0.1/callback", False),
        ("http://127.0.0.1:65536/callback", "http://127.0.0.1/callback", False),
        ("http://127.0.0.1:+80/callback", "http://127.0.0.1/callback", False),
        ("http://127.0.0.1:٣/callback", "http://127.0.0.1/callback", False),
        ("http://127.0.0.1:@evil.example/callback", "http://127.0.0.1/callback", False),
        ("https://rp.example:8443/callback", "https://rp.example/callback", False),
    ],
)
def test_only_the_port_of_a_loopback_address_may_differ(requested, registered, same):
    assert redirect_uri.matches(requested, registered) is same


@pytest.mark.django_db
def test_a_code_issued_for_one_loopback_port_is_redeemed_with_that_port(
    signed_in_browser, public_client
):
    uri = "http://127.0.0.1:51004/callback"
    code, verifier = flow.obtain_code(signed_in_browser, public_client, redirect_uri=uri)

    elsewhere = flow.redeem(public_client, code, verifier, redirect_uri="http://127.0.0.1/callback")
    assert elsewhere.json()["error"] == "invalid_grant"

    assert flow.redeem(public_client, code, verifier, redirect_uri=uri).status_code == 200


@pytest.mark.django_db
def test_a_client_of_localhost_comes_with_any_port_everywhere(signed_in_browser, settings):
    """Claude Code (anthropics/claude-code #37747, #42301), toolhive #6189, better-auth #10937."""
    client = make_client(
        name="Agent",
        client_type="public",
        redirect_uris="http://localhost/callback",
        post_logout_redirect_uris="http://localhost:3000/out",
        **SIGNS_PEOPLE_IN,
    )
    uri = "http://localhost:58135/callback"
    leave = {
        "client_id": client.client_id,
        "post_logout_redirect_uri": "http://localhost:58135/out",
    }

    code, verifier = flow.obtain_code(signed_in_browser, client, redirect_uri=uri)
    assert flow.redeem(client, code, verifier, redirect_uri=uri).status_code == 200
    assert flow.push(client, redirect_uri=uri).status_code == 201
    assert signed_in_browser.get("/oauth/logout", leave).status_code == 200

    settings.OSTIARY_OAUTH = {"LOOPBACK_LOCALHOST": False}
    assert flow.authorize(signed_in_browser, client, redirect_uri=uri).status_code == 400
    assert flow.push(client, redirect_uri=uri).status_code == 400


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://rp.example:8443/callback?a=b", "https://rp.example:8443"),
        ("com.example.app:/callback", "com.example.app:"),
        ("http://[::1]:3000/callback", "http://[::1]:3000"),
    ],
)
def test_people_are_shown_the_origin_of_a_redirect_uri(uri, origin):
    assert redirect_uri.shown(uri) == origin
