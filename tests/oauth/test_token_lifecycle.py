"""No token that should be dead is ever accepted, and none that should live is refused.

A machine does anything that clients, people, operators and the worker may do, in any order, while
time passes, and after each step holds the server against a model in plain Python
(``lifecycle_model``). ``HYPOTHESIS_PROFILE=long`` tries many more orders than the usual run, which
tries the same ones each time.
"""

from __future__ import annotations

import os
from typing import Any

import jwt
import pytest
from django.db import transaction
from django.test import Client as Browser
from django.test import RequestFactory, override_settings
from hypothesis import settings as how_many
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from oauth import apis, introspection, keys, opaque_token, status_list, tasks
from oauth.models import Client, ExchangeRule, SigningKey, TrustRule
from oauth.models.trust_rule import JWT_BEARER, TOKEN_EXCHANGE
from oauth.views.userinfo import userinfo
from ostiary import cleanup as ground_floor
from ostiary import sessions
from ostiary.models import Session
from ostiary.throttling import DEFAULT_LIMITS
from tests.oauth import flow, test_device
from tests.oauth.assertions import new_key, public_jwk
from tests.oauth.clock import START, Clock
from tests.oauth.conftest import API, make_client, make_person
from tests.oauth.lifecycle_model import Application, Family, Model, SignedIn, Token
from tests.oauth.test_revocation_policies import INTROSPECT
from tests.oauth.test_token_exchange import NEXT, exchange
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

ORDERS = (
    how_many(max_examples=2000, stateful_step_count=50)
    if os.environ.get("HYPOTHESIS_PROFILE") == "long"
    else how_many(max_examples=30, stateful_step_count=30, derandomize=True, database=None)
)
POLICIES = ("short_lived", "blocklist", "opaque")
PLATFORM = "https://platform.example"
PLATFORM_KEY = new_key()
ACCESS, IDLE, ABSOLUTE = 900, 2 * 3600, 5 * 3600
PASSING = [1, 31, 61, 301, 601, ACCESS - 1, ACCESS + 5, ACCESS + 60, IDLE, 3 * 3600, 12 * 3600]
"""Seconds that pass at a time: around every end that there is."""

pick = st.integers(0, 15)
"""Which of those there are, the newest first."""
mostly = st.sampled_from([True, True, False])
clients_of_people = st.sampled_from(["web", "television"])
clients = st.sampled_from(["web", "television", "service", "api"])


