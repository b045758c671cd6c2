"""An authorization request that is kept: a pushed one (RFC 9126), or one that is too long for the
addresses of our own pages (``carried_request``)."""

from __future__ import annotations

from django.db import models

from ostiary.encryption import EncryptedTextField
from ostiary.ids import uuid7

from .client import Client


class PushedRequest(models.Model):
    """One request, until it is answered or expires; the row of a pushed one goes with the answer.

    ``browser_hash`` is of the browser that came with a pushed one first, the only one that may go
    on.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    uri_hash = models.CharField(max_length=64, unique=True, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+")
    parameters = EncryptedTextField()
    browser_hash = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.id)
