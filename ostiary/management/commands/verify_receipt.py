"""``verify_receipt``: whether receipts of erasures are genuine, and what they say."""

from __future__ import annotations

import codecs
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import receipts


class Command(BaseCommand):
    """Exits with 0 only if every receipt verifies."""

    help = (
        "Verify the receipt in FILE (- for standard input) with this site's keys, or with a JWK "
        "Set that was fetched earlier, and print what it says. FILE holds a receipt as it is, or "
        "the JSON that erase_user --json prints. Of several receipts a list is printed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The receipt, and whose keys to believe."""
        parser.add_argument("file")
        parser.add_argument("--keys", help="path of a JWK Set to trust instead")
        parser.add_argument(
            "--region-keys",
            action="append",
            default=[],
            metavar="REGION=FILE",
            help="JWK Set of a region whose receipt it contains; with --keys, one per region",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the claims as JSON. Raises ``CommandError``."""
        keys, region_keys = None, {}
        try:
            text = sys.stdin.read() if options["file"] == "-" else _text(options["file"])
            if options["keys"]:
                keys = _keys(_text(options["keys"]))
            for pair in options["region_keys"]:
                name, _, path = pair.partition("=")
                region_keys[name] = _keys(_text(path))
        except (OSError, ValueError, RecursionError) as problem:
            raise CommandError(f"The receipt can't be read: {problem}") from None
        try:
            given = receipts.written_in(text)
        except receipts.InvalidReceipt as problem:
            raise CommandError(f"This isn't a genuine receipt. {problem}") from None
        believed = region_keys if region_keys or keys is not None else None
        said = []
        for number, receipt in enumerate(given, 1):
            try:
                said.append(receipts.verify(receipt, keys, believed))
            except receipts.InvalidReceipt as problem:
                which = f"Receipt {number} of {len(given)}" if len(given) > 1 else "This"
                raise CommandError(f"{which} isn't a genuine receipt. {problem}") from None
        told = said[0] if len(said) == 1 else said
        self.stdout.write(json.dumps(told, indent=2, ensure_ascii=False))


def _keys(text: str) -> list[dict[str, Any]]:
    """The keys of a JWK Set (RFC 7517 §5); never none at all, which would stand for our own."""
    told = json.loads(text)
    keys = told.get("keys") if isinstance(told, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise ValueError("the file of keys holds no JWK Set")
    return keys


def _text(path: str) -> str:
    """What the file holds, also where PowerShell wrote it: in UTF-16."""
    content = Path(path).read_bytes()
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf16 else "utf-8-sig")