class Lifecycle(RuleBasedStateMachine):
    """The server, and the model that says what should live."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        clock.now = START
        self.undone = transaction.atomic()
        self.undone.__enter__()
        for module in (keys, apis, status_list):
            module.forget()
        self.model = Model(clock.seconds(), grace=0)
        self.settings: Any = None
        self.assertions: list[str] = []

    @initialize(
        web=st.sampled_from(POLICIES),
        api=st.sampled_from(POLICIES),
        service=st.sampled_from(POLICIES),
        grace=st.sampled_from([0, 30]),
    )
    def begin(self, web: str, api: str, service: str, grace: int) -> None:
        self.model.grace = grace
        self.person = make_person("alice@example.com")
        self.operator = make_person("operator@example.com", is_staff=True, is_superuser=True)
        may = {"scopes": ["openid", "offline_access", "api:read"], "audiences": [API]}
        lifetimes = {
            "access_token_lifetime": ACCESS,
            "refresh_token_idle_lifetime": IDLE,
            "refresh_token_lifetime": ABSOLUTE,
        }
        self.clients = {
            "web": Application(
                make_client(
                    name="Web",
                    client_type="confidential",
                    redirect_uris="https://rp.example/callback",
                    grant_types=["authorization_code", "refresh_token"],
                    revocation_policy=web,
                    **may,
                    **lifetimes,
                ),
                policy=web,
            ),
            "television": Application(
                make_client(
                    name="Television",
                    client_type="public",
                    grant_types=[test_device.GRANT_TYPE, "refresh_token"],
                    **may,
                    **lifetimes,
                )
            ),
            "service": Application(
                make_client(
                    name="Service",
                    client_type="confidential",
                    grant_types=["client_credentials", JWT_BEARER],
                    revocation_policy=service,
                    scopes=["api:read"],
                    audiences=[API],
                ),
                policy=service,
            ),
            "api": Application(
                make_client(
                    name="API",
                    client_type="confidential",
                    grant_types=[TOKEN_EXCHANGE],
                    revocation_policy=api,
                    serves=[API],
                ),
                policy=api,
            ),
        }
        self.watcher = make_client(
            name="Watcher",
            client_type="confidential",
            grant_types=["client_credentials"],
            serves=[API, NEXT],
        )
        ExchangeRule.objects.create(
            client=self.clients["api"].row,
            subject_audience=API,
            target_audience=NEXT,
            scopes=["api:read"],
        )
        TrustRule.objects.create(
            name="job",
            issuer=PLATFORM,
            jwks={"keys": [{**public_jwk(PLATFORM_KEY), "kid": "platform"}]},
            algorithms=["ES256"],
            subject="job",
            client=self.clients["service"].row,
            uses=["jwt_bearer"],
            single_use=True,
            scopes=["api:read"],
            audiences=[API],
        )
        self.sign_in()
        self.settings = override_settings(OSTIARY_OAUTH={"REFRESH_GRACE_SECONDS": grace})
        self.settings.enable()
        self.allow("web", offline=False, at_once=True)
        self.allow("television", offline=True, at_once=True)

    def teardown(self) -> None:
        try:
            if self.settings is not None:
                self.everything_holds_over_http()
        finally:
            if self.settings is not None:
                self.settings.disable()
            transaction.set_rollback(True)
            self.undone.__exit__(None, None, None)

    # --- what is issued --------------------------------------------------------------------------

    @precondition(lambda self: self.model.active)
    @rule()
    def sign_in(self) -> None:
        browser = Browser()
        browser.force_login(self.person)
        row = Session.objects.filter(user=self.person).latest("pk")
        now = self.model.now
        self.model.sessions.append(SignedIn(browser, row, self.model.password, now, now))

    @rule(name=clients_of_people, offline=st.booleans(), at_once=st.booleans())
    def allow(self, name: str, offline: bool, at_once: bool) -> None:
        """Get a code, and bring it at once or later, maybe too late."""
        application, session = self.clients[name], self.model.sessions[-1]
        is_in = self.model.lets_in(session)
        if self.model.active and not is_in:
            self.sign_in()
            session, is_in = self.model.sessions[-1], True
        if not (is_in and application.enabled):
            self.assert_no_code(application, session)
            return
        scope = "openid api:read" + (" offline_access" if offline else "")
        redeem = getattr(self, f"get_{name}_code")(application.row, session.browser, scope)
        self.model.families.append(
            Family(
                application,
                session,
                offline,
                self.model.password,
                redeem,
                code_ends=self.model.now + (60 if name == "web" else 600),
                reuse_ends_it=name == "web",
            )
        )
        if at_once:
            self.redeem(0)

    def get_web_code(self, web: Client, browser: Browser, scope: str) -> Any:
        code = flow.obtain_code(browser, web, scope=scope, resource=API, prompt="consent")
        return lambda: flow.redeem(web, *code)

    def get_television_code(self, television: Client, browser: Browser, scope: str) -> Any:
        started = test_device.start(television, scope=scope, resource=API)
        test_device.decide(browser, started["user_code"], "allow")
        return lambda: test_device.poll(television, started)

    def assert_no_code(self, application: Application, session: SignedIn) -> None:
        if application is self.clients["web"]:
            answer = flow.authorize(session.browser, application.row, scope="openid")
            assert answer.status_code == 400 or answer["Location"].startswith("/signin/")

    @precondition(lambda self: self.model.families)
    @rule(which=pick)
    def redeem(self, which: int) -> None:
        """The first time, or again: what was used before is a replay."""
        family = self.chosen(self.model.families, which)
        wanted = self.model.redeemed(family)
        answer = family.redeem()
        if self.is_given(answer, wanted):
            now = self.model.now
            family.ends = now + ABSOLUTE
            self.got(family.application, answer, family)

    @precondition(lambda self: self.refreshable)
    @rule(which=pick, old=st.sampled_from([0, 0, 0, 0, 1, 2]))
    def refresh(self, which: int, old: int) -> None:
        """By the newest token, or, a replay, by an older one."""
        family = self.chosen(self.refreshable, which)
        token = family.refresh_tokens[-1 - min(old, len(family.refresh_tokens) - 1)]
        wanted = self.model.refreshed(family, token)
        answer = flow.refresh(family.application.row, token)
        if not self.is_given(answer, wanted != "refused"):
            return
        if wanted == "same":
            assert answer.json()["refresh_token"] == family.refresh_tokens[-1]
            assert answer.json()["access_token"] in [token.text for token in self.model.tokens]
        else:
            family.replay_ends = self.model.now + self.model.grace
            self.got(family.application, answer, family)

    @rule()
    def get_own_token(self) -> None:
        service = self.clients["service"]
        answer = flow.post_token(service.row, grant_type="client_credentials")
        if self.is_given(answer, service.enabled):
            self.got(service, answer, subject=service)

    @rule(again=st.booleans(), which=pick)
    def show_assertion(self, again: bool, which: int) -> None:
        """A new one, or one that was used before."""
        service, again = self.clients["service"], again and bool(self.assertions)
        assertion = self.chosen(self.assertions, which) if again else self.new_assertion()
        answer = flow.post_form(flow.TOKEN, {"grant_type": JWT_BEARER, "assertion": assertion})
        if self.is_given(answer, service.enabled and not again):
            self.assertions.append(assertion)
            self.got(service, answer, subject=service)

    @precondition(lambda self: self.exchangeable)
    @rule(which=pick)
    def exchange(self, which: int) -> None:
        api, subject = self.clients["api"], self.chosen(self.exchangeable, which)
        answer = exchange(api.row, subject.text)
        if self.is_given(answer, api.enabled and self.model.lives(subject) is True):
            self.got(api, answer, subject.family, subject=subject.subject, exchanged=True)

    # --- what ends it ----------------------------------------------------------------------------

    @precondition(lambda self: self.model.tokens)
    @rule(which=pick)
    def revoke_access_token(self, which: int) -> None:
        token = self.chosen(self.model.tokens, which)
        answer = flow.post_as(token.holder.row, flow.REVOKE, {"token": token.text})
        if not token.holder.enabled:
            assert answer.json()["error"] == "invalid_client"
        elif self.model.revoke_token(token):
            assert answer.status_code == 200
        else:
            assert answer.json()["error"] == "unsupported_token_type"

    @precondition(lambda self: self.refreshable)
    @rule(which=pick)
    def revoke_refresh_token(self, which: int) -> None:
        family = self.chosen(self.refreshable, which)
        sent = {"token": family.refresh_tokens[-1]}
        answer = flow.post_as(family.application.row, flow.REVOKE, sent)
        assert (answer.status_code == 200) is family.application.enabled
        if family.application.enabled:
            self.model.revoke(family)

    @rule(name=clients)
    def operator_ends_all_tokens(self, name: str) -> None:
        browser = desk_of(self.operator)
        chosen = {"action": "revoke_tokens", "_selected_action": [str(self.clients[name].row.pk)]}
        assert browser.post("/admin/ostiary_oauth/client/", chosen).status_code == 302
        self.model.revoke_all_of(self.clients[name])

    @precondition(lambda self: self.model.sessions)
    @rule(name=clients_of_people, which=pick)
    def withdraw_consent(self, name: str, which: int) -> None:
        application = self.clients[name]
        session = self.chosen(self.model.sessions, which)
        is_in = self.model.active and self.model.lets_in(session)
        address = f"/account/applications/{application.row.pk}/withdraw/"
        answer = session.browser.post(address)
        if is_in and answer.status_code != 404:  # which is where there is nothing to withdraw
            assert answer["Location"] == "/account/applications/"
        if is_in:
            for family in self.model.families:
                if family.application is application:
                    self.model.revoke(family)

    @precondition(lambda self: self.model.sessions)
    @rule(which=pick)
    def end_session(self, which: int) -> None:
        session = self.chosen(self.model.sessions, which)
        sessions.end(session.row, "test")
        self.model.end(session)

    @rule()
    def change_password(self) -> None:
        self.model.password += 1
        self.person.password = f"!another {self.model.password}"
        self.person.save()
        for family in self.model.families:
            self.model.revoke(family)

    @rule(active=mostly)
    def switch_person(self, active: bool) -> None:
        self.person.is_active = self.model.active = active
        self.person.save()
        if not active:
            for session in self.model.sessions:
                self.model.end(session)
            for family in self.model.families:
                self.model.revoke(family)

    @rule(name=clients, enabled=mostly)
    def switch_client(self, name: str, enabled: bool) -> None:
        application = self.clients[name]
        application.row.enabled = application.enabled = enabled
        application.row.save()
        if not enabled:
            self.model.list_if(lambda token: token.holder is application)

    # --- what changes nothing of what was issued, and what passes ---------------------------------

    @rule(name=clients, policy=st.sampled_from(POLICIES))
    def change_policy(self, name: str, policy: str) -> None:
        self.clients[name].policy = self.clients[name].row.revocation_policy = policy
        Client.objects.filter(pk=self.clients[name].row.pk).update(revocation_policy=policy)

    @rule()
    def rotate_keys(self) -> None:
        keys.rotate("ES256")

    @rule(which=pick)
    def revoke_key(self, which: int) -> None:
        signed = SigningKey.objects.filter(alg="ES256").exclude(state=SigningKey.State.NEXT)
        kid = self.chosen([key.kid for key in signed.order_by("activated_at", "pk")], which)
        keys.revoke(kid)
        self.model.revoked_kids.add(kid)

    @rule()
    def work(self) -> None:
        """All that the worker does from time to time."""
        ground_floor.end_expired_sessions()
        for session in self.model.sessions:
            seen = session.seen
            self.model.is_live(session)
            session.seen = seen
        tasks.clean_up()
        tasks.rotate_signing_keys()
        tasks.sweep_blocklist()
        self.model.sweep()

    @rule(seconds=st.sampled_from(PASSING))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.model.now += seconds

    # --- what must hold --------------------------------------------------------------------------

    @invariant()
    def access_tokens_live_as_they_should(self) -> None:
        for token in self.model.tokens:
            wanted = self.model.lives(token)
            if wanted is None or token.seen_dead > 1:
                continue
            token.seen_dead += self.model.is_over(token)
            told = introspection.introspect(token.text, self.watcher)
            assert told["active"] is wanted, token
            if token.userinfo:
                bearer = RequestFactory().get(
                    flow.USERINFO, headers={"authorization": f"Bearer {token.text}"}
                )
                assert userinfo(bearer).status_code == (200 if wanted else 401), token

    @invariant()
    def refresh_tokens_live_as_they_should(self) -> None:
        for family in self.refreshable:
            row = family.application.row
            *old, newest = family.refresh_tokens
            if family.seen_dead > 1:
                continue
            family.seen_dead += self.model.is_over_for_refresh(family)
            told = introspection.introspect(newest, row)
            assert told["active"] is self.model.refresh_lives(family), family
            for token in old[-2:]:
                assert introspection.introspect(token, row) == {"active": False}, family

    def everything_holds_over_http(self) -> None:
        """At the end, as an API and a client see it."""
        for token in self.model.tokens:
            wanted = self.model.lives(token)
            told = flow.post_as(self.watcher, INTROSPECT, {"token": token.text}).json()
            assert wanted in (None, told["active"]), token
            if wanted is not None and token.userinfo:
                assert flow.userinfo(token.text).status_code == (200 if wanted else 401), token
        for family in self.refreshable:
            wanted = self.model.refreshed(family, family.refresh_tokens[-1])
            answer = flow.refresh(family.application.row, family.refresh_tokens[-1])
            self.is_given(answer, wanted == "new")

    # --- how it is done --------------------------------------------------------------------------

    @property
    def refreshable(self) -> list[Family]:
        return [family for family in self.model.families if family.refresh_tokens]

    @property
    def exchangeable(self) -> list[Token]:
        return [token for token in self.model.tokens if token.exchangeable]

    def chosen(self, things: list[Any], which: int) -> Any:
        return things[-1 - which % len(things)]

    def is_given(self, answer: Any, wanted: bool) -> bool:
        """Whether there were tokens, which must be as wanted."""
        assert (answer.status_code == 200) is wanted, answer.content
        if not wanted:
            assert answer.status_code in (400, 401), answer.content
            assert answer.json()["error"] in (
                *("invalid_client", "invalid_grant", "invalid_request", "expired_token"),
            )
        return wanted

    def got(
        self,
        holder: Application,
        answer: Any,
        family: Family | None = None,
        *,
        subject: Application | None = None,
        exchanged: bool = False,
    ) -> None:
        """Note what an answer gave."""
        given = answer.json()
        text = given["access_token"]
        is_jwt = not opaque_token.is_well_formed(text)
        self.model.tokens.append(
            Token(
                text,
                holder,
                family,
                subject,
                holder.policy,
                jwt.get_unverified_header(text)["kid"] if is_jwt else "",
                self.model.now + given["expires_in"],
                userinfo=family is not None and not exchanged,
                exchangeable=not exchanged,
            )
        )
        assert is_jwt is (holder.policy != "opaque")
        if family is not None and "refresh_token" in given:
            family.refresh_tokens.append(given["refresh_token"])
            family.idle_ends = min(self.model.now + IDLE, family.ends)

    def new_assertion(self) -> str:
        now = int(self.model.now)
        claims = {"iss": PLATFORM, "sub": "job", "aud": "http://localhost:8000"}
        claims |= {"iat": now, "exp": now + 300, "jti": f"run {now} {len(self.assertions)}"}
        return jwt.encode(claims, PLATFORM_KEY, algorithm="ES256", headers={"kid": "platform"})


@pytest.mark.needs("accounts")
def test_no_dead_token_is_accepted_and_no_live_one_refused(monkeypatch, settings):
    settings.OSTIARY = {
        **settings.OSTIARY,
        "THROTTLES": {
            name: dict.fromkeys(limits, "1000000/second") for name, limits in DEFAULT_LIMITS.items()
        },
    }
    clock = Clock(monkeypatch)
    run_state_machine_as_test(lambda: Lifecycle(clock), settings=ORDERS)
