#!/bin/sh
# joserfc 1.8.0 refuses a token whose header has a member that it does not know.
#
# RFC 7515 §4: header parameters that are not understood must be ignored (unless ``crit`` names them).
# A registry with ``strict_check_header = False`` reads such a token.
#
# Seen:
#
#     as it is: UnsupportedHeaderError: unsupported_header: Unsupported {'made_by'} in header
#     not strict: {'sub': 'grace'}
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check 'joserfc==1.8.0'
cat >show.py <<'PYTHON'
from joserfc import jws, jwt
from joserfc.errors import UnsupportedHeaderError
from joserfc.jwk import ECKey

key = ECKey.generate_key("P-256")
lenient = jws.JWSRegistry()
lenient.strict_check_header = False
header = {"alg": "ES256", "made_by": "us"}
token = jwt.encode(header, {"sub": "grace"}, key, registry=lenient)

try:
    said = str(jwt.decode(token, key).claims)
except UnsupportedHeaderError as error:
    said = f"UnsupportedHeaderError: {error}"
print("as it is:", said)
assert said == "UnsupportedHeaderError: unsupported_header: Unsupported {'made_by'} in header"

said = jwt.decode(token, key, registry=lenient).claims
print("not strict:", said)
assert said == {"sub": "grace"}
PYTHON
env/bin/python show.py
