"""How the site presents itself, as an operator has decided."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Branding(models.Model):
    """One row at most. What is empty is as the settings say."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(
        _("name"), max_length=100, blank=True, help_text=_("Shown on pages and in emails.")
    )
    accent = models.CharField(
        _("accent color"),
        max_length=7,
        blank=True,
        help_text=_(
            "The color of buttons and links, such as #14574b. A shade that’s hard to read is "
            "adjusted, for light and for dark pages each."
        ),
    )
    logo = models.BinaryField(null=True, editable=False)
    logo_dark = models.BinaryField(null=True, editable=False)
    terms_url = models.CharField(_("terms of service"), max_length=500, blank=True)
    privacy_url = models.CharField(_("privacy policy"), max_length=500, blank=True)
    help_url = models.CharField(_("help"), max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = _("branding")
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="ostiary_branding_one_row")
        ]

    def __str__(self) -> str:
        return str(_("Branding"))
