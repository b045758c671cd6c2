"""Which addresses differ in case alone is told by us, and not by the database's language."""

import django.core.validators
from django.db import migrations, models

import ostiary.email_addresses
import ostiary.migration_operations

ONLY_ASCII = django.core.validators.RegexValidator(
    "\\A[\\x00-\\x7f]*(?:@[^@]*)?\\Z",
    "Enter an address that has no accents or foreign letters before the “@”.",
    code="not_ascii",
)


class Migration(migrations.Migration):
    atomic = False  # the indexes are built beside those who write

    dependencies = [("ostiary_accounts", "0015_addresses_in_their_form")]

    operations = [
        ostiary.migration_operations.AddUniqueIndex(
            model_name="user",
            constraint=models.UniqueConstraint(
                ostiary.email_addresses.AsciiLower("email"),
                name="ostiary_accounts_one_of_address",
                violation_error_message="There is an account with this address already.",
            ),
        ),
        migrations.RemoveConstraint(model_name="user", name="ostiary_accounts_unique_email"),
        ostiary.migration_operations.AddUniqueIndex(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                ostiary.email_addresses.AsciiLower("email"),
                condition=models.Q(("accepted_at__isnull", True), ("revoked_at__isnull", True)),
                name="ostiary_accounts_one_invitation_of_address",
            ),
        ),
        migrations.RemoveConstraint(
            model_name="invitation", name="ostiary_accounts_one_open_invitation"
        ),
        migrations.AlterField(
            model_name="invitation",
            name="email",
            field=models.EmailField(
                max_length=254, validators=[ONLY_ASCII], verbose_name="email address"
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.EmailField(
                error_messages={"unique": "There is an account with this address already."},
                max_length=254,
                unique=True,
                validators=[ONLY_ASCII],
                verbose_name="email address",
            ),
        ),
    ]
