"""What a trust rule means and what it does not (RFC 7523 §3; SECURITY B9)."""

import re
import time

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from oauth import trust
from oauth.client_metadata import SIGNING_ALGS
from oauth.models import Client, TrustRule
from oauth.models.trust_rule import JWT_BEARER
from tests.oauth.conftest import API

ISSUER = "https://token.actions.example"
SUBJECT = "repo:octo-org/octo-repo:ref:refs/heads/main"


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("a", "a"),
        ("repo:org/*:ref:refs/heads/main", "repo:org/name:ref:refs/heads/main"),
        ("repo:org/name:ref:refs/tags/v*", "repo:org/name:ref:refs/tags/v1.2"),
        ("system:serviceaccount:prod:*", "system:serviceaccount:prod:deployer"),
        ("a*", "a"),
        ("", ""),
        ("a.c", "a.c"),
    ],
)
def test_a_pattern_takes_what_it_says(pattern, value):
    assert trust.matches(pattern, value)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("repo:org/name:*", "repo:org/name:ref:refs/heads/main"),
        ("repo:org/*:ref:refs/heads/main", "repo:org/name:ref:refs/heads/x:ref:refs/heads/main"),
        ("repo:org/*:ref:refs/heads/main", "repo:org-evil/name:ref:refs/heads/main"),
        ("repo:org/name:ref:refs/heads/*", "repo:org/name:ref:refs/heads/feature/x"),
        ("repo:org/name:ref:refs/heads/main", "repo:org/name-evil:ref:refs/heads/main"),
        ("repo:org/name:ref:refs/heads/main", "repo:org/name:ref:refs/heads/main-2"),
        ("repo:org/name:ref:refs/heads/main", "repo:org/name:ref:refs/heads/main\n"),
        ("repo:org/name:ref:refs/heads/main", "Repo:org/name:ref:refs/heads/main"),
        ("a.c", "abc"),
        ("[ab]", "a"),
        ("a?", "ab"),
        ("", "a"),
    ],
)
def test_a_pattern_takes_nothing_else(pattern, value):
    assert not trust.matches(pattern, value)


@given(st.text("ab*:/", max_size=8), st.text("ab:/", max_size=12))
def test_a_pattern_means_what_the_expression_means(pattern, value):
    expression = r"[^:/]*".join(map(re.escape, pattern.split("*")))

    assert trust.matches(pattern, value) == bool(re.fullmatch(expression, value))


def test_no_text_makes_a_pattern_try_without_end():
    assert not trust.matches("a*" * 100 + "b", "a" * 100_000)
    assert trust.matches("a*" * 100 + "b", "a" * 100_000 + "b")


@given(st.text("ab:/*"), st.text("ab:/"), st.text("ab:/"))
def test_a_star_never_crosses_a_part(value, before, after):
    found = trust.matches(f"{before}*{after}", before + value + after)

    assert found == (not set(value) & set(":/"))


@pytest.mark.parametrize(
    ("wanted", "said", "is_so"),
    [
        ("main", "main", True),
        ("ma*", "main", True),
        (["a", "main"], "main", True),
        ("admins", ["people", "admins"], True),
        (True, True, True),
        (7, 7, True),
        ("7", 7, False),
        (1, True, False),
        (True, "true", False),
        ("main", None, False),
        ("a*", {"a": 1}, False),
        (["a"], [["a"]], False),
        ("a*", ["b"], False),
        ([], "a", False),
    ],
)
def test_a_condition_holds_or_not(wanted, said, is_so):
    assert trust.holds(wanted, said) is is_so


def test_a_claim_within_a_claim_is_found_by_its_path():
    claims = {"kubernetes.io": {"namespace": "prod", "a/b": 1}, "x": "y"}

    assert trust.claim(claims, "/kubernetes.io/namespace") == "prod"
    assert trust.claim(claims, "/kubernetes.io/a~1b") == 1
    assert trust.claim(claims, "/x/y") is trust.claim(claims, "/a") is None


