"""Proof Key for Code Exchange (RFC 7636; SECURITY A3, H12)."""

import contextlib
import json
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError

from oauth import checks, pkce
from oauth.models import Client, Grant
from tests.oauth import flow
from tests.oauth.conftest import make_person
from tests.operators import desk_of

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_example_of_rfc_7636_appendix_b():
    assert pkce.challenge_of(VERIFIER) == CHALLENGE
    assert pkce.check_challenge(CHALLENGE, "S256") == CHALLENGE
    pkce.check_verifier(VERIFIER, CHALLENGE)


@pytest.mark.parametrize(
    "verifier",
    [
        None,
        "",
        CHALLENGE,  # what `plain` would compare
        VERIFIER[:-1],
        VERIFIER[:42],
        VERIFIER + "=",
        VERIFIER + "\n",
        VERIFIER.upper(),
        "a" * 129,
        "é" * 43,
        "a" * 42 + " ",
    ],
)
def test_any_other_verifier_is_refused(verifier):
    with pytest.raises(InvalidGrantError):
        pkce.check_verifier(verifier, CHALLENGE)


@pytest.mark.parametrize("verifier", [VERIFIER, CHALLENGE, "", None])
def test_a_verifier_where_no_challenge_was_sent_is_refused(verifier):
    """A code that has none would be good for nobody, were its client not let go without."""
    with pytest.raises(InvalidGrantError):
        pkce.check_verifier(verifier, "")


@pytest.mark.parametrize("verifier", ["a" * 43, "A0-._~" * 20, "~" * 128])
def test_verifiers_of_every_allowed_length_and_character_are_taken(verifier):
    pkce.check_verifier(verifier, pkce.challenge_of(verifier))


@given(st.one_of(st.none(), st.text()), st.one_of(st.none(), st.text()))
def test_whatever_is_sent_gets_the_errors_of_the_rfc(first, second):
    with contextlib.suppress(InvalidRequestError):
        assert pkce.check_challenge(first, second) == first
    with pytest.raises(InvalidGrantError):
        pkce.check_verifier(first, CHALLENGE)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["confidential", "public"])
@pytest.mark.parametrize("verifier", [None, "", "challenge", "another"])
def test_a_code_is_not_redeemed_without_its_verifier(
    signed_in_browser, confidential_client, public_client, kind, verifier
):
    client = confidential_client if kind == "confidential" else public_client
    code, right = flow.obtain_code(signed_in_browser, client)
    wrong = {"challenge": pkce.challenge_of(right), "another": flow.new_verifier()}

    refused = flow.redeem(client, code, right, code_verifier=wrong.get(verifier, verifier))

    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_grant"
    # A wrong guess costs the client nothing.
    assert flow.redeem(client, code, right).status_code == 200


# --- going without (RFC 9700 §2.1.1, OAuth 2.1 §7.5.1) --------------------------------------------

WITHOUT = {"code_challenge": None, "code_challenge_method": None}


@pytest.fixture
def exempt_client(confidential_client):
    """A client that an operator lets go without PKCE."""
    confidential_client.pkce_exempt = True
    confidential_client.full_clean()
    confidential_client.save()
    return confidential_client


def refusal(response):
    answer = flow.answer_of(response)
    return answer["error"], answer["error_description"]


def code_without(browser, client, **overrides):
    code, _ = flow.obtain_code(browser, client, **{**WITHOUT, **overrides})
    return code


@pytest.mark.django_db
def test_a_client_that_an_operator_lets_goes_without(signed_in_browser, exempt_client):
    code = code_without(signed_in_browser, exempt_client)

    answer = flow.redeem(exempt_client, code, "")

    assert answer.status_code == 200
    assert flow.said_by(answer.json()["id_token"])["nonce"] == "nonce-456"
    grant = Grant.objects.get()
    assert (grant.code_challenge, grant.code_challenge_method) == ("", "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "overrides", [{"nonce": None}, {"nonce": ""}, {"scope": "email"}, {"scope": "email openidx"}]
)
def test_only_with_the_openid_scope_and_a_nonce(signed_in_browser, exempt_client, overrides):
    answer = flow.authorize(signed_in_browser, exempt_client, **WITHOUT, **overrides)

    error, words = refusal(answer)
    assert error == "invalid_request"
    assert "openid and a nonce" in words
    pushed = flow.push(exempt_client, **WITHOUT, **overrides)
    assert pushed.json()["error"] == "invalid_request"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "overrides",
    [
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
    ],
)
def test_a_challenge_of_such_a_client_is_a_whole_one(signed_in_browser, exempt_client, overrides):
    answer = flow.authorize(signed_in_browser, exempt_client, **overrides)

    assert refusal(answer)[0] == "invalid_request"


