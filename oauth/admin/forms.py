"""What the forms of this admin share: JSON lists as fields, and changes as the log tells them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models

from .. import scopes


class SetField(forms.MultipleChoiceField):
    """A JSON list of known values, as check boxes."""

    widget = forms.CheckboxSelectMultiple


class LinesField(forms.CharField):
    """A JSON list of texts, one a line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """The list as lines."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """The lines as a list, empty ones left out."""
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the lists differ."""
        return bool((initial or []) != self.to_python(data))


def names(values: tuple[str, ...]) -> list[tuple[str, str]]:
    """Values as choices."""
    return [(value, value) for value in values]


def scope_choices() -> list[tuple[str, str]]:
    """Every scope of this site, with its words."""
    return [(name, f"{name}: {words}") for name, words in scopes.descriptions().items()]


def _told(value: Any) -> Any:
    """A form's value as the log keeps it."""
    if isinstance(value, models.Model):
        return str(value.pk)
    return value if value is None or isinstance(value, bool | int | list) else str(value)


def changes_of(form: Any) -> dict[str, dict[str, Any]]:
    """What a form changed: each field's value before and after."""
    return {
        name: {
            "before": _told(form.initial.get(name)),
            "after": _told(form.cleaned_data[name]),
        }
        for name in form.changed_data
    }
