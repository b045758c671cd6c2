"""Receipts of erasures: verified by whoever has one, and the keys to do it without us."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from . import receipts
from .client_address import client_ip
from .pages import form_page, posted
from .throttling import throttle

KEYS_SECONDS = 3600
"""Receipts are verified for years: an hour more or less until a new key is known is nothing."""


class ReceiptForm(forms.Form):
    """A receipt, pasted or as a file; ``claims`` is what a genuine one says."""

    receipt = forms.CharField(
        label=_("Receipt"),
        required=False,
        max_length=receipts.MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("The long line of letters and digits from the email."),
    )
    file = forms.FileField(label=_("Or upload a file with the receipt"), required=False)

    claims: dict[str, Any]

    def clean(self) -> dict[str, Any]:
        """Verify what came, whichever way."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        field, text = "receipt", cleaned["receipt"]
        if not text and (sent := cleaned["file"]):
            if sent.size > receipts.MAX_LENGTH:
                raise ValidationError(
                    {"file": _("This file is too long to be a receipt. Choose another one.")}
                )
            field, text = "file", sent.read().decode("ascii", "replace")
        if not text:
            raise ValidationError({"receipt": _("Paste a receipt, or choose a file.")})
        try:
            self.claims = receipts.verify(text)
        except receipts.InvalidReceipt:
            raise ValidationError(
                {field: _("This receipt isn’t genuine, or it was changed.")}
            ) from None
        return cleaned


@form_page
def verify(request: HttpRequest) -> HttpResponse:
    """Whether a receipt is ours and unchanged, and what it says. For everybody."""
    sent = posted(request)
    if sent is None:
        return render(request, "ostiary/receipt.html", {"form": ReceiptForm()})
    throttle("receipt", ip=client_ip(request))
    form = ReceiptForm(sent, request.FILES)
    if not form.is_valid():
        return render(request, "ostiary/receipt.html", {"form": form}, status=400)
    context = {"form": form, "claims": form.claims, "said": _in_words(form.claims)}
    return render(request, "ostiary/receipt.html", context)


def _in_words(claims: dict[str, Any]) -> dict[str, Any]:
    """What a page shows of a receipt: whatever it lacks is left out."""
    counted: dict[str, int] = {}
    for step in claims.get("steps", ()):
        for label, count in step.get("erased", {}).items():
            if isinstance(count, int):
                counted[label] = counted.get(label, 0) + count
    return {
        "requested_at": parse_datetime(claims.get("requested_at") or ""),
        "finished_at": parse_datetime(claims.get("finished_at") or ""),
        "erased": sorted((label, count) for label, count in counted.items() if count),
        "kept": claims.get("kept", ()),
        "regions": {
            name: {
                "accounts": said.get("accounts", 0),
                "finished_at": parse_datetime(said.get("finished_at") or ""),
            }
            for name, said in receipts.of_regions(claims).items()
        },
    }


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """The public keys of receipts, as a JWK Set (RFC 7517 §5), for any origin."""
    answer = JsonResponse(receipts.public_keys(), content_type="application/jwk-set+json")
    answer["Cache-Control"] = f"public, max-age={KEYS_SECONDS}"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
