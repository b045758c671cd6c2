"""What people tell of themselves: the form of their profile."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.choices import BaseChoiceIterator
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from . import countries, time_zones
from .address_policy import check_name

Choices = tuple[tuple[str, str], ...]


@functools.lru_cache(maxsize=32)
def _options(long: Choices) -> str:
    """Hundreds of options, of which none is selected, as Django writes them."""
    select = forms.Select(choices=list(long)).render("long", None)
    return str(select).partition(">")[2].removesuffix("</select>")


class LongChoices(BaseChoiceIterator):  # type: ignore[misc]  # it has no types
    """A long list, which is the same for everybody, after a few choices more. Django copies no
    choices that are such an iterator."""

    def __init__(self, few: Sequence[tuple[str, Any]], long: Choices) -> None:
        self.few, self.long = few, long

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        yield from self.few
        yield from self.long


class LongSelect(forms.Select):
    """A list of ``LongChoices``, of which only what differs from person to person is made anew."""

    choices: LongChoices  # type: ignore[assignment]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The list as Django would write it."""
        few = forms.Select(choices=self.choices.few)
        options, selected = _options(self.choices.long), str(value)
        if any(selected == each for each, _words in self.choices.long):
            option = f'<option value="{selected}"'
            options = options.replace(f"{option}>", f"{option} selected>", 1)
        shown = str(few.render(name, value, self.build_attrs(self.attrs, attrs), renderer))
        return mark_safe(shown.removesuffix("\n</select>") + options + "</select>")  # noqa: S308


class CountryField(forms.ChoiceField):
    """A country by its code; its name is understood too."""

    def to_python(self, value: Any) -> str:
        """The code, or what was sent."""
        text: str = super().to_python(value)
        return countries.code_of(text) or text


class TimeZoneField(forms.ChoiceField):
    """A zone on offer; an older name of one is understood too."""

    def to_python(self, value: Any) -> str:
        """The zone under its modern name, or what was sent."""
        text: str = super().to_python(value)
        return time_zones.canonical(text) or text


class LineField(forms.CharField):
    """A text of one line, which may be left empty."""

    def __init__(self, *, label: Any, max_length: int, autocomplete: str) -> None:
        super().__init__(
            label=label,
            max_length=max_length,
            required=False,
            widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
        )


