"""System checks of the site, beside those of its apps."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.staticfiles, deploy=True)
def static_files_are_collected(**_: Any) -> list[CheckMessage]:
    """Pages name each file by the hash that ``collectstatic`` gave it, and fail without one."""
    if getattr(staticfiles_storage, "hashed_files", True):  # only a storage by manifest has them
        return []
    return [
        Error(
            "Static files haven’t been collected. Pages can’t load without them.",
            hint="Run: python manage.py collectstatic --noinput",
            id="idp_site.E001",
        )
    ]
