"""What people fill in about second factors."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import (
    MinimumLengthValidator,
    get_default_password_validators,
)
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ostiary import factors
from ostiary.code_input import CodeInput

from .conf import mfa_settings
from .guessing import guess_password
from .sms import numbers, phones
from .typed_code import normal


class CodeField(forms.CharField):
    """A code of six digits, in whatever spelling; cleaned it has one."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Code"))
        super().__init__(max_length=40, widget=CodeInput(6), **kwargs)

    def to_python(self, value: Any) -> str:
        """The code in its one spelling."""
        return normal(super().to_python(value) or "")


class NameForm(forms.Form):
    """What the person calls a device of theirs."""

    name = forms.CharField(
        label=_("Name (optional)"),
        max_length=64,
        required=False,
        help_text=_("Helps you recognize it later, such as “Phone”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class AppCodeForm(forms.Form):
    """The code that an authenticator app shows now."""

    code = CodeField(label=_("Authenticator code"))

    def __init__(self, *args: Any, digits: int | None = 6, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.expect(digits)


class AppSetUpForm(NameForm):
    """The first code of an app, with which it counts, and what the person calls it."""

    code = CodeField(label=_("Authenticator code"))


class RecoveryCodeForm(forms.Form):
    """A recovery code, in whatever spelling."""

    code = forms.CharField(
        label=_("Backup code"),
        max_length=60,
        widget=CodeInput(None, digits=False),
    )

    def __init__(self, *args: Any, length: int | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.expect(length)


class SentCodeForm(forms.Form):
    """A code that we sent."""

    code = CodeField(label=_("Code from the message"))


class PhoneForm(forms.Form):
    """A number that is to get codes; cleaned it is in E.164."""

    number = forms.CharField(
        label=_("Mobile number"),
        max_length=numbers.MAX_LENGTH,
        help_text=_("With country code, such as +49 1512 3456789."),
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel", "dir": "ltr"}
        ),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_number(self) -> str:
        """A mobile number of a country that we send to, and not the one that gets codes now."""
        number = numbers.parse(self.cleaned_data["number"], mfa_settings.SMS_COUNTRIES)
        present = phones.in_use(self.user)
        if present is not None and present.number == number:
            raise ValidationError(_("This is already your number. Enter a new one."))
        return number


class RemoveForm(forms.Form):
    """The last factor goes: from then on the password stands alone, and must be long enough."""

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        user: Any = request.user
        if len(factors.factors_of(user)) == 1 and user.has_usable_password():
            self.fields["password"] = forms.CharField(
                label=_("Password"),
                strip=False,
                help_text=_(
                    "This is your last two-step verification method. Enter your password to "
                    "remove it."
                ),
                widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            )

    def clean_password(self) -> str:
        """The password must be right, and as long as one that is the only factor. Raises
        ``Throttled``."""
        password: str = self.cleaned_data["password"]
        if not guess_password(self.request, self.request.user, password):
            raise ValidationError(_("That’s not your current password. Try again."))
        for validator in get_default_password_validators():
            if isinstance(validator, MinimumLengthValidator) and (
                len(password) < validator.min_length
            ):
                raise ValidationError(
                    _(
                        "Your password is too short to protect your account on its own. Change it "
                        "to one of at least %(least)d characters first."
                    ),
                    params={"least": validator.min_length},
                )
        return password
