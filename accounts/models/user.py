"""People."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary import person_at_hand, prepared
from ostiary.email_addresses import (
    AsciiLower,
    has_address,
    people_with,
    the_one_with,
)
from ostiary.ids import uuid7
from ostiary.prepared import Parameter
from ostiary.regions.homes import this_region

from .. import countries
from ..addresses import MAX_LENGTH, normalize_email, only_ascii, only_domains
from ..hashing import normalize_password


class UserManager(BaseUserManager["User"]):
    """Finds people by address, whatever its case."""

    takes_person_at_hand = True

    def get(self, *args: Any, **kwargs: Any) -> User:
        """The one person that is asked for. Django asks by primary key, and nothing else, at every
        request of who is signed in: that SQL is made once (``ostiary/prepared.py``)."""
        pk = kwargs.get("pk")
        # A manager of somebody's people, or of another database, is not this very class, or has
        # been told so.
        everyone = type(self) is UserManager and self.model is User and not self._db
        if args or len(kwargs) != 1 or not isinstance(pk, uuid.UUID) or not everyone:
            return super().get(*args, **kwargs)
        found: User | None = person_at_hand.take(pk) or _by_pk.first(pk=pk)
        if found is None:
            raise User.DoesNotExist("No such user.")
        return found

    def get_by_natural_key(self, username: str | None) -> User:
        """The person with this address, in any case. Raises ``User.DoesNotExist``."""
        return self._the_one(username, people_with(username or "", self.get_queryset()))

    async def aget_by_natural_key(self, username: str | None) -> User:
        """The same, for asynchronous code."""
        people = self.get_queryset().filter(has_address("email", [username or ""]))
        return self._the_one(username, [user async for user in people])

    @staticmethod
    def _the_one(username: str | None, people: list[User]) -> User:
        found: User | None = the_one_with(username or "", people)
        if found is None:
            raise User.DoesNotExist("No such user.")
        return found

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a person; without a password they can't sign in by one."""
        if not email:
            raise ValueError("A user needs an email address.")
        user = self.model(email=normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make an operator who may do everything."""
        return self.create_user(
            email, password, **{"is_staff": True, "is_superuser": True, **fields}
        )


class NormalEmailField(models.EmailField):  # type: ignore[type-arg]
    """Writes the address of somebody new in its normal form, wherever it came from."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """What is written, which the person then has too."""
        if add:
            email = normalize_email(getattr(model_instance, self.attname))
            setattr(model_instance, self.attname, email)
        return super().pre_save(model_instance, add)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """A column like any other: for migrations it is Django's own field."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.EmailField", args, kwargs


class User(AbstractBaseUser, PermissionsMixin):
    """A person. The text of the primary key is the OIDC ``sub``; it is never given to another."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # The constraint below is the stricter one. `unique` is what Django's own check looks for
    # (auth.E003), and what makes forms tie the error to the field.
    email = NormalEmailField(
        _("email address"),
        max_length=MAX_LENGTH,
        unique=True,
        validators=[only_ascii],
        error_messages={"unique": _("An account with this email address already exists.")},
    )
    email_verified_at = models.DateTimeField(_("email verified"), null=True, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    given_name = models.CharField(_("given name"), max_length=100, blank=True)
    family_name = models.CharField(_("family name"), max_length=100, blank=True)
    middle_name = models.CharField(_("middle name"), max_length=100, blank=True)
    nickname = models.CharField(_("nickname"), max_length=100, blank=True)
    preferred_username = models.CharField(_("display name"), max_length=100, blank=True)
    picture = models.URLField(_("picture"), blank=True)
    profile = models.URLField(_("profile page"), blank=True)
    website = models.URLField(_("website"), blank=True)
    gender = models.CharField(_("gender"), max_length=40, blank=True)
    birthdate = models.DateField(_("date of birth"), null=True, blank=True)
    street_address = models.TextField(_("street address"), max_length=300, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    locality = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("region"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=100, blank=True)
    locale = models.CharField(_("language"), max_length=20, blank=True)
    zoneinfo = models.CharField(_("time zone"), max_length=64, blank=True)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Deactivate accounts instead of deleting them.")
    )
    is_staff = models.BooleanField(
        _("operator"), default=False, help_text=_("Can use the admin console.")
    )
    home_region = models.CharField(
        _("home region"),
        max_length=32,
        blank=True,
        default=this_region,
        db_default="",
        editable=False,
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        swappable = "AUTH_USER_MODEL"
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                AsciiLower("email"),
                name="ostiary_accounts_one_of_address",
                violation_error_message=_("An account with this email address already exists."),
            )
        ]

    def __str__(self) -> str:
        return str(self.email)

    def clean(self) -> None:
        """Keep the address in its normal form. Raises ``ValidationError``."""
        super().clean()
        self.email = normalize_email(self.email)
        try:
            only_domains(self.email)
        except ValidationError as problem:
            raise ValidationError({"email": problem}) from None

    def set_password(self, raw_password: str | None) -> None:
        """Set the password in its normal form; ``None`` lets nobody sign in by one."""
        super().set_password(raw_password and normalize_password(raw_password))

    @property
    def address(self) -> dict[str, str]:
        """The postal address as the claim of that name (OIDC Core §5.1.1). It has the name of the
        country, in English for all applications alike."""
        names = ("street_address", "locality", "region", "postal_code", "country")
        told = {name: value for name in names if (value := getattr(self, name))}
        if country := told.get("country"):
            told["country"] = countries.name_of(country, countries.ENGLISH)
        return told

    def get_full_name(self) -> str:
        """The name as the person writes it."""
        return self.name or f"{self.given_name} {self.family_name}".strip()

    def get_short_name(self) -> str:
        """What to call the person."""
        return self.given_name or self.preferred_username or self.name or self.email


_by_pk = prepared.Select(User, lambda: User.objects.filter(pk=Parameter("pk", models.UUIDField())))
