"""What people fill in: each field with its label, its autocomplete token and its errors."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import (
    MinimumLengthValidator,
    get_default_password_validators,
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ostiary.code_input import CodeInput
from ostiary.email_addresses import for_people

from . import confirm_by_mail, registration, signup_policy, terms
from .address_policy import check_address, check_name
from .addresses import (
    MAX_LENGTH,
    email_of,
    normalize_email,
    only_ascii,
    only_domains,
)
from .codes import DIGITS
from .guessing import guess
from .hashing import normalize_password
from .models import Invitation, PendingRegistration

PASSWORD_MAX_LENGTH = 4096
"""Far beyond any passphrase; nothing shorter is ever cut (SECURITY C3, H19)."""


class PasswordField(forms.CharField):
    """A password, as it was typed: never stripped, never sent back. Hashers normalise it."""

    def __init__(self, *, autocomplete: str, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Password"))
        super().__init__(
            strip=False,
            max_length=PASSWORD_MAX_LENGTH,
            widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
            **kwargs,
        )

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """No ``maxlength``: a browser would cut what is pasted, and not say so."""
        return {}


class NewPasswordField(PasswordField):
    """A password that is to be judged, and kept: in its normal form."""

    def __init__(self) -> None:
        super().__init__(autocomplete="new-password")

    def clean(self, value: Any) -> str:
        """The password in its normal form."""
        return normalize_password(super().clean(value))


class AddressInput(forms.TextInput):
    """Takes an address as it was typed.

    Not ``type=email``: Chromium changes what is typed into that, and by IDNA 2003, so that mail to
    ``faß.de`` would go to ``fass.de``.
    """

    def __init__(self, **attrs: str) -> None:
        as_typed = {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(attrs={**attrs, **as_typed, "dir": "ltr"})


class _ShownReadable(forms.CharField):
    """A field whose address is shown in the letters of its people."""

    def prepare_value(self, value: Any) -> Any:
        """Not what somebody has typed, which is shown again as it is."""
        return for_people(value) if isinstance(value, str) and "xn--" in value else value


class IdentifierField(_ShownReadable):
    """What somebody signs in by: their address, or a user name on a model that has those."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Email address"),
            max_length=MAX_LENGTH,
            widget=AddressInput(autocomplete="username webauthn"),
        )


class EmailAddressField(_ShownReadable, forms.EmailField):
    """An address, judged in the form in which it is kept."""

    default_validators = [*forms.EmailField.default_validators, only_ascii, only_domains]

    def __init__(self, *, autocomplete: str) -> None:
        super().__init__(
            label=_("Email address"),
            max_length=MAX_LENGTH,
            widget=AddressInput(autocomplete=autocomplete),
        )

    def to_python(self, value: Any) -> str:
        """The address in its normal form."""
        return normalize_email(super().to_python(value) or "")


class NewEmailAddressField(EmailAddressField):
    """An address that is to be a person's, and that the site's policies let them have."""

    default_validators = [*EmailAddressField.default_validators, check_address]


class SignInForm(forms.Form):
    """Identifier and password on one page, ready for passkey autofill."""

    identifier = IdentifierField()
    password = PasswordField(autocomplete="current-password")
    remember = forms.BooleanField(label=_("Keep me signed in on this device"), required=False)

    def clean_identifier(self) -> str:
        """The address in its normal form; a user name, on a model that has those, as it is."""
        return normalize_email(self.cleaned_data["identifier"])


def shortest_password() -> int:
    """How many characters a password has at least, as the site's validators have it."""
    return max(
        (
            validator.min_length
            for validator in get_default_password_validators()
            if isinstance(validator, MinimumLengthValidator)
        ),
        default=1,
    )


