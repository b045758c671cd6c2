"""What billing keeps of a person: told to them, erased with them, and what stays by law."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from ostiary.retention import Kept

from .models import Customer, Invoice

KEPT_YEARS = 10
"""After the end of the year of an invoice."""


def export_customer(user: Any) -> dict[str, Any]:
    """Sections by their names, of what JSON can say."""
    return {
        "customer": list(Customer.objects.filter(user=user).values("name", "street")),
        "invoices": [
            {
                "number": invoice.number,
                "recipient": invoice.recipient,
                "amount": str(invoice.amount),
                "issued_on": invoice.issued_on.isoformat(),
            }
            for invoice in Invoice.objects.filter(customer__user=user).order_by("issued_on")
        ],
    }


def erase_customer(user: Any) -> dict[str, int]:
    """Forget the customer; invoices stay, without a name. Called again, it finds nothing.

    What it returns stands in the receipt: how many rows of what.
    """
    nameless = Invoice.objects.filter(customer__user=user).update(customer=None, recipient="")
    return {
        "billing.Invoice, made nameless": nameless,
        "billing.Customer": Customer.objects.filter(user=user).delete()[0],
    }


def invoices_stay(user: Any) -> Iterator[Kept]:
    """A rule of ``RETENTION_RULES``: what the person is told before, and what the receipt says."""
    newest = Invoice.objects.filter(customer__user=user).order_by("-issued_on").first()
    if newest:
        yield Kept(
            "Your invoices, without your name",
            "Tax law requires them for ten years.",
            until=date(newest.issued_on.year + KEPT_YEARS, 12, 31),
        )