def rule_of(**fields):
    """A rule that takes the job of the main branch."""
    return TrustRule(
        **{
            "name": "deploy",
            "issuer": ISSUER,
            "algorithms": ["RS256"],
            "audience": "us",
            "subject": SUBJECT,
            "conditions": {"event_name": "push"},
            "uses": ["jwt_bearer"],
            "scopes": ["api:read"],
            "client": Client(
                name="Deploy",
                client_type="confidential",
                grant_types=[JWT_BEARER],
                scopes=["api:read"],
                audiences=[API],
            ),
            **fields,
        }
    )


NOW = 1_000_000.0
HEADER = {"alg": "RS256", "typ": "JWT"}
CLAIMS = {
    "iss": ISSUER,
    "sub": SUBJECT,
    "aud": "us",
    "iat": NOW,
    "exp": NOW + 300,
    "event_name": "push",
}


def names(rule=None, header=HEADER, **changes):
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    return [name for name, _ in trust.problems(rule or rule_of(), header, claims, NOW)]


def test_what_the_rule_means_has_no_problem():
    assert names() == names(aud=["us"]) == names(exp=NOW - 59) == names(nbf=NOW + 59) == []
    assert names(exp=10**400, nbf=-(10**400)) == []


@pytest.mark.parametrize(
    ("problem", "changes"),
    [
        ("iss", {"iss": ISSUER + "/"}),
        ("aud", {"aud": "them"}),
        ("aud", {"aud": ["us", "them"]}),
        ("aud", {"aud": []}),
        ("aud", {"aud": None}),
        ("aud", {"aud": {"us": 1}}),
        ("sub", {"sub": SUBJECT + "x"}),
        ("sub", {"sub": None}),
        ("sub", {"sub": 7}),
        ("sub", {"sub": [SUBJECT]}),
        ("exp", {"exp": NOW - 60}),
        ("exp", {"exp": None}),
        ("exp", {"exp": "9999999999"}),
        ("exp", {"exp": float("inf")}),
        ("exp", {"exp": float("nan")}),
        ("iat", {"iat": None}),
        ("iat", {"iat": NOW + 61}),
        ("iat", {"iat": NOW - 3661}),
        ("iat", {"iat": "1"}),
        ("iat", {"iat": -(10**400)}),
        ("iat", {"iat": 10**400}),
        ("nbf", {"nbf": 10**400}),
        ("exp", {"exp": -(10**400)}),
        ("nbf", {"nbf": NOW + 61}),
        ("nbf", {"nbf": "1"}),
        ("event_name", {"event_name": "pull_request"}),
        ("event_name", {"event_name": None}),
        ("cnf", {"cnf": {"jkt": "x"}}),
    ],
)
def test_anything_else_has_one(problem, changes):
    assert names(**changes) == [problem]


@pytest.mark.parametrize(
    ("problem", "header"),
    [
        ("alg", {"alg": "none"}),
        ("alg", {"alg": "HS256"}),
        ("alg", {"alg": "ES256"}),
        ("alg", {}),
        ("typ", {"alg": "RS256", "typ": "at+jwt"}),
        ("typ", {"alg": "RS256", "typ": "logout+jwt"}),
        ("crit", {"alg": "RS256", "crit": ["exp"]}),
    ],
)
def test_a_header_of_another_kind_has_one(problem, header):
    assert names(header=header) == [problem]


@pytest.mark.parametrize("subject", ["\x00", "\ud800", "a" * 501, "a\nb"])
def test_a_subject_that_no_log_can_keep_is_refused(subject):
    assert names(rule_of(subject="*" + subject), sub=subject) == ["sub"]


def test_a_token_without_subject_is_taken_only_where_the_rule_names_none():
    service = rule_of(subject="", conditions={"common_name": "1234.access"})

    for sub in ("", None):
        assert names(service, sub=sub, common_name="1234.access") == []
    assert names(service, common_name="1234.access") == ["sub"]


