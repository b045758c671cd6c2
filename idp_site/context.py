"""What every page of the site knows."""

from django.conf import settings
from django.http import HttpRequest

from ostiary.conf import ostiary_settings


def site(request: HttpRequest) -> dict[str, object]:
    """The site's name, and whether it is a demo (a page then says so, and links its mailbox)."""
    return {"site_name": ostiary_settings.SITE_NAME, "demo": settings.DEMO}
