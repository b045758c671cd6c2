"""The operator's view of applications, grants and keys (SECURITY G1)."""

import json
import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client as Browser

from oauth.models import Client, Consent, Grant, SigningKey
from ostiary import events
from ostiary.models import Event
from ostiary.privacy import pseudonym_of
from tests.oauth import flow
from tests.oauth.assertions import new_key, public_jwk
from tests.oauth.conftest import API, make_person
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

CLIENTS = "/admin/ostiary_oauth/client/"
GRANTS = "/admin/ostiary_oauth/grant/"
KEYS = "/admin/ostiary_oauth/signingkey/"


@pytest.fixture
def operator():
    return make_person("operator@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(operator):
    """A browser in which an operator has signed in."""
    return desk_of(operator)


def form_of(**changes) -> dict:
    """The form of a client, filled in."""
    return {
        "name": "New",
        "client_id": "new-client",
        "client_type": "confidential",
        "enabled": "on",
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": "https://new.example/a\nhttps://new.example/b",
        "scopes": ["openid", "email"],
        "audiences": f"{API}\n\n  https://b.example/  \n",
        "contacts": "makers@new.example",
        "access_token_lifetime": "900",
        "id_token_lifetime": "900",
        "refresh_token_idle_lifetime": "1209600",
        "refresh_token_lifetime": "7776000",
        "id_token_signed_response_alg": "RS256",
        "access_token_signing_alg": "ES256",
        "subject_type": "public",
        "revocation_policy": "short_lived",
        **changes,
    }


def act(browser, address, action, *rows):
    return browser.post(
        address, {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    )


def secret_in(page) -> str:
    found = re.findall(r"ost_[A-Za-z0-9_-]{43}", page.content.decode())
    assert len(found) == 1
    return found[0]


# --- clients --------------------------------------------------------------------------------------


def test_a_new_client_s_secret_is_shown_once_in_the_answer(browser):
    page = browser.post(CLIENTS + "add/", form_of())

    secret = secret_in(page)
    client = Client.objects.get()
    assert client.check_secret(secret)
    assert "no-store" in page["Cache-Control"]
    for address in (CLIENTS, f"{CLIENTS}{client.pk}/change/", "/admin/", CLIENTS + "add/"):
        shown = browser.get(address).content.decode()
        assert secret not in shown
        assert client.secret_hash not in shown
    assert secret not in str(dict(browser.session))


def test_lists_are_kept_as_lists(browser):
    browser.post(CLIENTS + "add/", form_of())

    client = Client.objects.get()
    assert client.grant_types == ["authorization_code", "refresh_token"]
    assert client.scopes == ["openid", "email"]
    assert client.audiences == [API, "https://b.example/"]
    assert client.contacts == ["makers@new.example"]
    assert client.redirect_uri_allowed("https://new.example/b")


def test_a_public_client_has_no_secret_to_show(browser):
    page = browser.post(CLIENTS + "add/", form_of(client_type="public"))

    assert page.status_code == 302
    assert Client.objects.get().secret_hash == ""


def test_what_cannot_be_safe_is_told_on_its_field(browser):
    page = browser.post(
        CLIENTS + "add/",
        form_of(redirect_uris="http://plain.example/", audiences="no uri", grant_types=[]),
    )

    assert page.status_code == 200
    errors = page.context["adminform"].form.errors
    assert set(errors) == {"redirect_uris", "audiences", "grant_types"}
    assert Client.objects.count() == 0


def test_every_change_is_in_the_log_with_before_and_after(browser, operator):
    browser.post(CLIENTS + "add/", form_of())
    client = Client.objects.get()
    made = Event.objects.get(kind="client.registered")
    assert made.subject == pseudonym_of(operator)
    assert made.client_id == "new-client"

    answer = browser.post(
        f"{CLIENTS}{client.pk}/change/",
        form_of(name="Renamed", scopes=["openid"], contacts="other@new.example"),
    )

    assert answer.status_code == 302, answer.content
    changed = Event.objects.get(kind="client.changed")
    assert changed.details == {
        "name": {"before": "New", "after": "Renamed"},
        "scopes": {"before": ["openid", "email"], "after": ["openid"]},
        "contacts": "changed",
    }
    assert "contacts" not in events.personal_details(changed)
    assert "secret" not in str(made.details)


def test_saving_without_a_change_changes_nothing(browser):
    browser.post(CLIENTS + "add/", form_of())
    before = Client.objects.values().get()

    browser.post(f"{CLIENTS}{before['id']}/change/", form_of())

    after = Client.objects.values().get()
    assert {**after, "updated": None} == {**before, "updated": None}
    assert Event.objects.get(kind="client.changed").details == {}


def test_the_client_id_is_chosen_once(browser, confidential_client):
    browser.post(f"{CLIENTS}{confidential_client.pk}/change/", form_of(client_id="another"))

    known = confidential_client.client_id
    confidential_client.refresh_from_db()
    assert confidential_client.client_id == known


def test_a_new_secret_works_beside_the_one_before(browser, confidential_client):
    secret = secret_in(act(browser, CLIENTS, "rotate_secret", confidential_client))

    known = confidential_client.raw_secret
    confidential_client.refresh_from_db()
    assert confidential_client.check_secret(secret)
    assert confidential_client.check_secret(known)
    assert Event.objects.get(kind="client.secret_rotated").details == {}
    page = browser.get(f"{CLIENTS}{confidential_client.pk}/change/").content.decode()
    assert "Two: the new one, and the previous one until it expires." in page


def test_a_public_client_gets_no_secret(browser, public_client):
    assert act(browser, CLIENTS, "rotate_secret", public_client).status_code == 302

    public_client.refresh_from_db()
    assert public_client.secret_hash == ""


def test_disabling_ends_what_it_has(browser, signed_in_browser, confidential_client):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    act(browser, CLIENTS, "disable", confidential_client)

    assert flow.userinfo(tokens["access_token"]).status_code == 401
    confidential_client.refresh_from_db()
    assert not confidential_client.enabled
    assert Event.objects.get(kind="client.changed").details == {
        "enabled": {"before": True, "after": False}
    }
    assert Event.objects.get(kind="client.tokens_revoked").details == {"grants": 1}


def test_ending_the_tokens_leaves_the_client_and_the_consents(
    browser, signed_in_browser, confidential_client
):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    act(browser, CLIENTS, "revoke_tokens", confidential_client)

    assert flow.refresh(confidential_client, tokens["refresh_token"]).status_code == 400
    assert Consent.objects.count() == 1
    assert "code" in flow.answer_of(flow.authorize(signed_in_browser, confidential_client))


@pytest.mark.parametrize("way", ["page", "list"])
def test_deleting_a_client_takes_its_grants_along_and_is_logged(
    browser, signed_in_browser, confidential_client, way
):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)

    if way == "page":
        browser.post(f"{CLIENTS}{confidential_client.pk}/delete/", {"post": "yes"})
    else:
        rows = {"_selected_action": [str(confidential_client.pk)]}
        browser.post(CLIENTS, {"action": "delete_selected", "post": "yes", **rows})

    assert Client.objects.count() == Grant.objects.count() == Consent.objects.count() == 0
    assert flow.userinfo(tokens["access_token"]).status_code == 401
    assert Event.objects.get(kind="client.deleted").client_id == confidential_client.client_id


# --- permissions ----------------------------------------------------------------------------------


def with_permissions(*codenames) -> Browser:
    person = make_person("helper@example.com", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return desk_of(person)


def test_who_may_only_look_changes_nothing(signed_in_browser, confidential_client):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)
    key = SigningKey.objects.get(alg="ES256", state="active")
    before = Client.objects.values().get()
    looker = with_permissions("view_client", "view_grant", "view_signingkey", "view_consent")
    assert looker.get(CLIENTS).status_code == 200

    for address, row, actions in (
        (CLIENTS, confidential_client, ["rotate_secret", "disable", "revoke_tokens"]),
        (GRANTS, Grant.objects.get(), ["revoke"]),
        (KEYS, key, ["rotate", "withdraw"]),
    ):
        for action in [*actions, "delete_selected"]:
            act(looker, address, action, row)
    assert looker.get(CLIENTS + "add/").status_code == 403
    assert looker.post(f"{CLIENTS}{confidential_client.pk}/delete/").status_code == 403
    looker.post(f"{CLIENTS}{confidential_client.pk}/change/", form_of())

    assert Client.objects.values().get() == before
    assert flow.userinfo(tokens["access_token"]).status_code == 200
    assert SigningKey.objects.get(pk=key.pk).state == "active"


def test_who_may_do_nothing_sees_nothing(confidential_client):
    nobody = with_permissions()

    for address in (CLIENTS, GRANTS, KEYS, f"{CLIENTS}{confidential_client.pk}/change/"):
        assert nobody.get(address).status_code == 403


def test_who_may_change_clients_may_rotate_their_secrets(confidential_client):
    changer = with_permissions("view_client", "change_client")

    assert secret_in(act(changer, CLIENTS, "rotate_secret", confidential_client))


# --- grants and keys ------------------------------------------------------------------------------


def test_a_grant_is_looked_at_and_ended_never_edited(
    browser, signed_in_browser, confidential_client, person, operator
):
    tokens = flow.sign_in_tokens(signed_in_browser, confidential_client)
    grant = Grant.objects.get()
    page = browser.get(f"{GRANTS}{grant.pk}/change/").content.decode()
    assert grant.code_hash not in page
    assert grant.code_challenge not in page
    assert browser.get(GRANTS + "add/").status_code == 403

    act(browser, GRANTS, "revoke", grant)

    assert flow.userinfo(tokens["access_token"]).status_code == 401
    event = Event.objects.get(kind="grant.revoked")
    assert event.subject == pseudonym_of(person)
    assert event.details == {"grant": str(grant.pk), "operator": pseudonym_of(operator)}


def test_no_list_or_page_shows_a_hash_of_a_token(browser, signed_in_browser, confidential_client):
    flow.sign_in_tokens(signed_in_browser, confidential_client)
    row = Grant.objects.get().refresh_token

    for address in ("", f"{row.pk}/change/"):
        page = browser.get(f"/admin/ostiary_oauth/refreshtoken/{address}")
        assert page.status_code == 200
        assert row.token_checksum not in page.content.decode()
        assert row.selector_hash not in page.content.decode()


def test_a_signing_key_is_rotated_and_withdrawn(browser):
    key = SigningKey.objects.get(alg="ES256", state="active")

    act(browser, KEYS, "rotate", key)
    assert SigningKey.objects.get(pk=key.pk).state == "retired"

    act(browser, KEYS, "withdraw", key)
    assert not SigningKey.objects.filter(pk=key.pk).exists()
    assert Event.objects.get(kind="signing_key.rotated").details["alg"] == "ES256"
    assert Event.objects.get(kind="signing_key.revoked").details["kid"] == key.kid


def test_no_page_shows_a_private_key(browser):
    key = SigningKey.objects.get(alg="RS256", state="active")

    page = browser.get(f"{KEYS}{key.pk}/change/").content.decode()

    assert key.kid in page
    assert "private" not in page.lower()


def test_a_client_s_keys_and_its_need_of_dpop_are_registered_and_checked(browser):
    jwks = {"keys": [public_jwk(new_key())]}
    told = {
        "token_endpoint_auth_methods": ["private_key_jwt"],
        "dpop_bound_access_tokens": "on",
        "jwks": json.dumps({"keys": [{**jwks["keys"][0], "d": "secret"}]}),
    }
    refused = browser.post(CLIENTS + "add/", form_of(**told))
    assert "jwks: members of a private key (d)" in refused.content.decode()
    for wrong in ([{**jwks["keys"][0], "x": "AA"}], [{"kty": "EC", "kid": "\x00"}], "x"):
        page = browser.post(
            CLIENTS + "add/", form_of(**{**told, "jwks": json.dumps({"keys": wrong})})
        )
        assert "jwks: " in page.content.decode()
    for name in ("evil\u202eelpmaxe", "\u200b"):
        page = browser.post(
            CLIENTS + "add/", form_of(name=name, localized_client_names=f'{{"de": "{name}"}}')
        )
        assert "name" in page.context["adminform"].form.errors
        assert "localized_client_names: de: " in page.content.decode()
    assert not Client.objects.exists()

    browser.post(CLIENTS + "add/", form_of(**{**told, "jwks": json.dumps(jwks)}))

    client = Client.objects.get()
    assert client.metadata == {"jwks": jwks, "dpop_bound_access_tokens": True}
    page = browser.get(f"{CLIENTS}{client.pk}/change/").content.decode()
    assert "P-256" in page


def test_a_secret_to_sign_with_is_made_when_it_is_needed_and_shown_that_once(
    browser, service_client
):
    address = f"{CLIENTS}{service_client.pk}/change/"
    told = form_of(
        client_id=service_client.client_id,
        grant_types=["client_credentials"],
        token_endpoint_auth_methods=["client_secret_jwt", "client_secret_basic"],
    )
    assert "FIELD_ENCRYPTION_KEYS" in browser.get(address).content.decode()

    secret = secret_in(browser.post(address, told))

    stored = Client.objects.get()
    assert stored.shared_secret() == secret
    assert stored.check_secret(service_client.raw_secret), "the one before has its overlap"
    assert Event.objects.filter(kind="client.secret_rotated").count() == 1
    for page in (browser.get(address), browser.post(address, told, follow=True)):
        assert secret not in page.content.decode()
    assert Client.objects.get().shared_secret() == secret, "kept, not made anew"
    assert all(secret not in str(event.details) for event in Event.objects.all())
