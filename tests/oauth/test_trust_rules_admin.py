"""The operator's pages about tokens of other issuers (SECURITY G1)."""

import pytest
from django.test import Client as Browser
from django.urls import reverse

from oauth import client_keys
from oauth.models import TrustRule
from oauth.models.trust_rule import JWT_BEARER
from ostiary.models import Event
from tests.oauth.assertions import new_key
from tests.oauth.conftest import API, make_client, make_person
from tests.oauth.outside import MAIN, platform
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

ADD = reverse("admin:ostiary_oauth_trustrule_add")
TRY = reverse("admin:ostiary_oauth_trustrule_try")


@pytest.fixture
def github(monkeypatch):
    monkeypatch.setattr(client_keys, "_held", {})
    with platform() as serving:
        yield serving


@pytest.fixture
def operator(db):
    return desk_of(make_person("operator@example.com", is_staff=True, is_superuser=True))


@pytest.fixture
def deployer(db):
    return make_client(
        name="Deployer",
        client_type="confidential",
        grant_types=[JWT_BEARER],
        scopes=["api:read"],
        audiences=[API],
    )


def filled(issuer, deployer, /, **changes):
    return {
        "name": "deploy",
        "enabled": "on",
        "issuer": issuer,
        "algorithms": ["RS256"],
        "subject": MAIN,
        "conditions": '{"repository_id": "74"}',
        "max_age": 3600,
        "client": deployer.pk,
        "uses": ["jwt_bearer"],
        "scopes": ["api:read"],
        "audiences": API,
        "lifetime": 300,
        **changes,
    }


def test_a_rule_is_written_and_every_change_is_told(operator, deployer, github):
    answer = operator.post(ADD, filled(github.issuer, deployer))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    rule = TrustRule.objects.get()
    assert (rule.conditions, rule.audiences) == ({"repository_id": "74"}, [API])
    there = reverse("admin:ostiary_oauth_trustrule_change", args=[rule.pk])
    operator.post(there, filled(github.issuer, deployer, subject="repo:a/b:ref:refs/heads/main"))
    operator.post(reverse("admin:ostiary_oauth_trustrule_delete", args=[rule.pk]), {"post": "yes"})

    events = Event.objects.filter(kind__startswith="trust_rule").order_by("pk")
    assert [event.kind for event in events] == [
        "trust_rule.changed",
        "trust_rule.changed",
        "trust_rule.deleted",
    ]
    assert events[1].details["subject"] == {
        "before": MAIN,
        "after": "repo:a/b:ref:refs/heads/main",
    }
    assert events[0].client_id == deployer.client_id


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://x.example"},
        {"algorithms": []},
        {"conditions": "[1]"},
        {"conditions": "{"},
        {"subject": "", "conditions": ""},
        {"jwks": '{"keys": 7}'},
        {"uses": ["token_exchange"]},
        {"lifetime": "-1"},
        {"lifetime": "99999999999999999999"},
        {"audiences": "https://other.example/"},
        {"client": "x"},
        {"client": ""},
    ],
)
def test_what_can_not_be_safe_is_told_on_the_page(operator, deployer, github, wrong):
    answer = operator.post(ADD, filled(github.issuer, deployer, **wrong))

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert not TrustRule.objects.exists()


def test_the_list_leads_to_the_place_to_try_a_token(operator):
    page = operator.get(reverse("admin:ostiary_oauth_trustrule_changelist"))

    assert TRY in page.content.decode()
    assert operator.get(TRY).status_code == 200


def test_an_operator_sees_which_rule_takes_a_token_and_why_not(operator, deployer, github):
    operator.post(ADD, filled(github.issuer, deployer))
    before = Event.objects.count()

    taken = operator.post(TRY, {"token": github.token()}).content.decode()
    other = operator.post(TRY, {"token": github.token(repository_id="1", aud="x")})
    forged = operator.post(TRY, {"token": github.token(key=new_key("RS256"))})

    assert "This token is accepted." in taken
    assert "repo:octo-org/octo-repo:ref:refs/heads/main" in taken
    assert "This token is refused." in other.content.decode()
    assert [name for name, _ in other.context["judged"][0]["problems"]] == [
        "aud",
        "repository_id",
    ]
    assert [name for name, _ in forged.context["judged"][0]["problems"]] == ["signature"]
    assert Event.objects.count() == before
    assert other["Cache-Control"].count("no-store")


def test_two_rules_for_one_token_are_pointed_out(operator, deployer, github):
    for name in ("one", "two"):
        operator.post(ADD, filled(github.issuer, deployer, name=name))

    page = operator.post(TRY, {"token": github.token()}).content.decode()

    assert "More than one rule accepts this token" in page


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.", "x" * 9000])
def test_what_is_no_token_is_told(operator, token):
    answer = operator.post(TRY, {"token": token})

    assert answer.status_code == 200
    assert "looked_at" not in answer.context or "No enabled rule" in answer.content.decode()


def test_what_a_token_says_is_shown_as_text(operator, deployer, github):
    operator.post(ADD, filled(github.issuer, deployer))

    page = operator.post(TRY, {"token": github.token(sub="<script>alert(1)</script>")})

    assert "<script>alert" not in page.content.decode()


def test_only_an_operator_who_may_see_the_rules_may_try_one():
    assert Browser().get(TRY).status_code == 302
    browser = desk_of(make_person("staff@example.com", is_staff=True))
    assert browser.get(TRY).status_code == 403
