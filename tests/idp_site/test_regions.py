"""The regions of the site: from the environment, and at ``/metrics``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from idp_site import regions
from ostiary.models import Erasure, RegionalReceipt
from tests.ostiary.regions import Peer


def test_they_are_named_with_their_addresses_and_keys():
    assert regions.settings_of(
        ["eu=https://eu.example", " us = https://us.example:8443 "], ["us=/etc/us.json"]
    ) == {
        "eu": {"url": "https://eu.example"},
        "us": {"url": "https://us.example:8443", "keys": "/etc/us.json"},
    }
    assert regions.settings_of([], []) == regions.settings_of([""], [""]) == {}
    # What is wrong the system checks tell.
    assert regions.settings_of(["eu"], ["ap=x"]) == {
        "eu": {"url": ""},
        "ap": {"url": "", "keys": "x"},
    }


def test_the_host_by_which_the_others_come_is_let_in():
    assert regions.host_of("https://eu.internal:8443") == "eu.internal"
    assert regions.host_of("https://[") == regions.host_of("") == ""


@pytest.mark.django_db
def test_which_is_missing_since_when_is_told(client: Any, settings: Any, tmp_path: Any) -> None:
    assert "ostiary_erasure_region" not in client.get("/metrics").text
    settings.OSTIARY = {**settings.OSTIARY, **Peer(tmp_path).settings}
    assert 'ostiary_erasure_regions_missing{region="us"} 0.0' in client.get("/metrics").text

    now = timezone.now()
    asked = Erasure.objects.create(subject="x", requested_by="person", due_at=now)
    for region, seconds in (("us", 90), ("gone", 0)):
        RegionalReceipt.objects.create(
            erasure=asked, region=region, asked_at=now - timedelta(seconds=seconds)
        )
    told = client.get("/metrics").text
    assert 'ostiary_erasure_regions_missing{region="us"} 1.0' in told
    assert 'ostiary_erasure_regions_missing{region="gone"} 1.0' in told
    assert 'ostiary_erasure_region_oldest_seconds{region="us"} 9' in told


@pytest.mark.django_db
def test_operators_see_which_region_has_answered_and_which_is_missing(
    admin_client: Any, settings: Any, tmp_path: Any
) -> None:
    us = Peer(tmp_path)
    settings.OSTIARY = {**settings.OSTIARY, **us.settings}
    now = timezone.now()
    asked = Erasure.objects.create(
        subject="x", requested_by="person", due_at=now, state="running", home_region="eu"
    )
    RegionalReceipt.objects.create(erasure=asked, region="us", last_error="LinkError: x")
    RegionalReceipt.objects.create(erasure=asked, region="ap", answered_at=now, receipt="a.b.c")

    page = admin_client.get(f"/admin/ostiary/erasure/{asked.pk}/change/").text
    assert "us: missing since" in page
    assert "LinkError: x" in page
    assert f"ap: {now.isoformat(timespec='seconds')}" in page
    assert admin_client.get("/admin/ostiary/regionalrequest/").status_code == 200
