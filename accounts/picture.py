"""A person's picture: uploaded, drawn again, served from here, and told to applications.

The person's ``picture`` has its whole address, as that of any other picture: it is the claim of
that name (OIDC Core §5.1), and costs no statement where it is told or shown. A user model without
that field has no pictures.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.db import transaction
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ostiary import avatar, events, mail
from ostiary.pictures import ACCEPT, MOST_BYTES, redrawn

from .models import ProfilePicture
from .models.picture import KEY_LENGTH, new_key

SIDE = 320
"""It is a square of so many pixels: four times what the largest place of a page takes."""
ANY_KEY = "0"


class UpToTheLimit(FileUploadHandler):
    """Keeps one byte more of a request's files than is allowed, in memory, and lets the rest go by:
    so that the page can say that it was too large."""

    left = MOST_BYTES + 1

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Another file begins."""
        super().new_file(*args, **kwargs)
        self.kept = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take as much of it as is kept."""
        self.left -= self.kept.write(raw_data[: self.left])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """What is kept of the file."""
        size = self.kept.tell()
        self.kept.seek(0)
        return InMemoryUploadedFile(
            self.kept, self.field_name, self.file_name, self.content_type or "", size, None
        )


class PictureForm(forms.Form):
    """A file, which is a picture."""

    picture = forms.FileField(
        label=_("Picture"),
        help_text=_("A PNG, JPEG, WebP or GIF file of at most 1 MB. We cut it to a square."),
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
        allow_empty_file=True,  # of which is said what of any other that is no picture
        error_messages={"required": _("Choose a picture."), "invalid": _("Choose a picture.")},
    )

    def clean_picture(self) -> tuple[bytes, str]:
        """The picture as it is kept, and its content type."""
        return redrawn(self.cleaned_data["picture"].read(), SIDE, SIDE, fill=True)


def is_offered(user: Any) -> bool:
    """Whether people of this user model have pictures."""
    try:
        user._meta.get_field("picture")
    except FieldDoesNotExist:
        return False
    return True


def url_of(key: str) -> str:
    """The whole address of a picture."""
    return mail.absolute_url(reverse("ostiary_accounts:picture_file", args=[key]))


def key_of(user: Any) -> str:
    """What the address of the person's picture ends in; ``""`` if it is not from here."""
    address = str(getattr(user, "picture", "") or "")
    try:
        before = url_of(ANY_KEY).removesuffix(ANY_KEY)
    except NoReverseMatch:  # a project that shows none of our pages
        return ""
    return address.removeprefix(before) if address.startswith(before) else ""


def path_of(user: Any) -> str:
    """The path of the person's picture on this site; ``""`` without one."""
    key = key_of(user)
    return reverse("ostiary_accounts:picture_file", args=[key]) if _is_key(key) else ""


def _is_key(text: str) -> bool:
    return len(text) == KEY_LENGTH and text.replace("-", "").replace("_", "").isalnum()


def elsewhere(user: Any) -> str:
    """The host that the person's picture is on, where that isn't here; ``""`` without one."""
    address = "" if key_of(user) else str(getattr(user, "picture", "") or "")
    return urlsplit(address).hostname or ""


def find(key: str) -> ProfilePicture | None:
    """The picture of this key, if it is what its person has (one statement)."""
    if not _is_key(key) or not is_offered(get_user_model()):
        return None
    known = ProfilePicture.objects.select_related("user")
    found: ProfilePicture | None = known.filter(key=key, user__picture=url_of(key)).first()
    return found if found is not None and found.user.is_active else None


def upload(request: HttpRequest, user: Any, image: bytes, content_type: str) -> None:
    """Give the person this picture in place of the one they have."""
    with transaction.atomic():
        user = _locked(user)
        before = ProfilePicture.objects.filter(user=user).only("replaces").first()
        mine = before is not None and key_of(user)
        ProfilePicture.objects.update_or_create(
            user=user,
            defaults={
                "key": (key := new_key(image)),
                "image": image,
                "content_type": content_type,
                "uploaded_at": timezone.now(),
                "replaces": before.replaces if before and mine else user.picture,
            },
        )
        _write(request, user, url_of(key))


def remove(request: HttpRequest, user: Any) -> None:
    """Take the person's picture away; what it had replaced comes back."""
    with transaction.atomic():
        user = _locked(user)
        before = ProfilePicture.objects.filter(user=user).only("replaces").first()
        address = before.replaces if before and key_of(user) else ""
        ProfilePicture.objects.filter(user=user).delete()
        if user.picture != address:
            _write(request, user, address)


def _locked(user: Any) -> Any:
    """The person as they are now: of two pictures at once the last holds."""
    return get_user_model()._default_manager.select_for_update().get(pk=user.pk)


def _write(request: HttpRequest, user: Any, address: str) -> None:
    user.picture = address
    stamps = [field.name for field in user._meta.fields if getattr(field, "auto_now", False)]
    user.save(update_fields=["picture", *stamps])
    events.record("profile.changed", user=user, request=request, details={"fields": ["picture"]})


def register() -> None:
    """Called once, when the app is ready."""
    avatar.use_pictures(path_of)
