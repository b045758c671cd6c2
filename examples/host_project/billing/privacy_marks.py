"""What every field tells of people: ``manage.py privacy_map`` fails for one that isn't marked."""

from ostiary.privacy_map import mark

mark("billing.Customer", personal="name street", pseudonymous="id user")
mark(
    "billing.Invoice",
    personal="recipient",
    pseudonymous="customer",
    none="id number amount issued_on",
    kept="Tax law requires invoices for ten years. They have no name by then.",
)
