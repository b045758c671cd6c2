"""Connect this terminal, as a television or a printer would be: ``python -m examples.device``."""

import os
import sys

import segno

from .device import DeviceError, ask, begin, discover, wait

ISSUER_URL = os.environ.get("ISSUER_URL", "http://localhost:8000")
SCOPE = os.environ.get("SCOPE", "openid profile email")


def main() -> int:
    """Show the code, wait for the person, and greet them."""
    client = {"client_id": os.environ.get("CLIENT_ID", "demo-device")}
    if secret := os.environ.get("CLIENT_SECRET", ""):
        client["client_secret"] = secret
    try:
        provider = discover(ISSUER_URL)
        asked = begin(provider, client, SCOPE)
        print("Scan this with your phone:\n", flush=True)
        segno.make(asked.verification_uri_complete, micro=False, error="m").terminal(compact=True)
        print(f"\nor open {asked.verification_uri}\nand enter   {asked.user_code}\n", flush=True)
        tokens = wait(provider, client, asked)
        _, claims = ask(provider.userinfo_endpoint, token=tokens["access_token"])
    except (DeviceError, OSError, ValueError) as problem:
        print(f"That did not work: {problem}", file=sys.stderr)
        return 1
    print(f"Connected: hello, {claims.get('name') or claims['sub']}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