@pytest.mark.django_db
def test_neither_can_be_played_for_the_other(signed_in_browser, exempt_client):
    """Downgrade: a code with a challenge needs its verifier, one without takes none."""
    without = code_without(signed_in_browser, exempt_client)
    with_one, verifier = flow.obtain_code(signed_in_browser, exempt_client)

    for code, shown in ((without, verifier), (without, "x"), (with_one, ""), (with_one, "x" * 43)):
        refused = flow.redeem(exempt_client, code, shown)
        assert refused.json()["error"] == "invalid_grant", (code, shown)

    assert flow.redeem(exempt_client, without, "").status_code == 200
    assert flow.redeem(exempt_client, with_one, verifier).status_code == 200


@pytest.mark.django_db
def test_a_code_without_pkce_needs_its_redirect_uri(signed_in_browser, exempt_client):
    code = code_without(signed_in_browser, exempt_client)

    for redirect_uri in (None, "https://rp.example/other"):
        refused = flow.redeem(exempt_client, code, "", redirect_uri=redirect_uri)
        assert refused.json()["error"] == "invalid_grant"
        assert "redirect_uri" in refused.json()["error_description"]

    assert flow.redeem(exempt_client, code, "").status_code == 200


@pytest.mark.django_db
def test_a_code_without_pkce_is_worth_nothing_once_the_client_needs_it(
    signed_in_browser, exempt_client
):
    code = code_without(signed_in_browser, exempt_client)
    Client.objects.update(pkce_exempt=False)

    assert flow.redeem(exempt_client, code, "").json()["error"] == "invalid_grant"


UNFIT = {
    "public": {"client_type": "public", "token_endpoint_auth_methods": []},
    "dynamically registered": {"registration_source": "dcr"},
    "by a document": {"registration_source": "cimd"},
    "a person's own": {"registration_source": "self_service"},
    "FAPI 2.0": {"metadata": {"security_profile": "fapi2"}},
}


@pytest.mark.django_db
@pytest.mark.parametrize("change", UNFIT.values(), ids=UNFIT)
def test_no_other_client_ever_goes_without(signed_in_browser, exempt_client, change):
    for name, value in change.items():
        setattr(exempt_client, name, value)
    with pytest.raises(ValidationError) as refused:
        exempt_client.full_clean()
    assert "pkce_exempt" in refused.value.message_dict

    assert not pkce.is_exempt(exempt_client)
    with pytest.raises(InvalidRequestError):
        pkce.challenge_of_request({}, exempt_client, ["openid"], "nonce")
    with pytest.raises(InvalidGrantError):
        pkce.check_redemption(None, "", exempt_client)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["client_type", "registration_source"])
def test_the_database_keeps_to_it(exempt_client, name):
    change = {name: {"client_type": "public", "registration_source": "dcr"}[name]}

    with pytest.raises(IntegrityError), transaction.atomic():
        Client.objects.filter(pk=exempt_client.pk).update(**change)


@pytest.mark.django_db
def test_the_settings_can_forbid_it_for_all(signed_in_browser, exempt_client, settings):
    code = code_without(signed_in_browser, exempt_client)
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "PKCE_EXEMPTIONS_ALLOWED": False}

    assert flow.redeem(exempt_client, code, "").json()["error"] == "invalid_grant"
    answer = flow.authorize(signed_in_browser, exempt_client, **WITHOUT)
    assert refusal(answer)[0] == "invalid_request"
    assert checks.check_pkce_exemptions(None, databases=["default"]) == []
    with pytest.raises(ValidationError):
        exempt_client.full_clean()


@pytest.mark.django_db
def test_a_check_lists_who_goes_without(exempt_client, public_client):
    [warning] = checks.check_pkce_exemptions(None, databases=["default"])

    assert exempt_client.client_id in warning.msg
    assert public_client.client_id not in warning.msg
    assert checks.check_pkce_exemptions(None, databases=None) == []
    exempt_client.pkce_exempt = False
    exempt_client.save()
    assert checks.check_pkce_exemptions(None, databases=["default"]) == []


@pytest.mark.django_db
def test_the_operator_reads_what_it_costs_and_the_log_keeps_who_did_it(exempt_client):
    desk = desk_of(make_person("op@example.com", is_staff=True, is_superuser=True))
    page = desk.get(f"/admin/ostiary_oauth/client/{exempt_client.pk}/change/").content.decode()

    assert "a stolen code" in page
    assert 'name="pkce_exempt"' in page


@pytest.mark.django_db
def test_a_client_that_registers_itself_is_not_heard_on_it(settings):
    settings.OSTIARY_OAUTH = {**settings.OSTIARY_OAUTH, "REGISTRATION": "open"}

    answer = Browser().post(
        "/oauth/register",
        {"redirect_uris": ["https://new.example/"], "pkce_exempt": True},
        content_type="application/json",
    )

    assert answer.status_code == 201
    assert Client.objects.get(client_id=answer.json()["client_id"]).pkce_exempt is False


@pytest.mark.django_db
def test_an_operator_registers_one_by_command():
    told = StringIO()
    call_command(
        *("createapplication", "confidential", "Old", "--without-pkce"),
        *("--grant-type", "authorization_code", "--redirect-uri", "https://old.example/"),
        "--json",
        stdout=told,
    )

    client = Client.objects.get(client_id=json.loads(told.getvalue())["client_id"])
    assert pkce.is_exempt(client)
