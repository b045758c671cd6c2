"""A policy for addresses: no mailboxes that anybody can open for a moment."""

from __future__ import annotations

import functools
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from .addresses import normal_domains, normalize_email
from .conf import accounts_settings

SHIPPED = Path(__file__).with_name("disposable_domains.txt")


def refuse_disposable(email: str) -> None:
    """Refuse an address at a domain of our list, or of the operator's, or below one of them.

    Raises ``ValidationError``.
    """
    parts = normalize_email(email).rpartition("@")[2].split(".")
    known = _domains(accounts_settings.DISPOSABLE_DOMAINS_FILE)
    if any(".".join(parts[first:]) in known for first in range(len(parts))):
        raise ValidationError(
            _("Disposable email addresses aren’t accepted. Use a permanent one."),
            code="disposable",
        )


@functools.cache
def _domains(own: str) -> frozenset[str]:
    """What both files list, read once in each process."""
    return read(SHIPPED) | (read(Path(own)) if own else frozenset())


def read(path: Path) -> frozenset[str]:
    """The domains of a file, one a line; what begins with ``#`` is a comment."""
    lines = map(str.strip, path.read_text(encoding="utf-8").splitlines())
    return normal_domains(line for line in lines if line and not line.startswith("#"))
