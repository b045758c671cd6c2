"""Each step of WebAuthn Level 3 §7.2, by an authenticator in software that lies in one part.

``docs/webauthn-conformance.md`` says which step each test is of.
"""

import json

import pytest
from django.contrib.auth.models import AnonymousUser
from fido2.utils import websafe_decode, websafe_encode

from ostiary import events
from passkeys import ceremonies
from passkeys.ceremonies import Purpose
from passkeys.models import Ceremony, Credential
from passkeys.verification import CeremonyRefused
from tests.passkeys import ceremony
from tests.passkeys.authenticator import FLAG, PRESENT, SYNCED, VERIFIED, Authenticator
from tests.passkeys.ceremony import OTHER_SPELLINGS

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(person):
    return person


@pytest.fixture
def bob(other_person):
    return other_person


@pytest.fixture
def passkey(alice):
    """Alice's, of the kind that is synced and doesn't count."""
    authenticator = Authenticator(flags=SYNCED)
    ceremony.register(alice, authenticator)
    return authenticator


@pytest.fixture
def counting(alice):
    """Alice's, on a security key that counts; the next count that it tells is 6."""
    authenticator = Authenticator(counter=5, transports=("usb",))
    ceremony.register(alice, authenticator)
    return authenticator


def refused(authenticator, request=None, **lies):
    """The code with which the answer is refused; the record stays as it was."""
    before = list(Credential.objects.order_by("pk").values())
    with pytest.raises(CeremonyRefused) as refusal:
        ceremony.sign_in(authenticator, request, **lies)
    assert list(Credential.objects.order_by("pk").values()) == before
    return refusal.value.code


def test_a_synced_and_a_device_bound_passkey_say_what_they_are(passkey, counting):
    assert ceremony.sign_in(passkey).amr == ("swk", "user")
    assert ceremony.sign_in(counting).amr == ("hwk", "user")


def test_the_options_to_sign_in_name_nobodys_credentials(passkey):
    options = ceremonies.begin_authentication(ceremony.browser(), None, Purpose.SIGN_IN)

    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"
    assert len(websafe_decode(options["challenge"])) == 32
    json.dumps(options)


def test_of_a_known_person_only_a_credential_of_theirs_is_taken(alice, bob, passkey):
    theirs = Authenticator()
    ceremony.register(bob, theirs)
    request = ceremony.browser()

    def step_up(authenticator, **lies):
        options = ceremonies.begin_authentication(request, alice, Purpose.STEP_UP)
        assert [each["id"] for each in options["allowCredentials"]] == [passkey.id]
        answer = authenticator.get(options, **lies)
        return ceremonies.finish_authentication(request, answer, Purpose.STEP_UP, alice)

    assert step_up(passkey, user_handle=None).user == alice
    for lies in ({}, {"user_handle": None}, {"user_handle": passkey.user_handle}):
        with pytest.raises(CeremonyRefused, match="unknown_credential"):
            step_up(theirs, **lies)
    with pytest.raises(CeremonyRefused, match="unknown_credential"):
        step_up(passkey, user_handle=theirs.user_handle)


def test_without_a_user_handle_a_passkey_does_not_say_who_someone_is(passkey):
    assert refused(passkey, user_handle=None) == "unknown_credential"


def test_an_empty_user_handle_is_none(alice, passkey):
    """As Safari and some security keys write it, where they were told whose passkey to use."""
    request = ceremony.browser()

    for edit in (lambda told: "", lambda told: None):
        options = ceremonies.begin_authentication(request, alice, Purpose.SECOND_STEP)
        answer = passkey.get(options)
        answer["response"]["userHandle"] = edit(answer)
        shown = ceremonies.finish_authentication(request, answer, Purpose.SECOND_STEP, alice)
        assert shown.user == alice
    assert refused(passkey, user_handle=b"") == "unknown_credential"


@pytest.mark.parametrize("edit", OTHER_SPELLINGS, ids=lambda edit: edit.__name__)
def test_an_answer_that_is_spelled_otherwise_is_taken(alice, passkey, edit):
    request = ceremony.browser()
    options = ceremonies.begin_authentication(request, None, Purpose.SIGN_IN)

    answer = edit(passkey.get(options))

    assert ceremonies.finish_authentication(request, answer, Purpose.SIGN_IN).user == alice


