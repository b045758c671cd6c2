"""The name, the look and the links of the site, for operators."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from . import accent, branding
from .models import Branding
from .pictures import ACCEPT, MOST_BYTES

PICTURES = ("logo", "logo_dark")


def _upload(label: Any, help_text: Any) -> forms.FileField:
    widget = forms.FileInput(attrs={"accept": ACCEPT})
    return forms.FileField(label=label, help_text=help_text, required=False, widget=widget)


class BrandingForm(forms.ModelForm):  # type: ignore[type-arg]
    """Logos as files; colours and links as they can be used."""

    new_logo = _upload(_("Logo"), _("PNG, JPEG or WebP, at most 1 MB. Replaces the name in pages."))
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)
    new_logo_dark = _upload(
        _("Logo for dark pages"),
        _("Optional. Without one, dark pages show the logo on a white background."),
    )
    remove_logo_dark = forms.BooleanField(label=_("Remove the logo for dark pages"), required=False)

    class Meta:
        model = Branding
        fields = ["name", "accent", "terms_url", "privacy_url", "help_url"]
        help_texts = dict.fromkeys(
            ("terms_url", "privacy_url"), _("An https address, or a path on this site.")
        ) | {"help_url": _("The same, or an email address after “mailto:”.")}

    def clean_accent(self) -> str:
        """In six digits."""
        given = self.cleaned_data["accent"]
        found = accent.parse(given)
        if given and found is None:
            raise ValidationError(_("Enter a color such as #14574b."))
        return accent.written(found) if found else ""

    def clean_terms_url(self) -> str:
        """Where people can be led."""
        return self._link("terms_url")

    def clean_privacy_url(self) -> str:
        """As above."""
        return self._link("privacy_url")

    def clean_help_url(self) -> str:
        """Or to whom they can write."""
        return self._link("help_url", mail=True)

    def clean_new_logo(self) -> bytes | None:
        """Drawn again."""
        return self._drawn("new_logo")

    def clean_new_logo_dark(self) -> bytes | None:
        """As above."""
        return self._drawn("new_logo_dark")

    def save(self, commit: bool = True) -> Branding:
        """With the pictures."""
        for name in PICTURES:
            if (drawn := self.cleaned_data[f"new_{name}"]) is not None:
                setattr(self.instance, name, drawn)
            elif self.cleaned_data[f"remove_{name}"]:
                setattr(self.instance, name, None)
        saved: Branding = super().save(commit)
        return saved

    def _link(self, name: str, *, mail: bool = False) -> str:
        link = str(self.cleaned_data[name])
        if link and not branding.is_link(link, mail=mail):
            raise ValidationError(
                _("Enter an address that begins with https://, or a path such as /terms/.")
            )
        return link

    def _drawn(self, name: str) -> bytes | None:
        upload = self.cleaned_data[name]
        if not upload:
            return None
        # No more is read than shows that it is too much.
        return branding.drawn(upload.read(MOST_BYTES + 1))


@admin.register(Branding)
class BrandingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One row, which goes before the settings; deleting it lets them hold again."""

    form = BrandingForm
    readonly_fields = ["preview"]
    fieldsets = [
        (
            None,
            {"fields": ["name", "new_logo", "remove_logo", "new_logo_dark", "remove_logo_dark"]},
        ),
        (_("Color"), {"fields": ["accent", "preview"]}),
        (_("Links"), {"fields": ["terms_url", "privacy_url", "help_url"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Once."""
        return super().has_add_permission(request) and not Branding.objects.exists()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Lead to the row, or to where it is made."""
        row = Branding.objects.first()
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}"
        if row is not None and self.has_view_permission(request):
            return HttpResponseRedirect(reverse(f"{name}_change", args=[row.pk]))
        if row is None and self.has_add_permission(request):
            return HttpResponseRedirect(reverse(f"{name}_add"))
        return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, obj: Branding, form: Any, change: bool) -> None:
        """Save, and say if another shade is used than was asked for."""
        super().save_model(request, obj, form, change)
        if "accent" in form.changed_data and (told := branding.adjustment(obj.accent)):
            messages.warning(request, told)

    @admin.display(description=_("Preview"))
    def preview(self, row: Branding) -> str:
        """How pages look with what is saved, in both schemes."""
        brand = branding.current()
        colour = accent.parse(brand.accent)
        shown = [
            (label, logo, colour and accent.shades(colour, theme), is_dark)
            for label, theme, logo, is_dark in (
                (_("Light"), accent.LIGHT, brand.logo, False),
                (_("Dark"), accent.DARK, brand.logo_dark or brand.logo, True),
            )
        ]
        told = {"brand": brand, "shown": shown, "adjustment": branding.adjustment(brand.accent)}
        return render_to_string("admin/ostiary/branding/preview.html", told)
