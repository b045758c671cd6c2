"""Claims of a project's own: fields by scope, and a hook (docs/how-to/custom-claims.md)."""

import logging
from types import SimpleNamespace

import pytest

from oauth import checks, claims, claims_hook
from oauth.models import Client
from tests.oauth import flow

pytestmark = pytest.mark.django_db


def hook(user, client, scopes, target):
    """What the tests' project adds."""
    return {"target": target, "client": client.name, "scopes": list(scopes), "who": str(user.pk)}


class Later:
    """A hook that is a class."""

    def __call__(self, user, client, scopes, target):
        return {"target": "later"}


def overreaching(user, client, scopes, target):
    return {**dict.fromkeys(claims_hook.PROTOCOL, "evil"), "harmless": [1, {"a": None}]}


def failing(user, client, scopes, target):
    raise LookupError("no such department")


def not_a_dictionary(user, client, scopes, target):
    return 7


def not_json(user, client, scopes, target):
    return {"user": user}


@pytest.fixture
def use(settings):
    """Names a function of this module as the hook."""

    def by_name(function):
        path = f"{__name__}.{function.__name__}"
        settings.OSTIARY_OAUTH = {"CLAIMS_HOOKS": [path]}

    return by_name


def test_the_hook_adds_to_each_with_who_and_for_whom(
    use, signed_in_browser, confidential_client, person
):
    use(hook)
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    for target, told in (
        ("id_token", flow.said_by(tokens["id_token"])),
        ("access_token", flow.said_by(tokens["access_token"])),
        ("userinfo", flow.userinfo(tokens["access_token"]).json()),
    ):
        assert told["target"] == target
        assert told["client"] == "Web"
        assert told["who"] == str(person.pk)
        assert set(told["scopes"]) == set(confidential_client.scopes)


def test_the_hook_can_not_say_what_the_protocol_says(
    use, signed_in_browser, confidential_client, person, caplog
):
    use(overreaching)
    with caplog.at_level(logging.WARNING, "oauth.claims_hook"):
        tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    for told in (
        flow.said_by(tokens["id_token"]),
        flow.said_by(tokens["access_token"]),
        flow.userinfo(tokens["access_token"]).json(),
    ):
        assert told["harmless"] == [1, {"a": None}]
        assert "evil" not in told.values()
        assert told["sub"] == str(person.pk)
    assert "may not set" in caplog.text


def test_what_every_token_says_is_of_the_protocol(signed_in_browser, confidential_client):
    """A claim that this server comes to add is named there too."""
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client, scope="openid")

    for token in (tokens["id_token"], tokens["access_token"]):
        assert set(flow.said_by(token)) <= claims_hook.PROTOCOL


@pytest.mark.parametrize("broken", [failing, not_a_dictionary, not_json])
def test_a_hook_that_fails_is_an_error_of_the_server_and_tells_nothing(
    use, signed_in_browser, confidential_client, broken, caplog
):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)
    code, verifier = flow.obtain_code(signed_in_browser, confidential_client)
    use(broken)

    for answer in (
        flow.redeem(confidential_client, code, verifier),
        flow.userinfo(tokens["access_token"]),
    ):
        assert answer.status_code == 400
        assert answer.json()["error"] == "server_error"
        assert b"department" not in answer.content
    assert "CLAIMS_HOOKS" in caplog.text


def test_of_several_hooks_the_later_wins(settings, signed_in_browser, confidential_client):
    settings.OSTIARY_OAUTH = {"CLAIMS_HOOKS": [f"{__name__}.hook", f"{__name__}.Later"]}

    told = flow.said_by(flow.sign_in_tokens(signed_in_browser, confidential_client)["id_token"])

    assert (told["client"], told["target"]) == ("Web", "later")


def test_introspection_tells_what_the_hook_has_put_into_an_access_token(
    use, signed_in_browser, confidential_client
):
    use(hook)
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    told = flow.post_as(confidential_client, "/oauth/introspect", {"token": tokens["access_token"]})

    assert told.json()["target"] == "access_token"
    assert "gid" not in told.json()


# --- fields by scope ---------------------------------------------------------------------------


def test_a_scope_releases_the_fields_that_are_named_for_it(settings):
    settings.OSTIARY_OAUTH = {"SCOPE_CLAIMS": {"api:read": ["desk", "tags"], "email": ["phone"]}}
    alice = SimpleNamespace(desk=0, tags=["a"], phone="", email="alice@example.com")

    assert claims.for_scopes(alice, ["api:read"]) == {"desk": 0, "tags": ["a"]}
    assert claims.for_scopes(alice, ["email"]) == {
        "email": "alice@example.com",
        "email_verified": False,
    }
    assert claims.for_scopes(alice, ["openid"]) == {}


def test_a_fields_claim_is_in_the_id_token_and_at_userinfo_and_told(
    settings, signed_in_browser, confidential_client
):
    settings.OSTIARY_OAUTH = {"SCOPE_CLAIMS": {"api:read": ["is_active"]}}
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    assert flow.said_by(tokens["id_token"])["is_active"] is True
    assert flow.userinfo(tokens["access_token"]).json()["is_active"] is True
    told = signed_in_browser.get("/.well-known/openid-configuration").json()
    assert "is_active" in told["claims_supported"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"CLAIMS_HOOKS": ["nowhere.claims"]}, "isn't a function"),
        ({"CLAIMS_HOOKS": ["oauth.claims.EMAIL_CLAIMS"]}, "isn't a function"),
        ({"CLAIMS_HOOKS": ["claims"]}, "isn't a function"),
        ({"SCOPE_CLAIMS": {"nonsense": ["is_active"]}}, "the scope 'nonsense'"),
        ({"SCOPE_CLAIMS": {"profile": ["password"]}}, "may not release 'password'"),
        ({"SCOPE_CLAIMS": {"profile": ["sub"]}}, "may not release 'sub'"),
        ({"SCOPE_CLAIMS": {"profile": ["nonsense"]}}, "isn't a field of the user model"),
        ({"SCOPE_CLAIMS": {"profile": ["groups"]}}, "isn't a field of the user model"),
        ({"SCOPE_CLAIMS": {"profile": ["get_username"]}}, "isn't a field of the user model"),
    ],
)
def test_a_wrong_setting_is_told_before_the_site_starts(settings, given, words):
    settings.OSTIARY_OAUTH = given

    [problem] = checks.check_claims(None)

    assert words in problem.msg


def test_right_settings_are_right(settings):
    settings.OSTIARY_OAUTH = {
        "CLAIMS_HOOKS": [f"{__name__}.hook"],
        "SCOPE_CLAIMS": {"profile": ["is_active", "last_login"]},
    }

    assert not checks.check_claims(None)
    assert not checks.check_settings(None)


@pytest.mark.parametrize("given", [["x"], {"profile": "x"}, {"profile": [1]}, {1: ["x"]}])
def test_scope_claims_are_lists_of_names_by_scope(settings, given):
    settings.OSTIARY_OAUTH = {"SCOPE_CLAIMS": given}

    [problem] = checks.check_settings(None)

    assert "a dictionary of lists of strings" in problem.msg
    assert not checks.check_claims(None)


def test_a_client_in_the_hook_is_the_one_that_asks():
    """The hook may tell one application what it doesn't tell another."""
    assert claims_hook.added(SimpleNamespace(pk=1), Client(), [], "id_token") == {}