class _NewPassword(forms.Form):
    """A new password, once: managers type it, and the page can show it."""

    password = NewPasswordField()

    def __init__(self, *args: Any, user: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        # The first validator's words are about the length; the others speak when they refuse.
        field = self.fields["password"]
        field.help_text = " ".join(password_validators_help_texts()[:1])
        # What password managers make a password by (Apple, "Customizing Password AutoFill Rules").
        field.widget.attrs["passwordrules"] = f"minlength: {max(shortest_password(), 20)};"

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


class Checkbox(forms.CheckboxInput):
    """A tick that stands for a text, and stays only as long as it is that text."""

    def __init__(self, text: str) -> None:
        super().__init__(check_test=lambda value: value == text)
        self.text = text

    def format_value(self, value: Any) -> str:
        """The text, ticked or not."""
        return self.text

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The text that was ticked."""
        return data.get(name, "")


class TermsField(forms.CharField):
    """A tick that accepts the version of the terms that stood beside it when it was set."""

    def __init__(self, version: str) -> None:
        super().__init__(
            label=terms.sentence(),
            widget=Checkbox(version),
            error_messages={"required": _("Accept the terms of use to continue.")},
        )
        self.version = version

    def clean(self, value: Any) -> str:
        """The version, if it is still the present one."""
        if super().clean(value) != self.version.strip():
            raise ValidationError(
                _(
                    "The terms of use have just changed. Read and accept the new version to "
                    "continue."
                )
            )
        return self.version


class _NewAccount(_NewPassword):
    """What a person tells of themselves when they make an account."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        required=False,
        help_text=_("Optional. Shown to applications that you sign in to."),
        validators=[check_name],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if version := terms.current_version():
            self.fields["terms"] = TermsField(version)

    def address(self) -> str:
        """The address that the account is to have."""
        raise NotImplementedError

    def person(self) -> Any:
        """The account as it would be."""
        person = get_user_model()()
        setattr(person, person.get_email_field_name(), self.address())
        person.name = self.cleaned_data.get("name", "")
        return person


class SignUpForm(_NewAccount):
    """A new account, for those whom the policy lets make one."""

    email = NewEmailAddressField(autocomplete="username")

    field_order = ["name", "email", "password"]

    def __init__(self, *args: Any, without_password: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if without_password:
            del self.fields["password"]

    def address(self) -> str:
        """As it was typed."""
        return str(self.cleaned_data.get("email", ""))

    def clean_email(self) -> str:
        """The address must be at a domain whose people may sign up."""
        email: str = self.cleaned_data["email"]
        rules = signup_policy.current()
        if not rules.admits(email):
            raise ValidationError(
                _("Use an email address that ends in %(domains)s."),
                params={"domains": ", ".join(f"@{domain}" for domain in sorted(rules.domains))},
                code="domain",
            )
        return email


class AcceptInvitationForm(_NewAccount):
    """A new account, for someone who was invited to it."""

    field_order = ["name", "password"]

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, initial={"name": invitation.name}, **kwargs)
        self.invitation = invitation

    def address(self) -> str:
        """The one that was invited."""
        return self.invitation.email


class ConfirmSignUpForm(forms.Form):
    """The password chosen at sign-up, shown by someone who opens the link elsewhere."""

    password = PasswordField(label=_("The password you chose"), autocomplete="current-password")

    def __init__(
        self, *args: Any, request: HttpRequest, pending: PendingRegistration, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.pending = pending

    def clean_password(self) -> str:
        """The password must be the one chosen at sign-up. Raises ``Throttled``."""
        given: str = self.cleaned_data["password"]
        if not guess(
            self.request, self.pending.email, lambda: check_password(given, self.pending.password)
        ):
            raise ValidationError(
                _("That’s not the password you chose for this account. Try again.")
            )
        return given


class MailedCodeField(forms.CharField):
    """The code of a mail, typed into the page that asked for it."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Code from the email"),
            max_length=40,
            widget=CodeInput(DIGITS),
        )


def _checked_code(typed: str, right: bool | None) -> str:
    """The code, if it is right. Raises ``ValidationError``; ``None`` is one tried too often."""
    if right is None:
        raise ValidationError(_("Too many wrong codes. Send a new email, and use its code."))
    if not right:
        raise ValidationError(_("Wrong code. Check your newest email."))
    return typed


class ConfirmSignInForm(forms.Form):
    """The code that confirms a sign-in which looks unusual."""

    code = MailedCodeField()

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_code(self) -> str:
        """The code must be that of the newest message; each look at one is a try."""
        typed: str = self.cleaned_data["code"]
        return _checked_code(typed, confirm_by_mail.try_code(self.request, typed))


class SignUpCodeForm(ConfirmSignUpForm):
    """The code of the mail, typed into the page that asked for it."""

    code = MailedCodeField()

    field_order = ["code", "password"]

    def clean_code(self) -> str:
        """The code must be that of the newest message; each look at one is a try."""
        typed: str = self.cleaned_data["code"]
        return _checked_code(typed, registration.try_code(self.pending, typed))


class EmailSignInForm(forms.Form):
    """Where to mail a code or link to sign in by."""

    email = EmailAddressField(autocomplete="username")
    remember = forms.BooleanField(label=_("Keep me signed in on this device"), required=False)


class RecoverForm(forms.Form):
    """The address whose password is forgotten."""

    email = EmailAddressField(autocomplete="username")


class ChangeEmailForm(forms.Form):
    """The person's new address."""

    email = NewEmailAddressField(autocomplete="email")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["email"].label = _("New email address")

    def clean_email(self) -> str:
        """Another than the present one; whether it is someone else's is not told here (C1)."""
        email: str = self.cleaned_data["email"]
        if email == email_of(self.user):
            raise ValidationError(_("That’s already your email address. Enter a new one."))
        return email


class CodeForm(forms.Form):
    """A code that was mailed."""

    code = MailedCodeField()


class ChangePasswordForm(_NewPassword):
    """A new password of someone who knows the present one."""

    current_password = PasswordField(label=_("Current password"), autocomplete="current-password")

    field_order = ["current_password", "password"]

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, user=request.user, **kwargs)
        self.request = request
        self.fields["password"].label = _("New password")

    def clean_current_password(self) -> str:
        """The current password must be right. Raises ``Throttled``."""
        given: str = self.cleaned_data["current_password"]
        if not guess(
            self.request, self.user.get_username(), lambda: self.user.check_password(given)
        ):
            raise ValidationError(_("That’s not your current password. Try again."))
        return given
