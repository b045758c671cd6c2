"""``/account/picture/``: a picture of the person; and where anybody sees it who has its address."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from ostiary.pages import form_page
from ostiary.throttling import throttle

from .. import picture as pictures
from ..picture import PictureForm
from . import show

CACHE_CONTROL = "public, max-age=86400, immutable"
"""Another picture has another address; one that was removed is in no cache for more than a day."""


@csrf_exempt  # until it is said how much of the form is read, and no longer
def edit(request: HttpRequest) -> HttpResponse:
    """Upload a picture."""
    request.upload_handlers = [pictures.UpToTheLimit(request)]
    return _edit(request)


@form_page
@login_required
def _edit(request: HttpRequest) -> HttpResponse:
    if not pictures.is_offered(request.user):
        raise Http404
    sent = request.method == "POST"
    if sent:
        throttle("picture", user=str(request.user.pk))
    form = PictureForm(request.POST, request.FILES) if sent else PictureForm()
    if not form.is_valid():
        return show(
            request,
            "picture",
            form,
            uploaded=pictures.path_of(request.user),
            elsewhere=pictures.elsewhere(request.user),
            section="ostiary_accounts:profile",
        )
    pictures.upload(request, request.user, *form.cleaned_data["picture"])
    messages.success(request, _("Picture saved."))
    return redirect("ostiary_accounts:picture")


@csrf_protect
@login_required
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    """Take the picture away."""
    if pictures.is_offered(request.user):
        pictures.remove(request, request.user)
        messages.success(request, _("Picture removed."))
    return redirect("ostiary_accounts:picture")


@require_safe
def file(request: HttpRequest, key: str) -> HttpResponse:
    """The picture, for pages here and of applications. Its address can't be guessed."""
    found = pictures.find(key)
    if found is None:
        raise Http404
    return HttpResponse(
        bytes(found.image),
        content_type=found.content_type,
        headers={
            "Cache-Control": CACHE_CONTROL,
            "Content-Disposition": "inline",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


file.without_person = True  # type: ignore[attr-defined]
