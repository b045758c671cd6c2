"""An app of a stranger's project joins in erasure, copies, retention and the map of fields."""

from __future__ import annotations

import json

import pytest

from .conftest import Project

FILL = """
from datetime import date
from billing.models import Customer, Invoice
from django.contrib.auth.models import User
for number, name in enumerate(["Alice Zqx", "Bob"]):
    user = User.objects.create_user(name[:3], f"{name[:3].lower()}@example.com")
    customer = Customer.objects.create(user=user, name=name, street=f"{name} Street")
    Invoice.objects.create(
        customer=customer, recipient=name, number=f"R-{number}", amount=12,
        issued_on=date(2026, 3, 1),
    )
"""

LEFT = """
import json
from billing.models import Customer, Invoice
from django.contrib.auth.models import User
from ostiary.privacy import exporters
bob = User.objects.get()
told = [exporter(bob) for exporter in exporters() if exporter.__module__ == "billing.privacy"]
print(json.dumps({
    "people": list(Customer.objects.values_list("name", flat=True)),
    "invoices": list(Invoice.objects.order_by("number").values_list(
        "number", "recipient", "customer__name"
    )),
    "told_of_bob": told,
}))
"""


def test_a_customer_goes_with_their_person_and_the_invoice_stays_with_its_reason(
    migrated_host: Project,
) -> None:
    host = migrated_host
    host.shell(FILL)

    told = host.manage("erase_user", "ali@example.com", "--reason", "asked", "--now", "--json")
    receipt = host.folder / "receipt.txt"
    receipt.write_text(json.loads(told.strip().rpartition("\n")[2])["receipt"])
    said = json.loads(host.manage("verify_receipt", str(receipt)))

    [step] = [each for each in said["steps"] if each["name"] == "billing.privacy.erase_customer"]
    assert step["erased"] == {"billing.Invoice, made nameless": 1, "billing.Customer": 1}
    assert said["kept"][-1] == {
        "what": "Your invoices, without your name",
        "why": "Tax law requires them for ten years.",
        "until": "2036-12-31",
    }
    assert "Zqx" not in json.dumps(said)
    left = json.loads(host.shell(LEFT))
    assert left["people"] == ["Bob"]
    assert left["invoices"] == [["R-0", "", None], ["R-1", "Bob", "Bob"]]
    [bob] = left["told_of_bob"]
    assert bob["customer"] == [{"name": "Bob", "street": "Bob Street"}]
    assert [each["number"] for each in bob["invoices"]] == ["R-1"]


def test_the_map_fails_for_a_field_of_the_projects_own_that_is_not_marked(host: Project) -> None:
    assert "billing.Customer.street  personal" in host.manage("privacy_map")
    models = host.folder / "billing" / "models.py"
    models.write_text(
        models.read_text().replace(
            "    name = models", "    nickname = models.TextField()\n    name = models", 1
        )
    )

    with pytest.raises(AssertionError, match=r"billing\.Customer\.nickname is not marked\."):
        host.manage("privacy_map")