def test_an_unknown_credential_and_the_wrong_person_are_refused_alike(bob, passkey):
    stranger = Authenticator(user_handle=bytes(64))
    theirs = Authenticator()
    ceremony.register(bob, theirs)

    assert refused(stranger) == "unknown_credential"
    assert refused(passkey, user_handle=theirs.user_handle) == "unknown_credential"
    assert refused(passkey, user_handle=b"") == "unknown_credential"
    assert refused(passkey, user_handle=b"x" * 5000) == "unknown_credential"


def test_the_raw_id_decides_and_must_be_the_id(passkey):
    other = websafe_encode(bytes(32))
    assert refused(passkey, id=other) == "malformed"
    assert refused(passkey, id=other, rawId=other) == "unknown_credential"


@pytest.mark.parametrize("kind", ["webauthn.create", "payment.get", "", None, 1, ["x"], {}])
def test_another_type_of_client_data_is_refused(passkey, kind):
    assert refused(passkey, client={"type": kind}) in {"type", "malformed"}


def test_client_data_that_is_no_json_object_in_utf_8_is_refused(passkey):
    for wrong in (b"\xff", b"[]", b"null", b"1", b'"x"', b"{", b"", b"[" * 100_000):
        assert refused(passkey, client_data=wrong or b" ") == "malformed"


def test_another_challenge_is_refused(passkey):
    for challenge in (websafe_encode(bytes(32)), "", "A", "ä", 5, None):
        assert refused(passkey, client={"challenge": challenge}) in {"expired", "malformed"}


def test_a_replayed_answer_is_refused(passkey):
    request = ceremony.browser()
    options = ceremonies.begin_authentication(request, None, Purpose.SIGN_IN)
    answer = passkey.get(options)
    ceremonies.finish_authentication(request, answer, Purpose.SIGN_IN)

    for _ in range(2):
        with pytest.raises(CeremonyRefused, match="expired"):
            ceremonies.finish_authentication(request, answer, Purpose.SIGN_IN)


def test_a_wrong_answer_uses_the_challenge_up(passkey):
    request = ceremony.browser()
    options = ceremonies.begin_authentication(request, None, Purpose.SIGN_IN)
    wrong = passkey.get(options, signature=b"wrong")
    with pytest.raises(CeremonyRefused, match="signature"):
        ceremonies.finish_authentication(request, wrong, Purpose.SIGN_IN)

    with pytest.raises(CeremonyRefused, match="expired"):
        ceremonies.finish_authentication(request, passkey.get(options), Purpose.SIGN_IN)


def test_a_challenge_ends_after_five_minutes(passkey):
    request = ceremony.browser()
    options = ceremonies.begin_authentication(request, None, Purpose.SIGN_IN)
    (waiting,) = Ceremony.objects.all()
    waiting.expires_at -= ceremonies.LIFETIME
    waiting.save()

    with pytest.raises(CeremonyRefused, match="expired"):
        ceremonies.finish_authentication(request, passkey.get(options), Purpose.SIGN_IN)


def test_an_answer_from_another_browser_is_refused(passkey):
    options = ceremonies.begin_authentication(ceremony.browser(), None, Purpose.SIGN_IN)
    elsewhere = ceremony.browser()
    ceremonies.begin_authentication(elsewhere, None, Purpose.SIGN_IN)

    for request in (elsewhere, ceremony.browser()):
        with pytest.raises(CeremonyRefused, match="expired"):
            ceremonies.finish_authentication(request, passkey.get(options), Purpose.SIGN_IN)


def test_an_answer_after_sign_out_is_refused(alice, passkey):
    request = ceremony.browser()
    options = ceremonies.begin_authentication(request, alice, Purpose.STEP_UP)
    request.session.flush()
    request.user = AnonymousUser()
    ceremonies.begin_authentication(request, alice, Purpose.STEP_UP)

    with pytest.raises(CeremonyRefused, match="expired"):
        ceremonies.finish_authentication(request, passkey.get(options), Purpose.STEP_UP, user=alice)