class Suggestions(forms.TextInput):
    """A text, for which the browser suggests what most people write."""

    def __init__(self, suggested: Mapping[str, Any], attrs: Any = None) -> None:
        super().__init__(attrs)
        self.suggested = suggested

    def format_value(self, value: Any) -> Any:
        """In the reader's language, where it is one of those suggested."""
        return str(self.suggested.get(value, value or ""))

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The field with its list."""
        options = format_html_join("", '<option value="{}">', zip(self.suggested.values()))
        known_as = f"{name}-suggestions"
        field = super().render(name, value, {**(attrs or {}), "list": known_as}, renderer)
        return format_html('{}<datalist id="{}">{}</datalist>', field, known_as, options)


class GenderField(LineField):
    """What the person calls it. The two values of the standard (OIDC Core §5.1) are kept by name,
    whatever the language."""

    VALUES = {"female": _("Female"), "male": _("Male")}

    def __init__(self, *, autocomplete: str, **kwargs: Any) -> None:
        super().__init__(autocomplete=autocomplete, **kwargs)
        self.widget = Suggestions(self.VALUES, {"autocomplete": autocomplete})
        self.widget.attrs.update(self.widget_attrs(self.widget))

    def to_python(self, value: Any) -> str:
        """The standard's value, or the text."""
        text: str = super().to_python(value) or ""
        named = (kept for kept, words in self.VALUES.items() if text.casefold() == words.casefold())
        return next(named, text)


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
    """The standard claims that a person tells of themselves (OIDC Core §5.1): all of them, or those
    of one group.

    Of a user model that lacks some of them, the others are shown.
    """

    GROUPS = {
        "name": (
            *("name", "given_name", "family_name", "middle_name"),
            *("nickname", "preferred_username"),
        ),
        "about": ("profile", "website", "gender", "birthdate"),
        "contact": ("street_address", "postal_code", "locality", "region", "country"),
        "region": ("locale", "zoneinfo"),
    }

    NAMES = frozenset({"name", "given_name", "family_name", "preferred_username"})

    name = LineField(label=_("Full name"), max_length=200, autocomplete="name")
    given_name = LineField(label=_("First name"), max_length=100, autocomplete="given-name")
    family_name = LineField(label=_("Last name"), max_length=100, autocomplete="family-name")
    middle_name = LineField(label=_("Middle name"), max_length=100, autocomplete="additional-name")
    nickname = LineField(label=_("Nickname"), max_length=100, autocomplete="nickname")
    preferred_username = LineField(label=_("Display name"), max_length=100, autocomplete="off")
    profile = WebAddressField(label=_("Profile page"), autocomplete="off")
    website = WebAddressField(label=_("Website"), autocomplete="url")
    gender = GenderField(label=_("Gender"), max_length=40, autocomplete="sex")
    birthdate = forms.DateField(
        label=_("Date of birth"),
        required=False,
        widget=forms.DateInput(
            format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "bday", "min": "1850-01-01"}
        ),
    )
    street_address = forms.CharField(
        label=_("Street address"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "street-address"}),
    )
    postal_code = LineField(label=_("Postal code"), max_length=20, autocomplete="postal-code")
    locality = LineField(label=_("City"), max_length=100, autocomplete="address-level2")
    region = LineField(label=_("State or region"), max_length=100, autocomplete="address-level1")
    country = CountryField(
        label=_("Country or region"),
        required=False,
        widget=LongSelect(attrs={"autocomplete": "country"}),
    )
    locale = forms.ChoiceField(label=_("Language"), required=False)
    zoneinfo = TimeZoneField(label=_("Time zone"), required=False, widget=LongSelect)

    def __init__(self, data: Any = None, *, user: Any, group: str = "") -> None:
        known = {field.name for field in user._meta.fields}
        asked = self.GROUPS[group] if group else self.base_fields
        shown = [name for name in asked if name in known]
        initial = {name: getattr(user, name) for name in shown}
        # What was written in another way is the same country or zone, and stays as it is unless the
        # person chooses another.
        if country := initial.get("country"):
            initial["country"] = countries.code_of(country) or country
        if zone := initial.get("zoneinfo"):
            initial["zoneinfo"] = time_zones.canonical(zone) or zone
        super().__init__(data, initial=initial)
        self.user, self.group = user, group
        self.fields = {name: self.fields[name] for name in shown}
        self._offer("locale", _("Use browser setting"), tuple(settings.LANGUAGES))
        if "zoneinfo" in shown:
            self._offer("zoneinfo", _("Use browser setting"), time_zones.choices())
        if "country" in shown:
            in_words = countries.names(get_language() or countries.ENGLISH)
            self._offer("country", _("Not set"), tuple(in_words.items()))

    def _offer(self, name: str, nothing: Any, offered: Iterable[tuple[str, Any]]) -> None:
        """Have a field's choices be nothing, what is there and not on offer, and what is."""
        if (field := self.fields.get(name)) is None:
            return
        long, kept = tuple(offered), self.initial[name]
        few = [("", nothing)]
        # What an operator or an import has written is not lost when the person saves.
        if kept and kept not in dict(long):
            few.append((kept, kept))
        is_long = isinstance(field.widget, LongSelect)
        field.choices = LongChoices(few, long) if is_long else [*few, *long]  # type: ignore[attr-defined]

    def told(self) -> list[tuple[Any, str]]:
        """What the person has told, in words: the label of each field with its value."""
        shown = []
        for name, field in self.fields.items():
            value = self.initial[name]
            if isinstance(field, forms.ChoiceField) and (value or name in ("locale", "zoneinfo")):
                value = dict(self[name].field.widget.choices)[value]
            elif isinstance(field, GenderField):
                value = field.VALUES.get(value, value)
            elif isinstance(value, datetime.date):
                value = date_format(value, "DATE_FORMAT")
            if value:
                shown.append((field.label, str(value)))
        return shown

    def clean_birthdate(self) -> datetime.date | None:
        """A day that has been."""
        born: datetime.date | None = self.cleaned_data["birthdate"]
        if born is not None and not (born.year >= 1850 and born <= timezone.localdate()):
            raise ValidationError(_("Enter the day on which you were born."))
        return born

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
