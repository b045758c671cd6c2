"""Tags of the pages on which people sign in and sign up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.template import Context, Library
from django.utils.translation import gettext as _

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
def error_summary(form: forms.Form) -> dict[str, Any] | None:
    """What is said above ``form`` of what is wrong with it, and takes the focus; ``None`` if that
    is nothing. Written before the fields are.

    What is wrong with a field is said at the field. Of a single one nothing is said above: the page
    opens at it, and it names its error as its description. Several are linked to by their labels.
    """
    wrong = [field for field in form if field.errors]
    shown = [field for field in wrong if not field.is_hidden]
    told = [*form.non_field_errors()]
    if len(shown) < len(wrong):  # a form that was cut off, or sent by no browser
        told.append(_("This form is incomplete. Reload the page and try again."))
    if not told and len(shown) == 1:
        [field] = shown
        if field.use_fieldset:
            field.field.takes_focus = True  # type: ignore[attr-defined]
        else:
            field.field.widget.attrs["autofocus"] = True
        return None
    if not told and not shown:
        return None
    fields = [(_first_input(field), field.label) for field in shown] if len(shown) > 1 else []
    return {"errors": told, "fields": fields}


def _first_input(field: forms.BoundField) -> str:
    """The id of what is filled in first in it."""
    return f"{field.auto_id}_0" if field.use_fieldset else field.id_for_label