@pytest.mark.parametrize("asked", Purpose)
@pytest.mark.parametrize("answered", [Purpose.SIGN_IN, Purpose.SECOND_STEP, Purpose.STEP_UP])
def test_a_challenge_is_good_for_its_purpose_alone(alice, passkey, asked, answered):
    request = ceremony.browser()
    options = ceremonies.begin_authentication(request, alice, asked)
    answer = passkey.get(options)

    if asked is answered:
        assert ceremonies.finish_authentication(request, answer, answered, alice).user == alice
    else:
        with pytest.raises(CeremonyRefused, match="expired"):
            ceremonies.finish_authentication(request, answer, answered, alice)


def test_a_challenge_for_a_known_person_is_not_one_for_anybody(alice, bob, passkey):
    request = ceremony.browser()
    for asked, answered in ((alice, None), (alice, bob), (None, alice)):
        options = ceremonies.begin_authentication(request, asked, Purpose.SIGN_IN)
        with pytest.raises(CeremonyRefused, match="expired"):
            ceremonies.finish_authentication(
                request, passkey.get(options), Purpose.SIGN_IN, user=answered
            )


@pytest.mark.parametrize(
    "origin",
    [
        "https://localhost:8000",  # another scheme
        "http://localhost",  # another port
        "http://localhost:8000/",
        "http://id.localhost:8000",  # a sub-domain
        "http://localhost.example.com:8000",
        "http://lоcalhost:8000",  # with a Cyrillic letter
        "null",
        None,
        ["http://localhost:8000"],
    ],
)
def test_another_origin_is_refused(passkey, origin):
    assert refused(passkey, client={"origin": origin}) in {"origin", "malformed"}


def test_http_is_refused_where_the_site_is_https(passkey, settings):
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": "https://localhost:8000"}

    assert refused(passkey) == "origin"


def test_a_further_origin_is_taken_where_the_operator_says_so(alice, passkey, settings):
    passkey.origin = "https://www.example.com"
    assert refused(passkey) == "origin"
    settings.OSTIARY_PASSKEYS = {"ORIGINS": ["https://www.example.com"]}

    assert ceremony.sign_in(passkey).user == alice


def test_a_frame_of_another_site_is_refused(passkey):
    assert refused(passkey, client={"crossOrigin": True}) == "origin"
    for top in ("https://example.com", passkey.origin, ""):
        assert refused(passkey, client={"topOrigin": top}) == "origin"


@pytest.mark.parametrize("rp_id", ["example.com", "id.localhost", "local", "localhost:8000", ""])
def test_another_rp_id_is_refused(passkey, rp_id):
    assert refused(passkey, rp_id=rp_id) == "rp_id"


def test_nobody_present_is_refused(passkey):
    assert refused(passkey, flags=SYNCED & ~FLAG.UP) == "user_presence"


def test_a_user_who_was_not_verified_is_refused(passkey, settings):
    assert refused(passkey, flags=SYNCED & ~FLAG.UV) == "user_verification"
    # Alone a passkey is two factors only if it verified its user, whatever the site prefers.
    settings.OSTIARY_PASSKEYS = {"USER_VERIFICATION": "preferred"}
    assert refused(passkey, flags=SYNCED & ~FLAG.UV) == "user_verification"


def test_as_a_second_step_presence_is_enough_where_the_site_says_so(alice, settings):
    settings.OSTIARY_PASSKEYS = {"USER_VERIFICATION": "preferred"}
    authenticator = Authenticator(flags=PRESENT)
    ceremony.register(alice, authenticator)
    request = ceremony.browser()
    options = ceremonies.begin_authentication(request, alice, Purpose.SECOND_STEP)

    shown = ceremonies.finish_authentication(
        request, authenticator.get(options), Purpose.SECOND_STEP, alice
    )

    assert shown.amr == ("hwk",)


def test_a_key_that_is_backed_up_and_may_not_be_is_refused(passkey):
    assert refused(passkey, flags=VERIFIED | FLAG.BS) == "backup_state"


