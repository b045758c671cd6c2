"""``/account/privacy/export/``: asking for a copy of one's data, and fetching it (SECURITY F4)."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_safe

from ostiary import assurance, exports
from ostiary.conf import ostiary_settings
from ostiary.models import Export
from ostiary.pages import form_page
from ostiary.throttling import throttle

FILE_NAME = "personal-data-{:%Y-%m-%d}.zip"


@form_page
@login_required
@assurance.step_up()
def ask(request: HttpRequest) -> HttpResponse:
    """Say how far the copy is, offer it, and take the wish for a new one."""
    user: Any = request.user
    if request.method != "POST":
        return _page(request)
    if exports.waiting_of(user) is None:
        throttle("export", user=str(user.pk))
        exports.request(user, http_request=request)
    told = _("We’re collecting your data. We’ll email you when it’s ready.")
    messages.success(request, told)
    return redirect("ostiary_accounts:export")


@never_cache
@csrf_protect
@require_safe
@login_required
@assurance.step_up()
def download(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The ZIP file, to the person alone; of one that is offered no more, the page says so."""
    user: Any = request.user
    offered = get_object_or_404(Export.objects.select_related("user"), pk=key, user=user)
    if not offered.is_offered:
        return _page(request, gone=True, status=410)
    if request.method == "HEAD":
        parts: Any = []
    else:
        parts = exports.fetch(offered, http_request=request)
    answer = StreamingHttpResponse(parts, content_type="application/zip")
    answer["Content-Length"] = str(offered.size)
    name = FILE_NAME.format(offered.requested_at)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer  # type: ignore[return-value]  # decorators speak of the other kind


def _page(request: HttpRequest, *, gone: bool = False, status: int = 200) -> HttpResponse:
    user: Any = request.user
    asked = exports.of(user)
    told = {
        "export": asked,
        "collected": asked is not None and asked.state == Export.State.WAITING,
        "stuck": asked is not None
        and asked.state == Export.State.WAITING
        and not exports.can_go_on(asked),
        "failed": asked is not None and asked.state == Export.State.FAILED,
        "gone": gone,
        "days": ostiary_settings.EXPORT_KEEP_DAYS,
    }
    return render(request, "ostiary_accounts/export.html", told, status=status)
