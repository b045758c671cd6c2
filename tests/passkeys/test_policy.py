"""What operators may ask of passkeys: a proven model, device-bound keys, not too many."""

from datetime import timedelta
from io import StringIO
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from fido2.webauthn import Aaguid

from passkeys import ceremonies, checks
from passkeys.models import AuthenticatorModel, Credential, MetadataBlob
from passkeys.verification import CeremonyRefused
from tests.passkeys import ceremony
from tests.passkeys.authenticator import SYNCED, Authenticator
from tests.passkeys.maker import AAGUID, NOW, Maker, Service, certificate, name, new_key

pytestmark = pytest.mark.django_db

FINGERPRINT = ":".join(["AB"] * 32)
KEY_HASH = "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s"
"""The same in base64url."""


@pytest.fixture(scope="module")
def maker():
    return Maker()


@pytest.fixture(scope="module")
def service():
    return Service()


@pytest.fixture
def alice(person):
    return person


@pytest.fixture
def import_mds(tmp_path, service):
    """Run the command on a blob of the service."""
    root = tmp_path / "root.pem"
    root.write_bytes(service.root.public_bytes(Encoding.PEM))

    def run(blob):
        file, said = tmp_path / "blob.jwt", StringIO()
        file.write_bytes(blob)
        call_command("import_mds", str(file), "--root", str(root), stdout=said)
        return said.getvalue()

    return run


@pytest.fixture
def direct(settings, import_mds, service, maker):
    """Only models of the metadata service are taken; it knows the maker's."""
    settings.OSTIARY_PASSKEYS = {"ATTESTATION": "direct"}
    import_mds(service.blob(maker.entry()))


def of_the_maker():
    return Authenticator(aaguid=AAGUID.bytes, transports=("usb",))


def refused(user, authenticator, **lies):
    with pytest.raises(CeremonyRefused) as refusal:
        ceremony.register(user, authenticator, **lies)
    assert not Credential.objects.exists()
    return refusal.value.code


def test_by_default_no_attestation_is_asked_for_and_none_is_looked_at(alice, maker):
    options = ceremonies.begin_registration(ceremony.browser(), alice)
    assert options["attestation"] == "none"

    for attest in (maker.attest(), lambda *_: ("packed", {"alg": -7, "sig": b"wrong"})):
        ceremony.register(alice, of_the_maker(), attest=attest)


def test_the_command_reads_a_blob_and_says_when_the_next_one_comes(import_mds, service, maker):
    said = import_mds(service.blob(maker.entry(), number=7))

    assert "Blob 7 is in use: 1 models" in said
    assert "2026-12-01" in said
    import_mds(service.blob(number=8))
    assert [blob.number for blob in MetadataBlob.objects.all()] == [8]
    assert not AuthenticatorModel.objects.exists()


def test_the_command_refuses_an_older_blob_and_a_forged_one(import_mds, service, maker):
    import_mds(service.blob(maker.entry(), number=7))

    with pytest.raises(CommandError, match="older"):
        import_mds(service.blob(number=6))
    with pytest.raises(CommandError, match="does not lead to a root"):
        import_mds(Service().blob(number=8))
    with pytest.raises(CommandError, match=r"nothing\.jwt"):
        call_command("import_mds", "nothing.jwt")
    assert AuthenticatorModel.objects.get().aaguid == AAGUID


def test_a_model_that_the_metadata_tells_of_is_taken_on_its_proof(alice, direct, maker):
    options = ceremonies.begin_registration(ceremony.browser(), alice)
    assert options["attestation"] == "direct"

    credential = ceremony.register(alice, of_the_maker(), attest=maker.attest())

    assert credential.aaguid == AAGUID


def test_no_proof_or_one_of_its_own_is_refused(alice, direct):
    authenticator = of_the_maker()

    assert refused(alice, authenticator) == "attestation"
    assert refused(alice, authenticator, attest=authenticator.self_attestation) == "attestation"


def test_a_proof_that_does_not_hold_is_refused(alice, direct, maker):
    def altered(**changed):
        def attest(auth_data, client_data_hash):
            fmt, statement = maker.attest()(auth_data, client_data_hash)
            return fmt, {**statement, **changed}

        return attest

    def of_other_data(auth_data, client_data_hash):
        return maker.attest()(auth_data, bytes(32))

    for attest in (
        of_other_data,
        altered(sig=b""),
        altered(sig=1),
        altered(alg=-257),
        altered(alg="x"),
        altered(x5c=[b"no certificate"]),
        altered(x5c="x"),
        altered(ecdaaKeyId=b"x"),
        lambda *_: ("packed", {}),
        lambda *_: ("packed", []),
        lambda *_: ("tpm", {"ver": "2.0"}),
    ):
        assert refused(alice, of_the_maker(), attest=attest) == "attestation"


