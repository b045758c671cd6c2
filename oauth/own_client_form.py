"""The form by which people register applications of their own, within what they may."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from . import registration, scopes
from .models import Client

FIELDS = ("name", "client_type", "redirect_uris", "post_logout_redirect_uris", "scopes")


class OwnClientForm(forms.ModelForm):  # type: ignore[type-arg]
    """Only what is no operator's to give. The kind of client is chosen once."""

    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label=_("Permissions"))

    class Meta:
        model = Client
        fields = FIELDS
        labels = {
            "client_type": _("Kind"),
            "redirect_uris": _("Redirect URIs"),
            "post_logout_redirect_uris": _("Post-logout redirect URIs"),
        }
        help_texts = {
            "name": _("Shown to people when they sign in."),
            "client_type": _(
                "Confidential: runs on a server and keeps a secret. Public: runs in a browser "
                "or on a device."
            ),
            "redirect_uris": _(
                "Where people return after signing in. One per line, matched exactly. The port may "
                "differ for http://127.0.0.1, http://[::1] and, unless this site forbids it, "
                "http://localhost."
            ),
            "post_logout_redirect_uris": _(
                "Optional. Where people return after signing out. One per line."
            ),
        }
        widgets = {
            "redirect_uris": forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "dir": "ltr"}),
            "post_logout_redirect_uris": forms.Textarea(
                attrs={"rows": 3, "spellcheck": "false", "dir": "ltr"}
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limits, words = registration.default_limits(), scopes.descriptions()
        # What an operator has given to this one beyond the usual, the form doesn't take away.
        offered = [*dict.fromkeys((*limits.scopes, *self.instance.scopes))]
        chosen = self.fields["scopes"]
        assert isinstance(chosen, forms.MultipleChoiceField)  # noqa: S101  (as declared above)
        chosen.choices = [(name, f"{words[name]} ({name})") for name in offered if name in words]
        self.fields["name"].required = self.fields["redirect_uris"].required = True
        if not self.instance._state.adding:
            self.fields["client_type"].disabled = True
            return
        self.instance.registration_source = Client.RegistrationSource.SELF_SERVICE
        self.instance.grant_types = list(limits.grant_types)
        self.instance.audiences = list(limits.audiences)

    def _update_errors(self, errors: ValidationError) -> None:
        """What is wrong with a field that is not in this form is said of the whole."""
        told: dict[str, list[str]] = {}
        for name, texts in errors.message_dict.items():
            told.setdefault(name if name in self.fields else NON_FIELD_ERRORS, []).extend(texts)
        super()._update_errors(ValidationError(told))  # type: ignore[misc]  # missing in the stubs
