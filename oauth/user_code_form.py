"""The form for the code that a device shows (RFC 8628 §3.3)."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

USER_CODE_MAX_LENGTH = 50

PROBLEMS = {
    "unknown": _("Wrong code. Check your device, or start again there for a new code."),
    "throttled": _("Too many wrong codes. Wait a few minutes, then try again."),
}


class UserCodeForm(forms.Form):
    """A code in whatever spelling. Whether something waits under it is for the view to see."""

    user_code = forms.CharField(
        label=_("Code"),
        max_length=USER_CODE_MAX_LENGTH,
        help_text=_("Capital letters and dashes don’t matter."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "dir": "ltr",
            }
        ),
    )
