"""Tags of the pages on which people sign in and sign up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.template import Context, Library

from .. import application_ahead

register = Library()


@register.inclusion_tag("ostiary/application_ahead.html", takes_context=True)
def to_application(context: Context, next_url: str | None = None) -> dict[str, Any]:
    """Say which application the person is on the way to, if they are.

    ``next_url`` is where the page leads; without it, the ``next`` of the address, or where the
    pending sign-in leads.
    """
    request = context.get("request")
    if request is None:
        return {}
    if next_url is None:
        next_url = request.GET.get("next", "") or application_ahead.pending_next_url(request)
    return {"application": application_ahead.find(request, next_url)}


@register.simple_tag
def focus_first(form: forms.Form) -> str:
    """Have the page open with the first empty field of ``form`` in focus.

    After an error the focus is on what says so (``errors.html``), and an element with ``autofocus``
    has to be the only one of its page (HTML §6.6.7).
    """
    if form.errors:
        return ""
    for field in form:
        if field.is_hidden or field.widget_type == "checkbox" or field.value():
            continue
        field.field.widget.attrs["autofocus"] = True
        break
    return ""


@register.simple_tag
def needs_summary(form: forms.Form) -> bool:
    """Whether what is wrong with ``form`` is said above it, where the focus then is.

    Of a single field it is said at the field alone, which opens in focus and names its error as its
    description. Written before the fields are.
    """
    if not form.errors or form.non_field_errors():
        return bool(form.errors)
    wrong = [field for field in form if field.errors]
    if len(wrong) != 1 or wrong[0].is_hidden or wrong[0].use_fieldset:
        return True
    wrong[0].field.widget.attrs["autofocus"] = True
    return False
