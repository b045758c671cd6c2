"""``import_mds``: read what the FIDO Metadata Service says of models of authenticators."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from cryptography import x509
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from ...metadata import Blob, default_roots, read_blob
from ...models import AuthenticatorModel, MetadataBlob


class Command(BaseCommand):
    """Import a blob."""

    help = (
        "Read the blob of the FIDO Metadata Service, fetched from https://mds3.fidoalliance.org/, "
        'for OSTIARY_PASSKEYS["ATTESTATION"] = "direct". It replaces the one before.'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which, and whom to believe."""
        parser.add_argument("file", type=Path, metavar="FILE", help="the blob")
        parser.add_argument(
            "--root",
            type=Path,
            metavar="PEM",
            help="the certificates that its signature leads to, in the place of those FIDO names",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, replace, tell."""
        try:
            blob = read_blob(options["file"].read_bytes(), _roots(options["root"]), timezone.now())
        except (OSError, ValueError) as problem:
            raise CommandError(f"{options['file']}: {problem}") from problem
        _replace(blob)
        self.stdout.write(
            f"Blob {blob.number} is in use: {len(blob.models)} models of authenticators. "
            f"FIDO gives out the next one by {blob.next_update}."
        )


def _roots(path: Path | None) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes()) if path else default_roots()


@transaction.atomic
def _replace(blob: Blob) -> None:
    """Keep this blob instead of the one before; never an older one (FIDO MDS v3.1 §3.2 step 7)."""
    if MetadataBlob.objects.filter(number__gt=blob.number).exists():
        raise CommandError(f"Blob {blob.number} is older than the one in use.")
    MetadataBlob.objects.all().delete()
    kept = MetadataBlob.objects.create(number=blob.number, next_update=blob.next_update)
    AuthenticatorModel.objects.bulk_create(
        AuthenticatorModel(
            aaguid=model.aaguid,
            blob=kept,
            description=model.description,
            statuses=list(model.statuses),
            roots=[base64.b64encode(root).decode() for root in model.roots],
        )
        for model in blob.models
    )
