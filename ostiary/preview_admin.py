"""Every message as it may look, in every language, for operators.

The HTML of a mail is a page of its own, in a frame that may run and load nothing: it has styles in
its elements, as mail must, which the site's own policy forbids.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from . import message_samples

HTML_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)


class Choice(forms.Form):
    """Which message, in which language."""

    name = forms.ChoiceField(label=_("Message"))
    language = forms.ChoiceField(label=_("Language"), choices=lambda: settings.LANGUAGES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names: Any = self.fields["name"]
        names.choices = [(name, name) for name in message_samples.names()]


def urls(model_admin: Any) -> list[URLPattern]:
    """The two pages, for those who may see the outbox."""

    def guarded(view: Callable[[Any, HttpRequest], HttpResponse]) -> Any:
        def shown(request: HttpRequest) -> HttpResponse:
            if not model_admin.has_view_permission(request):
                raise PermissionDenied
            return view(model_admin, request)

        return model_admin.admin_site.admin_view(shown)

    framed = xframe_options_sameorigin(guarded(html))
    return [
        path("messages/", guarded(look), name="ostiary_messages"),
        path("messages/html/", framed, name="ostiary_message_html"),
    ]


def look(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Choose a message and a language, and see it."""
    first = {"name": message_samples.names()[0], "language": translation.get_language()}
    form = Choice({**first, **request.GET.dict()})
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": _("Messages"),
        "form": form,
        "preview": message_samples.preview(**form.cleaned_data) if form.is_valid() else None,
        "query": request.GET.urlencode(),
    }
    answer = TemplateResponse(request, "admin/ostiary/outboxmessage/messages.html", context)
    answer.frame_src = ["'self'"]  # type: ignore[attr-defined]
    return answer


def html(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """The HTML of a mail, alone."""
    form = Choice(request.GET)
    if not form.is_valid():
        raise Http404
    found = message_samples.preview(**form.cleaned_data).html
    if not found:
        raise Http404
    return HttpResponse(found, headers={"Content-Security-Policy": HTML_POLICY})
