"""Which regions there are (``OSTIARY["REGIONS"]``), and which of them this site is."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..conf import ostiary_settings

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True)
class Region:
    """A region: where the others reach it, and the file of its keys, if these are given."""

    name: str
    url: str
    keys_file: str = ""


def every() -> dict[str, Region]:
    """All regions by their name."""
    return {
        name: Region(name, told.get("url", "").rstrip("/"), told.get("keys", ""))
        for name, told in ostiary_settings.REGIONS.items()
    }


def here() -> str:
    """The name of this one; ``""`` where the site has no regions."""
    return ostiary_settings.REGION


def own() -> Region | None:
    """This one."""
    return every().get(here())


def others() -> list[Region]:
    """All but this one, in order of their names."""
    return sorted(
        (region for region in every().values() if region.name != here()), key=lambda each: each.name
    )


def other(name: str) -> Region | None:
    """Another region of this name."""
    return every().get(name) if name != here() else None


def home_of(user: object) -> str:
    """The region in which the person is at home: what their row says, or else this one."""
    return str(getattr(user, "home_region", "") or here())


# --- what is wrong with the settings --------------------------------------------------------------


def problems() -> Iterator[str]:
    """A sentence for each mistake."""
    known = every()
    if not known and not here():
        return
    if here() not in known:
        yield f"REGION is {here()!r}, which is none of REGIONS: {', '.join(known) or 'there is no'}"
    for name, told in ostiary_settings.REGIONS.items():
        if not NAME.fullmatch(name):
            yield f"REGIONS has {name!r}: a name is up to 32 of a to z, 0 to 9 and -"
        if unknown := told.keys() - {"url", "keys"}:
            yield f"REGIONS[{name!r}] has {sorted(unknown)[0]!r}: there are 'url' and 'keys'"
        if not is_secure(told.get("url", "")):
            yield f"REGIONS[{name!r}]['url'] is no https address of a site, without path or query"
        if told.get("keys") and (problem := _why_unreadable(told["keys"])):
            yield f"REGIONS[{name!r}]['keys'] is no JWK Set that can be read: {problem}"
    if len({region.url for region in known.values()}) < len(known):
        yield "Two of REGIONS have the same url"


def is_secure(url: str) -> bool:
    """Whether it is an https address, or one of this very machine, and nothing else."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = parts.path in ("", "/") and not parts.query and not parts.fragment
    return bool(
        url.isascii()
        and host
        and plain
        and parts.username is None
        and (parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host)))
    )


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _why_unreadable(path: str) -> str:
    try:
        keys = json.loads(Path(path).read_text(encoding="utf-8"))["keys"]
        return "" if isinstance(keys, list) and keys else "it has no keys"
    except (OSError, ValueError, KeyError, TypeError) as problem:
        return str(problem)