def test_a_changed_backup_eligibility_is_refused(passkey, counting):
    assert refused(passkey, flags=VERIFIED) == "backup_eligibility"
    assert refused(counting, flags=VERIFIED | FLAG.BE) == "backup_eligibility"


def test_a_changed_backup_state_is_kept(alice, passkey):
    ceremony.sign_in(passkey, flags=VERIFIED | FLAG.BE)
    assert not Credential.objects.get().backed_up
    ceremony.sign_in(passkey)

    assert Credential.objects.get().backed_up


def test_another_signature_is_refused(passkey):
    for signature in (b"", b"wrong", b"\x30" + bytes(70), b"x" * 5000):
        assert refused(passkey, signature=signature) == "signature"
    other_key = Authenticator(
        credential_id=passkey.credential_id, user_handle=passkey.user_handle, flags=SYNCED
    )
    assert refused(other_key) == "signature"


def test_a_signature_of_another_answer_is_refused(passkey):
    request = ceremony.browser()
    earlier = passkey.get(ceremonies.begin_authentication(request, None, Purpose.SIGN_IN))
    signature = websafe_decode(earlier["response"]["signature"])

    assert refused(passkey, request, signature=signature) == "signature"


def test_a_counter_that_does_not_go_up_is_refused_as_a_clone(counting):
    ceremony.sign_in(counting, counter=9)

    for told in (9, 8, 1, 0):
        assert refused(counting, counter=told) == "counter"
    assert ceremony.sign_in(counting, counter=10).credential.sign_count == 10


def test_a_passkey_that_never_counts_is_no_clone(alice, passkey):
    for _ in range(3):
        assert ceremony.sign_in(passkey).user == alice


def test_a_counter_that_begins_later_is_taken(alice):
    bound = Authenticator()
    ceremony.register(alice, bound)
    assert ceremony.sign_in(bound, counter=2**32 - 1).credential.sign_count == 2**32 - 1
    assert refused(bound, counter=0) == "counter"


def test_a_synced_passkey_whose_counter_does_not_go_up_is_let_in_and_noted(alice, passkey):
    """WebAuthn Level 3 §7.2 step 22 (exactly/exa #1037, python-fido2 #261)."""
    ceremony.sign_in(passkey, counter=5)
    noted = events.of(alice).filter(kind="passkey.counter_stood_still")
    assert not noted.exists()

    for times, told in enumerate((5, 3, 0), start=1):
        shown = ceremony.sign_in(passkey, counter=told)
        assert shown.user == alice
        assert shown.credential.sign_count == 5
        assert Credential.objects.get().sign_count == 5  # so a later count is seen for what it is
        assert Credential.objects.get().last_used_at is not None
        assert noted.count() == times

    assert ceremony.sign_in(passkey, counter=6).credential.sign_count == 6
    assert noted.count() == 3


def test_a_site_may_refuse_a_synced_passkey_whose_counter_does_not_go_up(passkey, settings):
    settings.OSTIARY_PASSKEYS = {"SYNCED_COUNTER": "refuse"}
    ceremony.sign_in(passkey, counter=5)

    for told in (5, 3, 0):
        assert refused(passkey, counter=told) == "counter"


def test_extensions_that_nobody_asked_for_are_ignored(alice, passkey):
    signed_in = ceremony.sign_in(
        passkey,
        extensions={"warp": [1, 2]},
        clientExtensionResults={"appid": True, "prf": {"enabled": True}},
    )

    assert signed_in.user == alice


def test_the_record_is_brought_up_to_date(alice, settings):
    settings.OSTIARY_PASSKEYS = {"USER_VERIFICATION": "preferred"}
    authenticator = Authenticator(flags=PRESENT, counter=1)
    ceremony.register(alice, authenticator)

    ceremony.sign_in(authenticator, flags=VERIFIED, counter=3)

    credential = Credential.objects.get()
    assert credential.sign_count == 3
    assert credential.user_verified
    assert credential.last_used_at is not None


def test_authenticator_data_that_goes_on_or_breaks_off_is_refused(passkey):
    for wrong in (b"", bytes(36), bytes(38), bytes(500)):
        assert refused(passkey, auth_data=wrong or b" ") == "malformed"
