"""What people fill in, and the field in which a script hands over an authenticator's answer."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

ANSWER_MAX_LENGTH = 64 * 1024
"""Far beyond any answer: attestation certificates are the largest part."""


class AnswerForm(forms.Form):
    """The JSON of an authenticator's answer (WebAuthn Level 3 §5.1), put in by our script.

    What is wrong with it is an error of the form: nobody sees the field.
    """

    answer = forms.CharField(required=False, widget=forms.HiddenInput)
    remember = forms.BooleanField(label=_("Keep me signed in on this device"), required=False)

    def clean(self) -> dict[str, Any]:
        """The answer as Python has it; what it holds is judged by the ceremony."""
        cleaned: dict[str, Any] = super().clean() or {}
        sent = cleaned.get("answer", "")
        if not sent:
            raise ValidationError(
                _("Passkeys need JavaScript, which didn’t run in your browser. Use another way.")
            )
        try:
            if len(sent) > ANSWER_MAX_LENGTH:
                raise ValueError("too long")
            return {**cleaned, "answer": json.loads(sent)}
        except (ValueError, RecursionError) as problem:
            raise ValidationError(_("That didn’t work. Try again.")) from problem


class NameForm(forms.Form):
    """What the person calls a passkey."""

    name = forms.CharField(label=_("Name"), max_length=100)
