"""Each step of WebAuthn Level 3 §7.1, by an authenticator in software that lies in one part.

``docs/webauthn-conformance.md`` says which step each test is of.
"""

import json

import pytest
from django.contrib.auth.models import AnonymousUser
from fido2 import cbor
from fido2.cose import ES384, CoseKey
from fido2.utils import websafe_decode, websafe_encode

from passkeys import ceremonies
from passkeys.ceremonies import Purpose
from passkeys.models import Ceremony, Credential
from passkeys.verification import ALGORITHMS, CeremonyRefused
from tests.passkeys import ceremony
from tests.passkeys.authenticator import FLAG, PRESENT, SYNCED, VERIFIED, Authenticator
from tests.passkeys.ceremony import OTHER_SPELLINGS, without_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(person):
    return person


@pytest.fixture
def bob(other_person):
    return other_person


@pytest.fixture
def authenticator():
    return Authenticator()


def refused(user, authenticator, request=None, **lies):
    """The code with which the answer is refused; nothing is kept of it."""
    before = Credential.objects.count()
    with pytest.raises(CeremonyRefused) as refusal:
        ceremony.register(user, authenticator, request, **lies)
    assert Credential.objects.count() == before
    return refusal.value.code


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_that_is_offered_makes_a_passkey_that_signs_in(alice, algorithm):
    authenticator = Authenticator(algorithm=algorithm)

    credential = ceremony.register(alice, authenticator)

    assert algorithm == CoseKey.parse(cbor.decode(bytes(credential.public_key))).ALGORITHM
    assert ceremony.sign_in(authenticator).user == alice


