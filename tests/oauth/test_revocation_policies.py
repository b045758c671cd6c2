"""What "revoke" reaches under each policy, and when (docs: What revocation reaches)."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.test import Client as Browser
from django.utils import timezone

from oauth import blocklist, cleanup, tasks
from oauth.models import AccessToken, Api, Client, ExchangeRule, Grant, TokenStatus
from oauth.resource_server.revocation.blocklist import WHOLE
from ostiary import sessions
from ostiary.models import Session
from tests.oauth import flow
from tests.oauth.conftest import API, PASSWORD, make_client, make_person
from tests.operators import desk_of
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

INTROSPECT = "/oauth/introspect"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
NEXT = "https://next.example/"


@pytest.fixture
def api(db):
    """The API itself: it may introspect tokens for it, and exchange them."""
    return make_client(
        name="API", client_type="confidential", grant_types=[EXCHANGE], serves=[API, NEXT]
    )


@pytest.fixture
def shared_cache(settings):
    """A cache that this server shares with its APIs."""
    settings.CACHES = {
        **settings.CACHES,
        "shared": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "blocklist",
        },
    }
    settings.OSTIARY_OAUTH = {"BLOCKLIST_CACHE": "shared"}
    caches["shared"].clear()
    return caches["shared"]


def with_policy(client, policy):
    client.revocation_policy = policy
    client.save()
    return client


@pytest.fixture(params=["blocklist", "opaque"])
def policy(request):
    return request.param


@pytest.fixture
def client(confidential_client, policy):
    return with_policy(confidential_client, policy)


@pytest.fixture
def listed(confidential_client):
    return with_policy(confidential_client, "blocklist")


@pytest.fixture
def service(service_client, policy):
    return with_policy(service_client, policy)


def own_token(client):
    return flow.post_token(client, grant_type="client_credentials").json()["access_token"]


def is_active(api, token):
    return flow.post_as(api, INTROSPECT, {"token": token}).json()["active"]


def is_listed(shared_cache, token):
    """What an API sees in the shared cache, by the documented key."""
    hashed = flow.pkce.hashlib.sha256(flow.said_by(token)["jti"].encode()).hexdigest()
    return shared_cache.get(f"ostiary:blocklist:{hashed}") is not None


# --- what the tokens are --------------------------------------------------------------------------


def test_a_listed_token_is_a_jwt_with_a_status_and_one_row(listed, signed_in_browser):
    answer = flow.sign_in_tokens(signed_in_browser, listed, resource=API)

    said = flow.said_by(answer["access_token"])
    assert set(said["status"]["status_list"]) == {"idx", "uri"}
    assert TokenStatus.objects.get().jti_hash == blocklist.jti_hash(said["jti"])
    assert said["jti"] not in str(TokenStatus.objects.values().get())


def test_an_opaque_token_says_nothing_and_is_kept_by_its_hash(
    confidential_client, signed_in_browser
):
    with_policy(confidential_client, "opaque")

    answer = flow.sign_in_tokens(signed_in_browser, confidential_client, resource=API)

    token = answer["access_token"]
    assert token.startswith("ost_at_")
    assert len(token) == len("ost_at_") + 43
    assert answer["expires_in"] == 900
    row = AccessToken.objects.values().get()
    assert token not in str(row)
    assert token.removeprefix("ost_at_") not in str(row)
    assert TokenStatus.objects.count() == 0


def test_a_short_lived_token_costs_no_row(confidential_client, signed_in_browser):
    flow.sign_in_tokens(signed_in_browser, confidential_client)

    assert TokenStatus.objects.count() == AccessToken.objects.count() == 0


def test_a_live_token_is_good_everywhere(client, api, signed_in_browser):
    tokens = flow.sign_in_tokens(signed_in_browser, client, resource=API)

    assert flow.userinfo(tokens["access_token"]).json()["email"] == "alice@example.com"
    told = flow.post_as(api, INTROSPECT, {"token": tokens["access_token"]}).json()
    assert told["active"] is True
    assert told["client_id"] == client.client_id
    assert API in told["aud"]
    assert told["token_type"] == "Bearer"


def test_the_stricter_policy_of_client_and_api_counts(service_client):
    api = Api.objects.create(identifier=API, name="API", revocation_policy="blocklist")
    assert "status" in flow.said_by(own_token(service_client))

    with_policy(service_client, "opaque")
    assert own_token(service_client).startswith("ost_at_")

    with_policy(service_client, "blocklist")
    api.revocation_policy = "opaque"
    api.save()
    assert own_token(service_client).startswith("ost_at_")


def test_an_opaque_token_for_an_api_is_none_for_userinfo(confidential_client, signed_in_browser):
    with_policy(confidential_client, "opaque")
    tokens = flow.sign_in_tokens(
        signed_in_browser, confidential_client, scope="api:read", resource=API
    )

    assert flow.userinfo(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize("token", ["ost_at_", "ost_at_" + "x" * 43, "ost_at_" + "é" * 43])
def test_an_unknown_opaque_token_is_refused(api, token):
    assert not is_active(api, token)
    assert (
        Browser()
        .get(flow.USERINFO, headers={"authorization": f"Bearer {token}".encode().decode("latin-1")})
        .status_code
        == 401
    )
    assert flow.post_as(api, flow.REVOKE, {"token": token}).status_code == 200


def test_an_expired_token_is_refused_and_cleared_away(client, api, signed_in_browser):
    token = flow.sign_in_tokens(signed_in_browser, client, resource=API)["access_token"]
    past = timezone.now() - timedelta(hours=1)
    AccessToken.objects.update(expires=past)
    TokenStatus.objects.update(expires_at=past)

    if client.revocation_policy == "opaque":
        assert not is_active(api, token)
    tasks.clean_up()

    assert AccessToken.objects.count() == TokenStatus.objects.count() == 0
    assert not is_active(api, token)


def test_clean_up_leaves_live_tokens(client, signed_in_browser):
    token = flow.sign_in_tokens(signed_in_browser, client)["access_token"]

    assert cleanup.remove_access_tokens() == cleanup.remove_token_statuses() == 0
    assert flow.userinfo(token).status_code == 200


# --- what ends them -------------------------------------------------------------------------------


def client_revokes_access(tokens, client, person, browser):
    assert flow.post_as(client, flow.REVOKE, {"token": tokens["access_token"]}).status_code == 200


def client_revokes_refresh(tokens, client, person, browser):
    flow.post_as(client, flow.REVOKE, {"token": tokens["refresh_token"]})


def reuse(tokens, client, person, browser):
    flow.refresh(client, tokens["refresh_token"])
    flow.refresh(client, tokens["refresh_token"])


def consent_withdrawn(tokens, client, person, browser):
    browser.post(f"/account/applications/{client.pk}/withdraw/")


def session_ended(tokens, client, person, browser):
    sessions.end(Session.objects.get(), "test")


def password_changed(tokens, client, person, browser):
    person.set_password(PASSWORD + "!")
    person.save()


def deactivated(tokens, client, person, browser):
    person.is_active = False
    person.save(update_fields=["is_active"])


def deleted(tokens, client, person, browser):
    person.delete()


def client_disabled(tokens, client, person, browser):
    client.enabled = False
    client.save()


def client_deleted(tokens, client, person, browser):
    client.delete()


ENDS = [
    client_revokes_access,
    client_revokes_refresh,
    reuse,
    consent_withdrawn,
    session_ended,
    password_changed,
    deactivated,
    deleted,
    client_disabled,
    client_deleted,
]


@pytest.mark.parametrize("end", ENDS)
def test_whatever_ends_the_family_ends_its_access_tokens_at_once(
    end, client, api, person, signed_in_browser, shared_cache, django_capture_on_commit_callbacks
):
    tokens = flow.sign_in_tokens(
        signed_in_browser, client, resource=API, scope="openid email api:read"
    )
    assert is_active(api, tokens["access_token"])

    with django_capture_on_commit_callbacks(execute=True):
        end(tokens, client, person, signed_in_browser)

    assert not is_active(api, tokens["access_token"])
    assert flow.userinfo(tokens["access_token"]).status_code == 401
    if client.revocation_policy == "blocklist":
        assert is_listed(shared_cache, tokens["access_token"])
        assert TokenStatus.objects.filter(revoked_at__isnull=True).count() == 0


def test_an_unrelated_family_is_left_alone(client, api, signed_in_browser):
    first = flow.sign_in_tokens(signed_in_browser, client, resource=API)
    second = flow.sign_in_tokens(signed_in_browser, client, resource=API)

    flow.post_as(client, flow.REVOKE, {"token": first["access_token"]})

    assert not is_active(api, first["access_token"])
    assert is_active(api, second["access_token"])


def test_all_access_tokens_of_the_family_end(client, api, signed_in_browser):
    first = flow.sign_in_tokens(signed_in_browser, client, resource=API)
    second = flow.refresh(client, first["refresh_token"]).json()

    flow.post_as(client, flow.REVOKE, {"token": second["refresh_token"]})

    assert not is_active(api, first["access_token"])
    assert not is_active(api, second["access_token"])


@pytest.mark.parametrize("field", ["password", "last_login"])
def test_a_person_who_merely_signs_in_keeps_their_tokens(client, person, signed_in_browser, field):
    token = flow.sign_in_tokens(signed_in_browser, client)["access_token"]

    person.save(update_fields=[field])
    person.save()

    assert flow.userinfo(token).status_code == 200


def test_a_clients_own_token_ends_when_it_revokes_it(service, api):
    first, second = own_token(service), own_token(service)

    assert flow.post_as(service, flow.REVOKE, {"token": first}).status_code == 200

    assert not is_active(api, first)
    assert is_active(api, second)


def test_another_client_ends_nothing(service, api, confidential_client):
    token = own_token(service)

    answer = flow.post_as(confidential_client, flow.REVOKE, {"token": token})

    assert answer.status_code == 200
    assert answer.content == b"{}"
    assert is_active(api, token)


def test_an_operator_who_ends_all_tokens_ends_the_clients_own_too(service, api):
    token = own_token(service)
    browser = desk_of(make_person("operator@example.com", is_staff=True, is_superuser=True))

    browser.post(
        "/admin/ostiary_oauth/client/",
        {"action": "revoke_tokens", "_selected_action": [str(service.pk)]},
    )

    assert not is_active(api, token)


def test_an_exchanged_token_can_be_revoked_by_who_got_it(client, api, signed_in_browser):
    api.revocation_policy = client.revocation_policy
    api.save()
    ExchangeRule.objects.create(
        client=api, subject_audience=API, target_audience=NEXT, scopes=["api:read"]
    )
    subject = flow.sign_in_tokens(signed_in_browser, client, resource=API)["access_token"]

    exchanged = flow.post_token(
        api,
        grant_type=EXCHANGE,
        subject_token=subject,
        subject_token_type=ACCESS_TOKEN,
        audience=NEXT,
    ).json()["access_token"]
    assert is_active(api, exchanged)
    flow.post_as(api, flow.REVOKE, {"token": exchanged})

    assert not is_active(api, exchanged)
    assert is_active(api, subject)


def test_an_exchanged_token_ends_with_the_family_and_with_who_got_it(
    client, api, signed_in_browser
):
    api.revocation_policy = client.revocation_policy
    api.save()
    ExchangeRule.objects.create(
        client=api, subject_audience=API, target_audience=NEXT, scopes=["api:read"]
    )
    watcher = make_client(
        name="Next", client_type="confidential", grant_types=["client_credentials"], serves=[NEXT]
    )
    tokens = flow.sign_in_tokens(signed_in_browser, client, resource=API)
    ask = {
        "grant_type": EXCHANGE,
        "subject_token": tokens["access_token"],
        "subject_token_type": ACCESS_TOKEN,
        "audience": NEXT,
    }
    exchanged = flow.post_token(api, **ask).json()["access_token"]

    Client.objects.filter(pk=api.pk).update(enabled=False)
    assert not is_active(watcher, exchanged)
    Client.objects.filter(pk=api.pk).update(enabled=True)
    assert is_active(watcher, exchanged)

    flow.post_as(client, flow.REVOKE, {"token": tokens["refresh_token"]})
    assert not is_active(watcher, exchanged)


def test_a_short_lived_token_of_the_clients_own_cannot_be_revoked_and_it_is_told(service_client):
    answer = flow.post_as(service_client, flow.REVOKE, {"token": own_token(service_client)})

    assert answer.status_code == 400
    assert answer.json()["error"] == "unsupported_token_type"


# --- the blocklist --------------------------------------------------------------------------------


def test_the_cache_keeps_an_entry_for_the_rest_of_the_lifetime(
    service_client, shared_cache, monkeypatch, django_capture_on_commit_callbacks
):
    with_policy(service_client, "blocklist")
    token = own_token(service_client)
    kept = {}
    monkeypatch.setattr(
        type(shared_cache), "set", lambda self, key, value, timeout: kept.update({key: timeout})
    )

    with django_capture_on_commit_callbacks(execute=True):
        flow.post_as(service_client, flow.REVOKE, {"token": token})

    [seconds] = kept.values()
    assert 900 < seconds <= 900 + blocklist.MARGIN_SECONDS + 1


def test_a_token_that_late_clocks_still_take_can_be_revoked(
    service_client, shared_cache, django_capture_on_commit_callbacks
):
    with_policy(service_client, "blocklist")
    token = own_token(service_client)
    TokenStatus.objects.update(expires_at=timezone.now() - timedelta(seconds=5))

    with django_capture_on_commit_callbacks(execute=True):
        flow.post_as(service_client, flow.REVOKE, {"token": token})

    assert blocklist.is_revoked(flow.said_by(token)["jti"])
    assert is_listed(shared_cache, token)


def test_a_revocation_that_was_rolled_back_is_not_in_the_cache(service_client, shared_cache):
    with_policy(service_client, "blocklist")
    token = own_token(service_client)
    jti_hash = blocklist.jti_hash(flow.said_by(token)["jti"])

    def revoke_and_fail():
        with blocklist.transaction.atomic():
            blocklist.revoke(blocklist.Q(jti_hash=jti_hash))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        revoke_and_fail()

    assert not is_listed(shared_cache, token)
    assert not blocklist.is_revoked(flow.said_by(token)["jti"])


def test_the_database_answers_when_the_cache_cannot(service_client, settings, api):
    settings.CACHES = {
        **settings.CACHES,
        "shared": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",
        },
    }
    settings.OSTIARY_OAUTH = {"BLOCKLIST_CACHE": "shared"}
    with_policy(service_client, "blocklist")
    token = own_token(service_client)
    assert is_active(api, token)

    assert flow.post_as(service_client, flow.REVOKE, {"token": token}).status_code == 200

    assert not is_active(api, token)


def test_a_cache_that_was_emptied_is_whole_after_the_sweep(
    service_client, shared_cache, django_capture_on_commit_callbacks
):
    with_policy(service_client, "blocklist")
    token, other = own_token(service_client), own_token(service_client)
    with django_capture_on_commit_callbacks(execute=True):
        flow.post_as(service_client, flow.REVOKE, {"token": token})
    assert is_listed(shared_cache, token)
    shared_cache.clear()

    assert not shared_cache.get(WHOLE)

    tasks.sweep_blocklist()

    assert is_listed(shared_cache, token)
    assert not is_listed(shared_cache, other)
    assert shared_cache.get(WHOLE)


def test_a_cache_that_is_emptied_while_it_is_filled_is_not_said_to_be_whole(
    service_client, shared_cache, monkeypatch
):
    put = blocklist._put
    monkeypatch.setattr(blocklist, "_put", lambda revoked: (put(revoked), shared_cache.clear()))

    blocklist.sweep()

    assert not shared_cache.get(WHOLE)


def person_switched_off(client):
    get_user_model().objects.update(is_active=False)


def client_switched_off(client):
    Client.objects.filter(pk=client.pk).update(enabled=False)


def grant_revoked(client):
    Grant.objects.update(revoked_at=timezone.now())


@pytest.mark.parametrize("end", [person_switched_off, client_switched_off, grant_revoked])
def test_what_was_ended_by_a_bare_statement_is_listed_by_the_sweep(
    end, listed, signed_in_browser, shared_cache, django_capture_on_commit_callbacks
):
    token = flow.sign_in_tokens(signed_in_browser, listed)["access_token"]
    assert blocklist.sweep() == 0
    end(listed)

    with django_capture_on_commit_callbacks(execute=True):
        assert blocklist.sweep() == 1

    assert is_listed(shared_cache, token)


def test_a_token_of_a_grant_that_was_revoked_meanwhile_is_not_issued(listed, signed_in_browser):
    tokens = flow.sign_in_tokens(signed_in_browser, listed)
    claims = flow.said_by(tokens["access_token"])
    Grant.objects.update(revoked_at=timezone.now())

    with pytest.raises(blocklist.InvalidGrantError):
        blocklist.register({**claims, "jti": "another"}, listed)


@pytest.mark.django_db(transaction=True)
def test_of_a_family_revoked_while_it_is_refreshed_no_token_is_left_unlisted(
    listed, signed_in_browser
):
    """The sweep is not needed for it."""
    tokens = flow.sign_in_tokens(signed_in_browser, listed)
    turns = iter([True, False, True, False, False, True])

    def use_or_revoke():
        if next(turns):
            return flow.refresh(listed, tokens["refresh_token"])
        return flow.post_as(listed, flow.REVOKE, {"token": tokens["refresh_token"]})

    answers = at_once(use_or_revoke, ways=6)

    assert {answer.status_code for answer in answers} <= {200, 400}
    assert Grant.objects.get().revoked_at is not None
    assert TokenStatus.objects.filter(revoked_at__isnull=True).count() == 0


# --- what it costs --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_statements_of_each_policy(
    client, api, signed_in_browser, django_assert_max_num_queries
):
    """One row for an opaque token; a lock of the grant and a row for a listed one."""
    for _ in range(2):
        flow.sign_in_tokens(signed_in_browser, client, resource=API)
    code, verifier = flow.obtain_code(signed_in_browser, client, resource=API)

    with django_assert_max_num_queries(10):
        tokens = flow.redeem(client, code, verifier).json()
    with django_assert_max_num_queries(9):
        tokens = flow.refresh(client, tokens["refresh_token"]).json()
    with django_assert_max_num_queries(2):
        flow.userinfo(tokens["access_token"])
    with django_assert_max_num_queries(3):
        is_active(api, tokens["access_token"])


@pytest.mark.django_db(transaction=True)
def test_a_service_costs_one_row_more(service, django_assert_num_queries):
    for _ in range(2):
        own_token(service)

    with django_assert_num_queries(2):
        own_token(service)


# --- the operator's view --------------------------------------------------------------------------


def test_the_admin_says_what_each_policy_costs_and_shows_opaque_tokens_without_them(
    confidential_client, signed_in_browser
):
    with_policy(confidential_client, "opaque")
    token = flow.sign_in_tokens(signed_in_browser, confidential_client)["access_token"]
    browser = desk_of(make_person("operator@example.com", is_staff=True, is_superuser=True))

    form = browser.get(f"/admin/ostiary_oauth/client/{confidential_client.pk}/change/")
    page = browser.get("/admin/ostiary_oauth/accesstoken/").content.decode()
    one = browser.get(f"/admin/ostiary_oauth/accesstoken/{AccessToken.objects.get().pk}/change/")

    assert "ask this server at every use" in form.content.decode()
    assert "icon-yes" in page
    assert token.removeprefix("ost_at_") not in page + one.content.decode()
    Grant.objects.update(revoked_at=timezone.now())
    assert "icon-no" in browser.get("/admin/ostiary_oauth/accesstoken/").content.decode()
