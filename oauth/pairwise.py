"""Pairwise subjects: a person is named otherwise in each sector (OIDC Core §8.1).

The subject is a keyed hash over the sector and the person. Its key is random, kept encrypted in
the database and stays when the keys that encrypt it change, so that a client knows the same person
by the same name for as long as the site lives.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from .safe_fetch import FetchError, fetch

if TYPE_CHECKING:
    from .models import Client

_salt: bytes | None = None


def sector_of(client: Client) -> str:
    """The sector identifier: the host of ``sector_identifier_uri``, or the one host of all the
    redirect URIs; ``""`` where there is no such host."""
    registered = client.registered("sector_identifier_uri")
    hosts = {_host(uri) for uri in [registered or client.redirect_uris] for uri in uri.split()}
    return hosts.pop() if len(hosts) == 1 else ""


def _host(uri: str) -> str:
    try:
        return urlsplit(uri).hostname or ""
    except ValueError:
        return ""


def subject(user_pk: Any, client: Client) -> str:
    """The ``sub`` of a person in the sector of ``client``: 43 characters, which tell nothing."""
    return _hidden("sub", user_pk, client)


def sid(session_pk: Any, client: Client) -> str:
    """The ``sid`` of a session in the sector of ``client``: by one that all clients share, two of
    them could tell that they know the same person."""
    return _hidden("sid", session_pk, client)


def _hidden(what: str, identifier: Any, client: Client) -> str:
    """A client without a sector, which its ``clean`` refuses, is a sector of its own."""
    sector = sector_of(client) or f"client:{client.client_id}"
    named = json.dumps([what, sector, str(identifier)]).encode()
    digest = hmac.digest(_the_salt(), named, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _the_salt() -> bytes:
    """From memory after the first use; made, where there is none yet, once: the primary key lets
    one process win. Only a committed one is kept in mind."""
    global _salt
    if _salt is None:
        from .models.pairwise_salt import PairwiseSalt, new_salt

        row, _made = PairwiseSalt.objects.get_or_create(
            pk=PairwiseSalt.THE_ONE, defaults={"salt": new_salt()}
        )
        found = bytes(row.salt)
        transaction.on_commit(lambda: _remember(found))
        return found
    return _salt


def _remember(salt: bytes) -> None:
    global _salt
    _salt = salt


def forget() -> None:
    """Ask the database again at the next use (after another database has been restored)."""
    global _salt
    _salt = None


def check_sector(client: Client) -> None:
    """Fetch what ``sector_identifier_uri`` says, and hold the client's redirect URIs against it
    (OIDC Registration §5). Call it when the client is registered or changed.

    Raises ``ValidationError`` about ``sector_identifier_uri``.
    """
    uri = client.registered("sector_identifier_uri")
    if not uri:
        return
    try:
        answer = fetch(uri, headers={"Accept": "application/json"})
        listed = json.loads(answer.body) if answer.status == 200 else None
    except (FetchError, ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise ValidationError(
            {"sector_identifier_uri": _("This URL has no JSON list of redirect URIs.")}
        )
    if missing := [each for each in client.redirect_uris.split() if each not in listed]:
        raise ValidationError(
            {"sector_identifier_uri": _("The list lacks: %s") % " ".join(missing)}
        )