@pytest.mark.parametrize("fmt", ["Packed", "fido-u2f", "android-safetynet", "apple", "", 1, []])
def test_a_format_that_proves_no_model_here_is_refused(alice, direct, maker, fmt):
    def attest(auth_data, client_data_hash):
        return fmt, maker.attest()(auth_data, client_data_hash)[1]

    assert refused(alice, of_the_maker(), attest=attest) == "attestation"


def test_a_chain_that_leads_to_another_root_is_refused(alice, direct):
    assert refused(alice, of_the_maker(), attest=Maker().attest()) == "attestation"


def test_a_certificate_that_is_over_or_of_another_model_is_refused(alice, direct, maker):
    over = maker.certify(AAGUID, until=NOW - timedelta(days=365))
    another = maker.certify(UUID(int=1))

    for leaf in (over, another):
        assert refused(alice, of_the_maker(), attest=maker.attest(leaf)) == "attestation"


def test_a_certificate_that_may_not_sign_others_is_no_link_of_the_chain(alice, direct, maker):
    below, between = new_key(), name("Between", "Authenticator Attestation")
    for may, outcome in ((True, "taken"), (False, "refused")):
        issuer = certificate(between, below, maker.root_name, maker.root_key, ca=may)
        leaf = certificate(name("Leaf", "Authenticator Attestation"), maker.key, between, below)
        if outcome == "refused":
            Credential.objects.all().delete()
            found = refused(alice, of_the_maker(), attest=maker.attest(leaf, issuer))
            assert found == "attestation"
        else:
            ceremony.register(alice, of_the_maker(), attest=maker.attest(leaf, issuer))


def test_a_model_that_the_metadata_does_not_tell_of_is_refused(alice, direct):
    other = Maker(UUID(int=5))
    authenticator = Authenticator(aaguid=Aaguid(other.aaguid.bytes))

    assert refused(alice, authenticator, attest=other.attest()) == "model"
    assert refused(alice, Authenticator(), attest=other.attest()) == "model"


@pytest.mark.parametrize("status", ["REVOKED", "USER_VERIFICATION_BYPASS"])
def test_a_compromised_model_is_refused(alice, direct, import_mds, service, maker, status):
    import_mds(service.blob(maker.entry("FIDO_CERTIFIED", status, "UPDATE_AVAILABLE"), number=8))

    assert refused(alice, of_the_maker(), attest=maker.attest()) == "model"


def test_only_models_of_the_allow_list_are_taken(alice, direct, settings, maker):
    settings.OSTIARY_PASSKEYS = {"ATTESTATION": "direct", "ALLOWED_AAGUIDS": [str(UUID(int=9))]}
    assert refused(alice, of_the_maker(), attest=maker.attest()) == "model"

    settings.OSTIARY_PASSKEYS = {"ATTESTATION": "direct", "ALLOWED_AAGUIDS": [str(AAGUID).upper()]}
    assert ceremony.register(alice, of_the_maker(), attest=maker.attest())


def test_without_metadata_direct_takes_nothing(alice, settings, maker):
    settings.OSTIARY_PASSKEYS = {"ATTESTATION": "direct"}

    assert refused(alice, of_the_maker(), attest=maker.attest()) == "model"


def test_people_of_some_groups_use_device_bound_passkeys_only(alice, settings):
    settings.OSTIARY_PASSKEYS = {"DEVICE_BOUND_GROUPS": ["operators"]}
    synced, bound = Authenticator(flags=SYNCED), Authenticator()
    ceremony.register(alice, synced)
    assert ceremony.sign_in(synced).user == alice
    assert ceremonies.begin_registration(ceremony.browser(), alice)["hints"] == []

    alice.groups.add(Group.objects.create(name="operators"))

    for use in (
        lambda: ceremony.sign_in(synced),
        lambda: ceremony.register(alice, Authenticator(flags=SYNCED)),
    ):
        with pytest.raises(CeremonyRefused, match="device_bound"):
            use()
    assert ceremonies.begin_registration(ceremony.browser(), alice)["hints"] == ["security-key"]
    ceremony.register(alice, bound)
    assert ceremony.sign_in(bound).amr == ("hwk", "user")


