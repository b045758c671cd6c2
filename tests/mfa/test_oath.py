"""One-time codes by the vectors of their specifications."""

import pytest

from mfa import oath

HOTP_KEY = b"12345678901234567890"
TOTP_KEYS = {
    "SHA1": HOTP_KEY,
    "SHA256": b"12345678901234567890123456789012",
    "SHA512": b"1234567890123456789012345678901234567890123456789012345678901234",
}


@pytest.mark.parametrize(
    ("counter", "code"),
    list(
        enumerate([755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489])
    ),
)
def test_hotp_vectors_of_rfc_4226_appendix_d(counter, code):
    assert oath.hotp(HOTP_KEY, counter) == str(code)


@pytest.mark.parametrize(
    ("seconds", "codes"),
    [
        (59, {"SHA1": "94287082", "SHA256": "46119246", "SHA512": "90693936"}),
        (1111111109, {"SHA1": "07081804", "SHA256": "68084774", "SHA512": "25091201"}),
        (1111111111, {"SHA1": "14050471", "SHA256": "67062674", "SHA512": "99943326"}),
        (1234567890, {"SHA1": "89005924", "SHA256": "91819424", "SHA512": "93441116"}),
        (2000000000, {"SHA1": "69279037", "SHA256": "90698825", "SHA512": "38618901"}),
        (20000000000, {"SHA1": "65353130", "SHA256": "77737706", "SHA512": "47863826"}),
    ],
)
def test_totp_vectors_of_rfc_6238_appendix_b(seconds, codes):
    made = {
        algorithm: oath.totp(key, seconds, digits=8, algorithm=algorithm)
        for algorithm, key in TOTP_KEYS.items()
    }
    assert made == codes


def test_every_code_is_compared_whichever_matches(monkeypatch):
    compared = []
    monkeypatch.setattr(
        oath.hmac, "compare_digest", lambda right, typed: compared.append(right) or right == typed
    )
    assert oath.matching_step(HOTP_KEY, "755224", range(3)) == 0
    assert oath.matching_step(HOTP_KEY, "000000", range(3)) is None
    assert len(compared) == 6
