"""Form fields written without templates: ``FORM_RENDERER = "ostiary.form_renderer.FormRenderer"``.

Django's renderer goes through four or five small templates for each widget, which is a third of
what a page with a form costs, and two hundred times that for a list of the time zones. The widgets
that nearly all forms are made of are put together here, to the same characters as Django's
templates make; all else goes to those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.template.defaultfilters import stringformat
from django.utils.formats import localize
from django.utils.html import conditional_escape
from django.utils.safestring import SafeData
from django.utils.timezone import template_localtime  # type: ignore[attr-defined]

OPTION = "django/forms/widgets/select_option.html"


class NotPlainError(Exception):
    """A widget has something in it that only its own template can write."""


def _text(value: Any) -> str:
    """As ``{{ value|stringformat:"s" }}`` writes it."""
    if type(value) is str:
        return escape(value)
    text = str(stringformat(value, "s"))
    return text if isinstance(value, SafeData) else escape(text)


def _shown(value: Any) -> str:
    """As ``{{ value }}`` writes it: a number or a date in the form of the language."""
    if type(value) is str:
        return escape(value)
    return str(conditional_escape(localize(template_localtime(value))))


def _attrs(attrs: Mapping[str, Any] | None) -> str:
    return "".join(
        f" {_shown(name)}" if value is True else f' {_shown(name)}="{_text(value)}"'
        for name, value in (attrs or {}).items()
        if value is not False
    )


def _input(widget: Mapping[str, Any]) -> str:
    value = widget["value"]
    shown = "" if value is None else f' value="{_text(value)}"'
    kind, name = _shown(widget["type"]), _shown(widget["name"])
    return f'<input type="{kind}" name="{name}"{shown}{_attrs(widget["attrs"])}>'


def _textarea(widget: Mapping[str, Any]) -> str:
    value = widget["value"]
    shown = _shown(value) if value else ""
    return (
        f'<textarea name="{_shown(widget["name"])}"{_attrs(widget["attrs"])}>\n{shown}</textarea>'
    )


def _select(widget: Mapping[str, Any]) -> str:
    groups = "".join(
        f'\n  <optgroup label="{_shown(group)}">{_options(options)}\n  </optgroup>'
        if group
        else _options(options)
        for group, options, _ in widget["optgroups"]
    )
    return f'<select name="{_shown(widget["name"])}"{_attrs(widget["attrs"])}>{groups}\n</select>'


def _options(options: Iterable[Mapping[str, Any]]) -> str:
    return "".join(f"\n  {_option(option)}\n" for option in options)


def _option(option: Mapping[str, Any]) -> str:
    if option["template_name"] != OPTION:
        raise NotPlainError
    value, label = _text(option["value"]), _shown(option["label"])
    return f'<option value="{value}"{_attrs(option["attrs"])}>{label}</option>'


def _label(context: Mapping[str, Any]) -> str:
    label = _shown(context["label"])
    if not context["use_tag"]:
        return label
    tag = _shown(context["tag"])
    return f"<{tag}{_attrs(context['attrs'])}>{label}</{tag}>"


def _errors(context: Mapping[str, Any]) -> str:
    errors = context["errors"]
    if not errors:
        return ""
    told = "".join(f"<li>{_shown(error)}</li>" for error in errors)
    field_id = getattr(errors, "field_id", None)  # which Django 5.2 does not always have
    known = f' id="{_shown(field_id)}_error"' if field_id else ""
    return f'<ul class="{_shown(context["error_class"])}"{known}>{told}</ul>'


_INPUTS = (
    *("checkbox", "color", "date", "datetime", "email", "file", "hidden", "input"),
    *("number", "password", "search", "tel", "text", "time", "url"),
)
_WIDGETS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    **{f"django/forms/widgets/{name}.html": _input for name in _INPUTS},
    "django/forms/widgets/textarea.html": _textarea,
    "django/forms/widgets/select.html": _select,
}
_OTHERS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "django/forms/label.html": _label,
    "django/forms/errors/list/ul.html": _errors,
}


class FormRenderer(DjangoTemplates):
    """Django's, but quicker with the common widgets, labels and lists of errors."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """What the template of that name would make of ``context``."""
        try:
            if widget := _WIDGETS.get(template_name):
                return widget(context["widget"]).strip()
            if other := _OTHERS.get(template_name):
                return other(context).strip()
        except NotPlainError:
            pass
        return super().render(template_name, context, request)
