"""What people fill in: each field with its label, its autocomplete token and its errors."""

from __future__ import annotations

import unicodedata
import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .models import normalize_email

PASSWORD_MAX_LENGTH = 4096
"""Far beyond any passphrase; nothing shorter is ever cut (SECURITY C3, H19)."""


def normalize_password(password: str) -> str:
    """The same password typed on another keyboard is the same password (NIST SP 800-63B-4)."""
    return unicodedata.normalize("NFC", password)


class PasswordField(forms.CharField):
    """A password: never stripped, never sent back."""

    def __init__(self, *, autocomplete: str, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Password"))
        super().__init__(
            strip=False,
            max_length=PASSWORD_MAX_LENGTH,
            widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
            **kwargs,
        )

    def clean(self, value: Any) -> str:
        """The password in its normal form."""
        return normalize_password(super().clean(value))


class SignInForm(forms.Form):
    """Identifier and password on one page, ready for passkey autofill."""

    identifier = forms.CharField(
        label=_("Email address"),
        max_length=254,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username webauthn",
                "inputmode": "email",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )
    password = PasswordField(autocomplete="current-password")
    remember = forms.BooleanField(label=_("Keep me signed in on this device"), required=False)


class _NewPassword(forms.Form):
    """A new password, once: managers type it, and the page can show it."""

    password = PasswordField(autocomplete="new-password")

    def __init__(self, *args: Any, user: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password"].help_text = " ".join(
            str(text) for text in password_validators_help_texts()[:1]
        )

    def person(self) -> Any:
        """Whose password it is to be, for the comparison with their name and address."""
        return self.user

    def clean(self) -> dict[str, Any]:
        """Hold the password against the site's validators."""
        cleaned: dict[str, Any] = super().clean() or {}
        if "password" in cleaned:
            try:
                validate_password(cleaned["password"], self.person())
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class SetPasswordForm(_NewPassword):
    """A new password for an account that is there."""


class SignUpForm(_NewPassword):
    """A new account."""

    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username email"}),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        required=False,
        help_text=_("How applications may call you. You can leave it empty."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    field_order = ["name", "email", "password"]

    def person(self) -> Any:
        """The account as it would be."""
        return get_user_model()(email=self.cleaned_data.get("email", ""))

    def clean_email(self) -> str:
        """The address in its normal form."""
        return normalize_email(self.cleaned_data["email"])


class RecoverForm(forms.Form):
    """The address whose password is forgotten."""

    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )


class ChangePasswordForm(_NewPassword):
    """A new password of someone who knows the present one."""

    current_password = PasswordField(label=_("Present password"), autocomplete="current-password")

    field_order = ["current_password", "password"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("New password")

    def clean_current_password(self) -> str:
        """The present password must be right."""
        current: str = self.cleaned_data["current_password"]
        if not self.user.check_password(current):
            raise ValidationError(_("This is not your present password. Try again."))
        return current


class ProfileForm(forms.Form):
    """The standard claims that a person tells of themselves (OIDC Core §5.1)."""

    name = forms.CharField(
        label=_("Full name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    given_name = forms.CharField(
        label=_("Given name"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    family_name = forms.CharField(
        label=_("Family name"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    preferred_username = forms.CharField(
        label=_("Display name"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    locale = forms.ChoiceField(label=_("Language"), required=False)
    zoneinfo = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        automatic = [("", _("As my browser says"))]
        self.fields["locale"].choices = [*automatic, *settings.LANGUAGES]  # type: ignore[attr-defined]
        self.fields["zoneinfo"].choices = [  # type: ignore[attr-defined]
            *automatic,
            *((zone, zone.replace("_", " ")) for zone in sorted(zoneinfo.available_timezones())),
        ]

    def save(self, user: Any) -> list[str]:
        """Keep what changed on a user model that has the field; returns the names of the fields."""
        changed = [name for name in self.changed_data if hasattr(user, name)]
        for name in changed:
            setattr(user, name, self.cleaned_data[name])
        if changed:
            user.save()
        return changed
