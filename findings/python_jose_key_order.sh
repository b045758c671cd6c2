#!/bin/sh
# python-jose 3.5.0 given a whole JWK Set tries its keys in their order, not the one that ``kid``
# names, and a key of another type ends the search with an error.
#
# RFC 7517 §4.5 and §5: ``kid`` is there to choose a key, and an implementation should ignore keys of
# types that it can't use. So a provider that publishes an EC key before its RSA key can't be read
# by ``jwt.decode(token, jwks, …)``. Picking the key by ``kid`` first works.
#
# Seen:
#
#     EC key first: JWKError: Incorrect key type. Expected: 'RSA', Received: EC
#     RSA key first: {'sub': 'grace'}
#     the key that kid names: {'sub': 'grace'}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check 'python-jose[cryptography]==3.5.0'
cat >show.py <<'PYTHON'
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwk, jwt
from jose.exceptions import JWKError

private = rsa.generate_private_key(65537, 2048)
other = ec.generate_private_key(ec.SECP256R1())
first = {**jwk.construct(other.public_key(), "ES256").to_dict(), "kid": "ec"}
second = {**jwk.construct(private.public_key(), "RS256").to_dict(), "kid": "rsa"}
signer = jwk.construct(private, "RS256").to_dict()
token = jwt.encode({"sub": "grace"}, signer, algorithm="RS256", headers={"kid": "rsa"})

try:
    said = str(jwt.decode(token, {"keys": [first, second]}, algorithms=["RS256"]))
except JWKError as error:
    said = f"JWKError: {error}"
print("EC key first:", said)
assert said == "JWKError: Incorrect key type. Expected: 'RSA', Received: EC"

said = jwt.decode(token, {"keys": [second, first]}, algorithms=["RS256"])
print("RSA key first:", said)
assert said == {"sub": "grace"}

kid = jwt.get_unverified_header(token)["kid"]
[named] = [key for key in (first, second) if key["kid"] == kid]
said = jwt.decode(token, named, algorithms=["RS256"])
print("the key that kid names:", said)
assert said == {"sub": "grace"}
PYTHON
env/bin/python show.py
