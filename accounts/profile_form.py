"""What people tell of themselves: the form of their profile."""

from __future__ import annotations

import datetime
import functools
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.choices import BaseChoiceIterator
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from .address_policy import check_name


@functools.cache
def _zones() -> dict[str, str]:
    return {zone: zone.replace("_", " ") for zone in sorted(zoneinfo.available_timezones())}


@functools.cache
def _zone_options() -> str:
    """The six hundred options, of which none is selected, as Django writes them; no zone has a name
    in another language."""
    select = forms.Select(choices=list(_zones().items())).render("zone", None)
    return str(select).partition(">")[2].removesuffix("</select>")


class ZoneChoices(BaseChoiceIterator):  # type: ignore[misc]  # it has no types
    """The zones after a few choices more. Django copies no choices that are such an iterator."""

    def __init__(self, few: Sequence[tuple[str, Any]]) -> None:
        self.few = few

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        yield from self.few
        yield from _zones().items()


class ZoneSelect(forms.Select):
    """A list of ``ZoneChoices``, of which only what differs from person to person is made anew."""

    choices: ZoneChoices  # type: ignore[assignment]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The list as Django would write it."""
        few = forms.Select(choices=self.choices.few)
        zones, selected = _zone_options(), str(value)
        if selected in _zones():
            option = f'<option value="{selected}"'
            zones = zones.replace(f"{option}>", f"{option} selected>", 1)
        shown = str(few.render(name, value, self.build_attrs(self.attrs, attrs), renderer))
        return mark_safe(shown.removesuffix("\n</select>") + zones + "</select>")  # noqa: S308


class LineField(forms.CharField):
    """A text of one line, which may be left empty."""

    def __init__(self, *, label: Any, max_length: int, autocomplete: str) -> None:
        super().__init__(
            label=label,
            max_length=max_length,
            required=False,
            widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
        )


class WebAddressField(forms.URLField):
    """An address that applications may show or load: of the web, and encrypted."""

    default_validators = [URLValidator(schemes=["https"])]

    def __init__(self, *, label: Any, autocomplete: str) -> None:
        super().__init__(
            label=label,
            max_length=200,
            required=False,
            assume_scheme="https",
            widget=forms.URLInput(attrs={"autocomplete": autocomplete, "dir": "ltr"}),
            error_messages={"invalid": _("Enter an address that begins with https://.")},
        )


class ProfileForm(forms.Form):
    """The standard claims that a person tells of themselves (OIDC Core §5.1).

    Of a user model that lacks some of them, the others are shown.
    """

    NAMES = frozenset({"name", "given_name", "family_name", "preferred_username"})

    name = LineField(label=_("Full name"), max_length=200, autocomplete="name")
    given_name = LineField(label=_("Given name"), max_length=100, autocomplete="given-name")
    family_name = LineField(label=_("Family name"), max_length=100, autocomplete="family-name")
    middle_name = LineField(label=_("Middle name"), max_length=100, autocomplete="additional-name")
    nickname = LineField(label=_("Nickname"), max_length=100, autocomplete="nickname")
    preferred_username = LineField(label=_("Display name"), max_length=100, autocomplete="off")
    profile = WebAddressField(label=_("Address of a page about you"), autocomplete="off")
    website = WebAddressField(label=_("Website"), autocomplete="url")
    gender = LineField(label=_("Gender"), max_length=40, autocomplete="sex")
    birthdate = forms.DateField(
        label=_("Date of birth"),
        required=False,
        widget=forms.DateInput(
            format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "bday", "min": "1850-01-01"}
        ),
    )
    street_address = forms.CharField(
        label=_("Street and number"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "street-address"}),
    )
    postal_code = LineField(label=_("Postal code"), max_length=20, autocomplete="postal-code")
    locality = LineField(label=_("Town"), max_length=100, autocomplete="address-level2")
    region = LineField(label=_("Region"), max_length=100, autocomplete="address-level1")
    country = LineField(label=_("Country"), max_length=100, autocomplete="country-name")
    locale = forms.ChoiceField(label=_("Language"), required=False)
    zoneinfo = forms.ChoiceField(label=_("Time zone"), required=False, widget=ZoneSelect)

    def __init__(self, data: Any = None, *, user: Any) -> None:
        known = {field.name for field in user._meta.fields}
        shown = [name for name in self.base_fields if name in known]
        super().__init__(data, initial={name: getattr(user, name) for name in shown})
        self.user = user
        self.fields = {name: self.fields[name] for name in shown}
        if field := self.fields.get("locale"):
            offered = dict(settings.LANGUAGES)
            few = self._few(offered, user.locale)
            field.choices = [*few, *offered.items()]  # type: ignore[attr-defined]
        if field := self.fields.get("zoneinfo"):
            few = self._few(_zones(), user.zoneinfo)
            field.choices = ZoneChoices(few)  # type: ignore[attr-defined]

    def clean_birthdate(self) -> datetime.date | None:
        """A day that has been."""
        born: datetime.date | None = self.cleaned_data["birthdate"]
        if born is not None and not (born.year >= 1850 and born <= timezone.localdate()):
            raise ValidationError(_("Enter the day on which you were born."))
        return born

    @staticmethod
    def _few(offered: Mapping[str, str], present: str) -> list[tuple[str, Any]]:
        # What an operator or an import has written is not lost when the person saves.
        kept = [] if present in offered or not present else [(present, present)]
        return [("", _("As my browser says")), *kept]

    def clean(self) -> dict[str, Any]:
        """Hold names that have changed against the site's policies."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name in self.NAMES.intersection(self.changed_data, cleaned):
            try:
                check_name(cleaned[name])
            except ValidationError as error:
                self.add_error(name, error)
        return cleaned

    def save(self) -> list[str]:
        """Write what changed, and nothing else of the row; returns the names of the fields."""
        changed = self.changed_data
        for name in changed:
            setattr(self.user, name, self.cleaned_data[name])
        if changed:
            stamps = [f.name for f in self.user._meta.fields if getattr(f, "auto_now", False)]
            self.user.save(update_fields=[*changed, *stamps])
        return changed
