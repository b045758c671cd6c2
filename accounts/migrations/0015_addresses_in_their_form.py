"""Addresses that were written past the forms get the form in which all others are kept."""

import logging

from django.conf import settings
from django.db import migrations
from django.db.models import Count

from ostiary.email_addresses import AsciiLower, normalize

BATCH = 1000

log = logging.getLogger("ostiary.accounts")


def refuse_twins(people):
    """Two people whose addresses differ in case alone, as a database whose language has letters of
    its own (Turkish, İ and ı) let them: an operator has to say which of them it is to be."""
    folded = people.annotate(folded=AsciiLower("email")).values("folded")
    twins = folded.annotate(number=Count("pk")).filter(number__gt=1).values_list("folded", flat=True)
    wanted = list(twins[:10])
    if wanted:
        found = people.annotate(folded=AsciiLower("email")).filter(folded__in=wanted)
        ids = ", ".join(str(pk) for pk in found.order_by("folded", "pk").values_list("pk", flat=True))
        raise RuntimeError(
            "Some people have an address that is another's but for capital letters. Nothing was "
            "changed. In the administration, give one of each two another address or erase it, "
            f"then migrate again. Their ids: {ids}."
        )


def forwards(apps, schema_editor):
    if settings.AUTH_USER_MODEL != "ostiary_accounts.User":
        return
    people = apps.get_model("ostiary_accounts", "User")._base_manager.using(
        schema_editor.connection.alias
    )
    refuse_twins(people)
    folded = people.annotate(folded=AsciiLower("email"))
    rows = people.order_by("pk").values_list("pk", "email")
    batch = list(rows[:BATCH])
    while batch:
        for pk, email in batch:
            kept = normalize(email)
            if kept == email:
                continue
            if folded.filter(folded=kept.lower()).exclude(pk=pk).exists():
                log.warning("%s has the address of another person in another form: it stays.", pk)
            else:
                people.filter(pk=pk, email=email).update(email=kept)
        batch = list(rows.filter(pk__gt=batch[-1][0])[:BATCH])


class Migration(migrations.Migration):
    atomic = False  # many rows, a bounded number at a time

    dependencies = [("ostiary_accounts", "0014_home_region_of_all")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
