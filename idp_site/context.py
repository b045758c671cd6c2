"""What every page of the site knows."""

from django.conf import settings
from django.http import HttpRequest

from ostiary import branding


def site(request: HttpRequest) -> dict[str, object]:
    """How the site presents itself, and whether it is a demo (a page then says so, and links its
    mailbox)."""
    brand = branding.current()
    return {"site_name": brand.name, "brand": brand, "demo": settings.DEMO}