def test_a_client_that_may_be_known_by_its_own_keys_alone_is_not_meant():
    for client in (
        Client(client_type="public"),
        Client(client_type="confidential", metadata={"security_profile": "fapi2"}),
    ):
        assert names(rule_of(client=client)) == ["client"]


def test_a_single_use_needs_a_name():
    for jti in (None, "", 7):
        assert names(rule_of(single_use=True), jti=jti) == ["jti"]
    assert names(rule_of(single_use=True), jti="1") == []


@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.none()
            | st.booleans()
            | st.floats()
            | st.integers()
            | st.text()
            | st.lists(st.text())
            | st.dictionaries(st.text(), st.text())
            for name in ("iss", "sub", "aud", "exp", "iat", "nbf", "jti", "event_name")
        },
    )
)
def test_no_claims_whatsoever_make_it_fail_or_pass(claims):
    assert any(trust.problems(rule_of(single_use=True), HEADER, claims, time.time()))


# --- what an operator may write -------------------------------------------------------------------


def test_a_sound_rule_may_be_written():
    rule_of().clean()
    rule_of(audiences=[API], jwks_uri="https://keys.example/jwks").clean()
    rule_of(subject="", conditions={"common_name": "x"}).clean()


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("issuer", {"issuer": "http://issuer.example"}),
        ("issuer", {"issuer": "issuer"}),
        ("issuer", {"issuer": "http://localhost:8000"}),
        ("issuer", {"issuer": "http://localhost:8000/"}),
        ("jwks_uri", {"jwks_uri": "http://keys.example/"}),
        ("jwks_uri", {"jwks_uri": "file:///etc/passwd"}),
        ("jwks", {"jwks": {"keys": []}}),
        ("jwks", {"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}),
        ("jwks", {"jwks": {"keys": [{"kty": "EC"}]}, "jwks_uri": "https://keys.example/"}),
        ("algorithms", {"algorithms": []}),
        ("algorithms", {"algorithms": ["none"]}),
        ("algorithms", {"algorithms": ["RS256", "HS256"]}),
        ("algorithms", {"algorithms": "RS256"}),
        ("subject", {"subject": "*", "conditions": {}}),
        ("subject", {"subject": "*:*/*", "conditions": {}}),
        ("subject", {"subject": "", "conditions": {}}),
        ("conditions", {"conditions": ["ref"]}),
        ("conditions", {"conditions": {"ref": "*"}}),
        ("conditions", {"conditions": {"ref": ""}}),
        ("conditions", {"conditions": {"ref": None}}),
        ("conditions", {"conditions": {"ref": []}}),
        ("conditions", {"conditions": {"ref": ["main", "**"]}}),
        ("conditions", {"conditions": {"ref": {"a": 1}}}),
        ("max_age", {"max_age": 0}),
        ("max_age", {"max_age": 24 * 3600 + 1}),
        ("lifetime", {"lifetime": 0}),
        ("lifetime", {"lifetime": 3601}),
        ("uses", {"uses": []}),
        ("uses", {"uses": ["password"]}),
        ("uses", {"uses": ["token_exchange"]}),
        ("scopes", {"scopes": ["api:read", "api:write"]}),
        ("audiences", {"audiences": ["https://other.example/"]}),
        ("client", {"client": Client(client_type="public", grant_types=[JWT_BEARER])}),
        ("client", {"client": Client(metadata={"security_profile": "fapi2"})}),
    ],
)
def test_what_can_not_be_safe_is_refused_on_its_field(field, wrong):
    with pytest.raises(ValidationError) as refused:
        rule_of(**wrong).clean()

    assert field in refused.value.message_dict


def test_every_algorithm_of_public_keys_may_be_chosen():
    rule_of(algorithms=list(SIGNING_ALGS)).clean()
