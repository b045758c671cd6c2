"""The field for a code that was sent, or that an app shows."""

from __future__ import annotations

from django import forms
from django.forms.widgets import Script  # type: ignore[attr-defined]
from django.utils.translation import gettext_lazy as _


class CodeInput(forms.TextInput):
    """Takes a code as it is pasted or filled in, and sends its form once ``length`` characters of
    it are there; ``None`` for a code of which nobody knows how long it is.

    The template of the form has ``{{ form.media }}``. Without scripts it is a field like others.
    The person is told before, since a field is not to change the page unexpectedly (WCAG 3.2.2).
    """

    class Media:
        js = (Script("ostiary/code.js", type="module"),)

    def __init__(self, length: int | None, *, digits: bool = True) -> None:
        attrs = {
            "autocomplete": "one-time-code" if digits else "off",
            "inputmode": "numeric" if digits else "text",
            "spellcheck": "false",
            "dir": "ltr",
        }
        if not digits:
            attrs["autocapitalize"] = "characters"
        super().__init__(attrs)
        self.expect(length)

    def expect(self, length: int | None) -> None:
        """Have it sent at another length, or not by itself."""
        self.attrs.pop("data-code-length", None)
        self.attrs.pop("data-code-hint", None)
        if length:
            self.attrs["data-code-length"] = str(length)
            self.attrs["data-code-hint"] = _("You continue as soon as the code is complete.")
