"""Two regions, and everything between them that fails: an erasure ends complete in both, once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone

from ostiary import erasure, receipts
from ostiary.models import Erasure, OutboxMessage, RegionalReceipt, RegionKey
from tests.faults.conftest import eventually
from tests.faults.servers import Browser
from tests.faults.two_regions import TwoRegions, receipt_of
from tests.searching import ways_to_write

pytestmark = [pytest.mark.needs("accounts"), pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery staple"
SAME_ID, SAME_ADDRESS, ASKED_THERE = (
    f"{name}-canary@example.com" for name in ("ines", "otto", "ursa")
)


@pytest.fixture
def regions(tmp_path: Path, transactional_db: None, request: Any) -> Iterator[TwoRegions]:
    """Both are down."""
    if connection.vendor != "postgresql":
        pytest.skip("this is the pass on SQLite; the one on PostgreSQL has this test")
    two = TwoRegions(tmp_path, request.getfixturevalue("redis_url"))
    yield two
    two.stop()


def people_of(two: TwoRegions) -> dict[str, str]:
    """Three who are in both regions; what marks them, by what it is."""
    marks = {}
    for email in (SAME_ID, SAME_ADDRESS, ASKED_THERE):
        name = f"{email[:4].title()} Canarymark"
        own = {"email": email, "name": name, "password": make_password(PASSWORD)}
        here = get_user_model().objects.create(**own, email_verified_at=timezone.now())
        there = here.pk if email == SAME_ID else uuid.uuid4()
        values = {
            field.column: field.get_db_prep_save(getattr(here, field.attname), connection)
            for field in here._meta.local_concrete_fields
        } | {"id": there}
        # The other region's copy has another verified address, where it is known by the id.
        if email == SAME_ID:
            values["email"] = f"other-{email}"
            marks["other address"] = values["email"]
        columns = ", ".join(f'"{column}"' for column in values)
        marked = ", ".join(["%s"] * len(values))
        table = here._meta.db_table
        insert = f'INSERT INTO "{table}" ({columns}) VALUES ({marked})'  # noqa: S608
        two.in_us(insert, *values.values())
        marks |= {f"{email} in eu": str(here.pk), f"{email} in us": str(there), email: email}
        marks[name] = name
    return marks


def test_an_erasure_ends_complete_in_every_region_once_whatever_fails_between_them(
    regions: TwoRegions, settings: Any
) -> None:
    eu, us = regions.eu, regions.us
    settings.OSTIARY = {
        **settings.OSTIARY,
        "REGION": "eu",
        "REGIONS": {"eu": {"url": eu.link.url}, "us": {"url": us.link.url}},
        "ISSUER_URL": eu.url,
        "TOMBSTONE_FILE": str(eu.folder / "tombstones.jsonl"),
    }
    marks = people_of(regions)
    eu.start_server()
    sign_in(eu.url, SAME_ID)
    eu.link.mode = "up"

    # --- the other region is down -------------------------------------------------------------
    asked = [
        erasure.request(get_user_model().objects.get(email=email), grace=timedelta())
        for email in (SAME_ID, SAME_ADDRESS)
    ]
    eu.start_worker()
    missing = RegionalReceipt.objects.exclude(last_error="")
    eventually(lambda: missing.count() == 2, "the region is missing in both")
    assert get_user_model().objects.filter(email__in=[SAME_ID, SAME_ADDRESS]).count() == 0
    assert {each.state for each in Erasure.objects.all()} == {"running"}
    assert set(Erasure.objects.values_list("last_error", flat=True)) <= {
        "",
        "Waits for the regions: us",
    }

    # --- it is back, and the link is cut, then slow -------------------------------------------
    us.start_server()
    sign_in(us.url, SAME_ADDRESS)
    came = us.link.came
    eventually(lambda: us.link.came > came + 1, "the region is asked again and again")
    assert regions.in_us("SELECT * FROM ostiary_regionalrequest") == []
    us.link.mode = "slow"
    begun = "SELECT id FROM ostiary_regionalrequest WHERE receipt = ''"
    sooner_or_later(lambda: len(regions.in_us(begun)) == 2, "it begins")
    there = us.command("erase_user", ASKED_THERE, "--reason", "x", "--now", "--json")

    # --- its worker is killed at its work, and ours, too --------------------------------------
    us.start_worker()
    steps = "SELECT id FROM ostiary_erasurestep"
    eventually(lambda: regions.in_us(steps), "a step is done there")
    us.kill_worker()
    eu.kill_worker()
    us.link.mode = "deaf"
    us.start_worker()
    eu.start_worker()

    # --- it is done there, and the answer is lost ---------------------------------------------
    done = "SELECT erasure::text, receipt FROM ostiary_regionalrequest WHERE receipt <> ''"
    sooner_or_later(lambda: len(regions.in_us(done)) == 2, "it is done there")
    signed = dict(regions.in_us(done))
    assert Erasure.objects.filter(pk__in=signed, state="done").count() == 0
    us.link.mode = "up"
    sooner_or_later(
        lambda: Erasure.objects.filter(pk__in=signed, state="done").count() == 2,
        "it is complete",
    )

    # --- complete, once -----------------------------------------------------------------------
    assert {str(each.pk) for each in asked} == set(signed)
    for each in asked:
        each.refresh_from_db()
        said = receipts.verify(each.receipt)
        assert said["regions"] == [{"region": "us", "receipt": signed[str(each.pk)]}]
        assert receipts.of_regions(said)["us"]["accounts"] == 1
        assert (each.subject, each.emails) == (None, None)
    assert RegionKey.objects.count() == 1
    sooner_or_later(lambda: there.poll() is not None, "the command over there ends")
    told, _ = there.communicate()
    ours = {"eu": receipts.public_keys()["keys"]}
    from_there = receipts.verify(receipt_of(told), us_keys(us), ours)
    assert receipts.of_regions(from_there, ours)["eu"]["accounts"] == 1
    everyone = [SAME_ID, SAME_ADDRESS]
    eventually(lambda: len(eu.mails("was deleted")) >= 2, "the receipts are mailed")
    eventually(lambda: us.mails("was deleted"), "the receipt is mailed there")
    assert eu.mails("was deleted") == everyone
    assert us.mails("was deleted") == [ASKED_THERE]

    # --- and nothing is left in either --------------------------------------------------------
    eventually(nothing_waits(regions), "no message waits")
    for region, told in regions.databases().items():
        for mark, value in marks.items():
            for how, text in ways_to_write(value).items():
                assert text not in told, f"{mark}, {how}, in {region}"


def sign_in(server: str, email: str) -> None:
    """So that there is more of them than a row."""
    Browser().sign_in(server, email, PASSWORD).http.close()


def sooner_or_later(condition: Callable[[], Any], what: str) -> None:
    """Wait until it is so, and meanwhile have the other region asked at once."""

    def asked_again() -> Any:
        hurry()
        return condition()

    eventually(asked_again, what)


def hurry() -> None:
    """Ask again now, as an operator may: how long pauses grow is told elsewhere."""
    OutboxMessage.objects.filter(kind="regions.erase", state="pending", leased_until=None).update(
        next_attempt_at=timezone.now()
    )


def us_keys(us: Any) -> list[dict[str, Any]]:
    """Those that it publishes."""
    keys: list[dict[str, Any]] = httpx.get(f"{us.url}/privacy/receipts/keys.json").json()["keys"]
    return keys


def nothing_waits(regions: TwoRegions) -> Callable[[], bool]:
    """Neither here nor there."""
    there = "SELECT id FROM ostiary_outboxmessage WHERE state = 'pending'"
    return lambda: (
        not (OutboxMessage.objects.filter(state="pending").exists() or regions.in_us(there))
    )
