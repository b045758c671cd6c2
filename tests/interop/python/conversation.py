"""How a client in these tests talks with its test: in lines of JSON. It is told what it must know
by its first argument, asks for what only others can do, and says at the end what it has learned."""

import json
import sys
from typing import Any

told: dict[str, Any] = json.loads(sys.argv[1])


def ask(**wish: Any) -> str:
    """Ask the test for one thing, such as ``go_to=address``; its answer."""
    print(json.dumps(wish), flush=True)
    return sys.stdin.readline().rstrip("\n")


def learn(**learned: Any) -> None:
    """Say what was learned; nothing can be asked after it."""
    print(json.dumps({"learned": learned}), flush=True)
