"""The region in which each person is at home (referred to by migrations, so this module keeps its
name). A project's own user model may have the same field:

``home_region = models.CharField(max_length=32, blank=True, default=this_region, db_default="")``

Where it has none, or it is empty, people are at home in the region in which their row is.
"""

from __future__ import annotations

from typing import Any

from ..conf import ostiary_settings

BATCH = 2000


def this_region() -> str:
    """Where somebody new is at home."""
    return ostiary_settings.REGION


def name_homes(model: Any, region: str) -> int:
    """Write ``region`` for everybody who has none yet, a bounded number at a time; returns how
    many. ``model`` is a user model that has the field."""
    named = 0
    nameless = model._default_manager.filter(home_region="")
    while some := list(nameless.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        named += nameless.filter(pk__in=some).update(home_region=region)
    return named
