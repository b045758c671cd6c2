"""App configuration of the reference site."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class IdpSiteConfig(AppConfig):
    """The site that wires the apps together."""

    name = "idp_site"
    label = "idp_site"
    verbose_name = _("Site")

    def ready(self) -> None:
        from . import checks  # noqa: F401  (they register themselves on import)


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin on our admin site."""

    default = False
    default_site = "idp_site.admin.AdminSite"
