"""The blob of the FIDO Metadata Service, read from a file."""

from datetime import date, timedelta

import pytest
from cryptography import x509

from passkeys import metadata
from passkeys.metadata import BlobRefused
from tests.passkeys.maker import AAGUID, NOW, Maker, Service, der


@pytest.fixture(scope="module")
def service():
    return Service()


@pytest.fixture(scope="module")
def maker():
    return Maker()


def read(service, blob, roots=None, now=NOW):
    return metadata.read_blob(blob, roots or [service.root], now)


def test_a_signed_blob_tells_of_the_models_in_it(service, maker):
    of_u2f = {"attestationCertificateKeyIdentifiers": ["00"], "statusReports": []}
    blob = read(service, service.blob(maker.entry("FIDO_CERTIFIED", "REVOKED"), of_u2f))

    assert (blob.number, blob.next_update) == (7, date(2026, 12, 1))
    (model,) = blob.models
    assert model.aaguid == AAGUID
    assert model.description == "Maker Key"
    assert model.statuses == ("FIDO_CERTIFIED", "REVOKED")
    assert model.roots == (der(maker.root),)


def test_one_changed_byte_is_refused(service, maker):
    head, body, signature = service.blob(maker.entry()).split(b".")
    for changed in (
        head + b"." + body[:-2] + b"AA." + signature,
        head + b"." + body + b"." + signature[:-2] + b"AA",
        head + b"." + body + b".",
    ):
        with pytest.raises(BlobRefused, match="signature"):
            read(service, changed)


def test_a_chain_that_leads_elsewhere_is_refused(service, maker):
    with pytest.raises(BlobRefused, match="does not lead to a root"):
        read(service, Service().blob(maker.entry()))
    with pytest.raises(BlobRefused, match="does not lead to a root"):
        read(service, service.blob(maker.entry()), metadata.default_roots())


def test_a_certificate_of_another_name_or_out_of_its_time_is_refused(service, maker):
    elsewhere = service.certify("mds.fidoalliance.org.example.com")
    over = service.certify("mds.fidoalliance.org", until=NOW - timedelta(days=1))
    for leaf in (elsewhere, over):
        with pytest.raises(BlobRefused, match="does not lead to a root"):
            read(service, service.blob(maker.entry(), leaf=leaf))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES384", "", None, []])
def test_an_algorithm_that_is_not_the_keys_is_refused(service, maker, algorithm):
    with pytest.raises(BlobRefused, match="signature"):
        read(service, service.blob(maker.entry(), algorithm=algorithm))


@pytest.mark.parametrize(
    "blob",
    [b"", b"..", b"a.b.c", b"e30.e30.", b"bnVsbA.e30.e30", b"W10.W10.W10", b"\xff.\xff.\xff"],
)
def test_what_is_no_blob_is_refused(service, blob):
    with pytest.raises(BlobRefused, match="not a signed blob"):
        read(service, blob)


@pytest.mark.parametrize(
    "payload",
    [[], {}, {"no": 1, "nextUpdate": "soon", "entries": []}, {"no": 1, "nextUpdate": "2026-12-01"}],
)
def test_a_payload_that_is_none_is_refused(service, payload):
    with pytest.raises(BlobRefused, match="can't be read"):
        read(service, service.blob(payload=payload))


def test_the_roots_that_come_with_us_are_those_that_fido_names():
    named = [
        each.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        for each in (metadata.default_roots())
    ]

    assert [common.value for (common,) in named] == ["GlobalSign", "GlobalSign Root R46"]