def test_nobody_has_more_passkeys_than_the_most(alice, other_person, settings):
    settings.OSTIARY_PASSKEYS = {"MAX_PER_PERSON": 2}
    ceremony.register(alice, Authenticator())
    ceremony.register(alice, Authenticator())

    with pytest.raises(CeremonyRefused, match="too_many"):
        ceremony.register(alice, Authenticator())
    assert ceremony.register(other_person, Authenticator())


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"ATTESTATION": "enterprise"}, "'enterprise'"),
        ({"ALLOWED_AAGUIDS": [str(AAGUID)]}, "without a proof"),
        ({"ATTESTATION": "direct", "ALLOWED_AAGUIDS": ["YubiKey"]}, "no AAGUID"),
        ({"MAX_PER_PERSON": 0}, "1 or more"),
        ({"SYNCED_COUNTER": "ignore"}, "'ignore'"),
        ({"ANDROID_APPS": {"app": [FINGERPRINT]}}, "no package"),
        ({"ANDROID_APPS": {"com.example.app": []}}, "no SHA-256 fingerprint"),
        ({"ANDROID_APPS": {"com.example.app": [FINGERPRINT[3:]]}}, "no SHA-256 fingerprint"),
        ({"ANDROID_APPS": {"com.example.app": [KEY_HASH]}}, "no SHA-256 fingerprint"),
        ({"APPLE_APPS": ["com.example.app"]}, "no application identifier"),
    ],
)
def test_a_setting_that_makes_no_sense_stops_the_start(settings, said, problem):
    settings.OSTIARY_PASSKEYS = said

    (found,) = checks.check_settings(None)

    assert problem in found.msg


@pytest.mark.parametrize(
    ("origin", "problem"),
    [
        (f"android:apk-key-hash:{KEY_HASH}=", "no Android application tells that"),
        (f"android:apk-key-hash:{KEY_HASH[:-1]}t", "no Android application tells that"),
        (f"android:apk-key-hash:{KEY_HASH[:-1]}", "no Android application tells that"),
        (f"android:apk-key-hash:{FINGERPRINT}", "no Android application tells that"),
        (f"android:apk-key-hash:{'ab' * 32}", "no Android application tells that"),
        ("android:apk-key-hash:", "no Android application tells that"),
        ("ios:bundle-id:com.example.app", "no origin"),
        ("", "no origin"),
        ("www.example.com", "no origin"),
        ("https://www.example.com/", "no origin"),
        ("https://alice@www.example.com", "no origin"),
        ("https://", "no origin"),
        ("https://www.example.com:443", "not how browsers write"),
        ("http://localhost:80", "not how browsers write"),
        ("https://WWW.example.com", "not how browsers write"),
        ("https://müller.example", "not how browsers write"),
        ("https://192.0.2.7", "an IP address"),
        ("https://[2001:db8::7]", "an IP address"),
        ("https://2130706433", "an IP address"),
        ("https://0x7f.1", "an IP address"),
        ("https://*.example.com", "a domain name"),
        ("https://www.example.com.", "a domain name"),
        ("http://www.example.com", "plain http"),
    ],
)
def test_an_origin_that_no_authenticator_tells_stops_the_start(settings, origin, problem):
    """keycloak #23155, fusionauth-issues #3576, java-webauthn-server #332."""
    settings.OSTIARY_PASSKEYS = {"ORIGINS": [origin]}

    (found,) = checks.check_settings(None)

    assert found.is_serious()
    assert problem in found.msg
    assert found.hint


@pytest.mark.parametrize(
    "origin",
    [
        "https://www.example.com",
        "https://www.example.com:8443",
        "http://localhost:9000",
        "http://app.localhost",
        "https://xn--mller-kva.example",
        f"android:apk-key-hash:{KEY_HASH}",
    ],
)
def test_an_origin_that_is_told_is_taken(settings, origin):
    settings.OSTIARY_PASSKEYS = {"ORIGINS": [origin]}

    assert checks.check_settings(None) == []


@pytest.mark.parametrize(
    ("issuer", "problem"),
    [
        ("https://id.example.com:443", "not how browsers write"),
        ("http://localhost:80", "not how browsers write"),
        ("https://192.0.2.7", "an IP address"),
        ("https://[2001:db8::7]:8443", "an IP address"),
        ("https://0x7f.1", "an IP address"),
        ("https://id.example.com.", "a domain name"),
    ],
)
def test_an_issuer_at_which_no_passkey_would_work_stops_the_start(settings, issuer, problem):
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": issuer}

    (found,) = checks.check_settings(None)

    assert found.is_serious()
    assert problem in found.msg


def test_at_a_loopback_address_the_site_can_be_tried_without_passkeys(settings):
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": "http://127.0.0.1:8000"}

    (found,) = checks.check_settings(None)

    assert not found.is_serious()
    assert "localhost" in found.hint


@pytest.mark.parametrize("issuer", ["https://id.example.com", "https://id.example.com:8443"])
def test_an_issuer_with_a_name_is_right(settings, issuer):
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": issuer}

    assert checks.check_settings(None) == []


def test_a_domain_that_everybody_shares_is_no_relying_party(settings):
    settings.OSTIARY = {**settings.OSTIARY, "ISSUER_URL": "https://id.example.com"}
    settings.OSTIARY_PASSKEYS = {"RP_ID": "com"}

    (found,) = checks.check_settings(None)

    assert "no browser takes it" in found.msg