def test_the_options_say_what_is_wanted_and_nothing_of_who_the_person_is(alice, authenticator):
    ceremony.register(alice, authenticator)
    options = ceremonies.begin_registration(ceremony.browser(), alice)

    assert [each["alg"] for each in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert len(websafe_decode(options["challenge"])) == 32
    handle = websafe_decode(options["user"]["id"])
    assert len(handle) == 64
    assert alice.get_username().encode() not in handle
    assert [each["id"] for each in options["excludeCredentials"]] == [authenticator.id]
    json.dumps(options)


@pytest.mark.parametrize("kind", ["webauthn.get", "webauthn.Create", "", None, 1, ["x"], {}])
def test_another_type_of_client_data_is_refused(alice, authenticator, kind):
    assert refused(alice, authenticator, client={"type": kind}) in {"type", "malformed"}


def test_client_data_that_begins_with_a_byte_order_mark_is_refused(alice, authenticator):
    request = ceremony.browser()
    options = ceremonies.begin_registration(request, alice)
    told = {"type": "webauthn.create", "origin": authenticator.origin}
    text = json.dumps({**told, "challenge": options["challenge"]}).encode()
    answer = authenticator.create(options, client_data=b"\xef\xbb\xbf" + text)

    with pytest.raises(CeremonyRefused, match="malformed"):
        ceremonies.finish_registration(request, alice, answer)


def test_another_challenge_is_refused(alice, authenticator):
    for challenge in (websafe_encode(bytes(32)), "", "A", "ä", 5, None):
        assert refused(alice, authenticator, client={"challenge": challenge}) in {
            "expired",
            "malformed",
        }


def test_a_challenge_is_taken_once(alice, authenticator):
    request = ceremony.browser()
    options = ceremonies.begin_registration(request, alice)
    ceremonies.finish_registration(request, alice, authenticator.create(options))

    with pytest.raises(CeremonyRefused, match="expired"):
        ceremonies.finish_registration(request, alice, Authenticator().create(options))


def test_a_wrong_answer_uses_the_challenge_up(alice, authenticator):
    request = ceremony.browser()
    options = ceremonies.begin_registration(request, alice)
    wrong = authenticator.create(options, rp_id="example.com")
    with pytest.raises(CeremonyRefused, match="rp_id"):
        ceremonies.finish_registration(request, alice, wrong)

    with pytest.raises(CeremonyRefused, match="expired"):
        ceremonies.finish_registration(request, alice, authenticator.create(options))


def test_a_challenge_ends_after_five_minutes(alice, authenticator):
    request = ceremony.browser()
    options = ceremonies.begin_registration(request, alice)
    (waiting,) = Ceremony.objects.all()
    assert options["timeout"] == 300_000
    waiting.expires_at -= ceremonies.LIFETIME
    waiting.save()

    with pytest.raises(CeremonyRefused, match="expired"):
        ceremonies.finish_registration(request, alice, authenticator.create(options))


def test_an_answer_from_another_browser_is_refused(alice, authenticator):
    options = ceremonies.begin_registration(ceremony.browser(), alice)
    elsewhere = ceremony.browser()
    ceremonies.begin_registration(elsewhere, alice)

    for request in (elsewhere, ceremony.browser()):
        with pytest.raises(CeremonyRefused, match="expired"):
            ceremonies.finish_registration(request, alice, authenticator.create(options))


def test_an_answer_after_sign_out_is_refused(alice, authenticator):
    request = ceremony.browser()
    options = ceremonies.begin_registration(request, alice)
    request.session.flush()
    request.user = AnonymousUser()
    ceremonies.begin_registration(request, alice)

    with pytest.raises(CeremonyRefused, match="expired"):
        ceremonies.finish_registration(request, alice, authenticator.create(options))


def test_a_challenge_for_another_person_or_purpose_is_refused(alice, bob, authenticator):
    request = ceremony.browser()
    for options in (
        ceremonies.begin_registration(request, bob),
        {
            **ceremonies.begin_registration(request, alice),
            "challenge": ceremonies.begin_authentication(request, alice, Purpose.STEP_UP)[
                "challenge"
            ],
        },
    ):
        with pytest.raises(CeremonyRefused, match="expired"):
            ceremonies.finish_registration(request, alice, authenticator.create(options))


@pytest.mark.parametrize(
    "origin",
    [
        "https://localhost:8000",  # another scheme
        "http://localhost",  # another port
        "http://localhost:8000/",
        "http://LOCALHOST:8000",
        "http://id.localhost:8000",  # a sub-domain
        "http://localhost.example.com:8000",
        "http://1ocalhost:8000",  # a look-alike
        "http://lоcalhost:8000",  # with a Cyrillic letter
        "http://localhost:8000@example.com",
        "null",
        "",
        None,
        1,
        ["http://localhost:8000"],
        {},
    ],
)
def test_another_origin_is_refused(alice, authenticator, origin):
    assert refused(alice, authenticator, client={"origin": origin}) in {"origin", "malformed"}


def test_a_frame_of_another_site_is_refused(alice, authenticator):
    assert refused(alice, authenticator, client={"crossOrigin": True}) == "origin"
    for top in ("https://example.com", authenticator.origin, ""):
        assert refused(alice, authenticator, client={"topOrigin": top}) == "origin"


def test_an_attestation_object_that_is_none_is_refused(alice, authenticator):
    for wrong in (b"", b"\xa0", b"\x80", cbor.encode({"fmt": "none"}), b"\xbf\xff", b"\x9b" * 9):
        assert refused(alice, authenticator, attestation_object=wrong) == "malformed"


@pytest.mark.parametrize("rp_id", ["example.com", "id.localhost", "local", "localhost:8000", ""])
def test_another_rp_id_is_refused(alice, authenticator, rp_id):
    assert refused(alice, authenticator, rp_id=rp_id) == "rp_id"


def test_nobody_present_is_refused(alice, authenticator):
    assert refused(alice, authenticator, flags=FLAG.UV) == "user_presence"


def test_a_user_who_was_not_verified_is_refused(alice, authenticator):
    assert refused(alice, authenticator, flags=PRESENT) == "user_verification"


def test_a_user_who_was_not_verified_is_taken_where_it_is_only_preferred(
    alice, authenticator, settings
):
    settings.OSTIARY_PASSKEYS = {"USER_VERIFICATION": "preferred"}

    credential = ceremony.register(alice, authenticator, flags=PRESENT)

    assert not credential.user_verified


def test_a_key_that_is_backed_up_and_may_not_be_is_refused(alice, authenticator):
    assert refused(alice, authenticator, flags=VERIFIED | FLAG.BS) == "backup_state"


@pytest.mark.parametrize(
    ("flags", "eligible", "backed_up"),
    [(VERIFIED, False, False), (VERIFIED | FLAG.BE, True, False), (SYNCED, True, True)],
)
def test_the_backup_flags_are_kept(alice, authenticator, flags, eligible, backed_up):
    credential = ceremony.register(alice, authenticator, flags=flags)

    assert (credential.backup_eligible, credential.backed_up) == (eligible, backed_up)


def test_an_algorithm_that_was_not_offered_is_refused(alice, authenticator):
    assert ES384.ALGORITHM not in ALGORITHMS
    for algorithm in (ES384.ALGORITHM, -37, -47, -65535, 0, 7, "-7"):
        key = {**authenticator.cose_key, 3: algorithm}
        assert refused(alice, authenticator, public_key=key) in {"algorithm", "malformed"}


@pytest.mark.parametrize(
    "wrong",
    [
        {-1: 2},  # a curve of another algorithm
        {-2: bytes(32)},  # not on the curve
        {-2: b""},
        {-2: "x"},
        {-3: b"\xff" * 1000},
        {1: 3},  # a key type of another algorithm
    ],
)
def test_a_key_that_could_never_verify_is_refused(alice, authenticator, wrong):
    key = {**authenticator.cose_key, **wrong}

    assert refused(alice, authenticator, public_key=key) == "algorithm"


def test_a_key_without_its_parts_is_refused(alice, authenticator):
    for key in ({}, {3: -7}, {1: 2, 3: -7, -1: 1}):
        assert refused(alice, authenticator, public_key=key) in {"algorithm", "malformed"}


@pytest.mark.parametrize("length", [0, 1024, 65535])
def test_a_credential_id_of_no_length_or_above_1023_bytes_is_refused(alice, length):
    assert refused(alice, Authenticator(credential_id=b"x" * length)) == "malformed"


def test_a_credential_id_of_1023_bytes_is_taken(alice):
    authenticator = Authenticator(credential_id=b"x" * 1023)

    ceremony.register(alice, authenticator)

    assert ceremony.sign_in(authenticator).user == alice


def test_the_id_beside_the_answer_must_be_that_in_it(alice, authenticator):
    other = websafe_encode(bytes(32))
    assert refused(alice, authenticator, rawId=other, id=other) == "malformed"
    assert refused(alice, authenticator, id=other) == "malformed"


def test_a_credential_of_the_same_or_another_person_is_refused_alike(alice, bob, authenticator):
    ceremony.register(alice, authenticator)

    # Another key under the same id: whoever knows the id does not need the authenticator.
    again = Authenticator(credential_id=authenticator.credential_id)
    assert refused(alice, again) == refused(bob, again) == "already_registered"
    assert ceremony.sign_in(authenticator).user == alice


def test_what_the_record_keeps_is_what_the_authenticator_said(alice):
    authenticator = Authenticator(
        aaguid=b"\x01" * 16, counter=41, transports=("usb", "nfc", "warp")
    )

    credential = ceremony.register(alice, authenticator, flags=SYNCED)

    assert bytes(credential.credential_id) == authenticator.credential_id
    assert cbor.decode(bytes(credential.public_key)) == authenticator.cose_key
    assert credential.sign_count == 41
    assert credential.transports == ["nfc", "usb"]
    assert credential.aaguid.bytes == authenticator.aaguid
    assert credential.user_verified


@pytest.mark.parametrize("transports", [None, "usb", [1, None, {}], {"usb": 1}, ["x" * 5000]])
def test_transports_that_are_none_are_left_out(alice, authenticator, transports):
    authenticator.transports = ()
    request = ceremony.browser()
    answer = authenticator.create(ceremonies.begin_registration(request, alice))
    answer["response"]["transports"] = transports

    assert ceremonies.finish_registration(request, alice, answer).transports == []


@pytest.mark.parametrize("edit", OTHER_SPELLINGS, ids=lambda edit: edit.__name__)
def test_an_answer_that_is_spelled_otherwise_makes_a_passkey(alice, authenticator, edit):
    request = ceremony.browser()
    options = ceremonies.begin_registration(request, alice)

    ceremonies.finish_registration(request, alice, edit(authenticator.create(options)))

    assert ceremony.sign_in(authenticator).user == alice


def test_a_refusal_tells_which_passkey_was_made_for_nothing(alice, bob, authenticator):
    def told(user, authenticator, edit=lambda answer: answer, **lies):
        request = ceremony.browser()
        answer = authenticator.create(ceremonies.begin_registration(request, user), **lies)
        with pytest.raises(CeremonyRefused) as refusal:
            ceremonies.finish_registration(request, user, edit(answer))
        return refusal.value.unknown_id

    assert told(alice, authenticator, flags=0) == authenticator.id
    assert told(alice, authenticator, client={"challenge": websafe_encode(b"x")}) == (
        authenticator.id
    )
    assert told(alice, authenticator, without_id, attestation_object=b"x") == authenticator.id
    assert told(alice, authenticator, lambda answer: {"rawId": answer["rawId"]}) == authenticator.id
    for nothing in (None, [], {}, {"id": 1}, {"id": "ä"}, {"id": "x" * 5000}, {"rawId": "<b>"}):
        assert told(alice, authenticator, lambda answer, nothing=nothing: nothing) == ""

    # One that is somebody's is not to be forgotten.
    ceremony.register(alice, authenticator)
    assert told(alice, authenticator) == told(bob, authenticator) == ""


def test_extensions_that_nobody_asked_for_are_ignored(alice, authenticator):
    credential = ceremony.register(
        alice,
        authenticator,
        extensions={"credProtect": 2, "warp": [1, 2]},
        clientExtensionResults={"credProps": {"rk": True}, "appid": True, "warp": {}},
    )

    assert credential.user == alice


def test_authenticator_data_that_goes_on_or_breaks_off_is_refused(alice, authenticator):
    for wrong in (b"", bytes(36), bytes(37), bytes(500)):
        assert refused(alice, authenticator, auth_data=wrong) in {"malformed", "rp_id"}
