"""What the form renderer writes is what Django's writes, to the character."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.forms.utils import ErrorList
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from ostiary.form_renderer import FormRenderer

NASTY = """<script>alert("x" & 'y')</script>{{ x }}{% url %}\\ ‮%s"""
GROUPS = [("", "—"), ("Fruit & more", [("a", "<Apple>"), (2, _("Sign in"))]), (None, 3.5)]
WIDGETS = [
    forms.TextInput(attrs={"autocomplete": "username webauthn", "spellcheck": False}),
    forms.TextInput(attrs={"data-x": NASTY, "data-safe": mark_safe("&amp;"), "disabled": True}),
    forms.TextInput(attrs={"data-tuple": ("a", "b"), "data-none": None, "rows": 12345}),
    forms.TextInput(attrs={"title": _("Sign in")}),
    forms.PasswordInput(),
    forms.PasswordInput(render_value=True),
    forms.EmailInput(),
    forms.URLInput(),
    forms.NumberInput(),
    forms.HiddenInput(),
    forms.CheckboxInput(),
    forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    forms.DateTimeInput(),
    forms.TimeInput(),
    forms.Textarea(attrs={"rows": 2}),
    forms.FileInput(),
    forms.Select(choices=GROUPS),
    forms.SelectMultiple(choices=GROUPS),
    forms.NullBooleanSelect(),
    # Those that it leaves to Django:
    forms.RadioSelect(choices=GROUPS),
    forms.CheckboxSelectMultiple(choices=GROUPS),
    forms.ClearableFileInput(),
    forms.SplitDateTimeWidget(),
    forms.MultipleHiddenInput(),
    forms.SelectDateWidget(years=[2026]),
]
VALUES = [
    None,
    "",
    "a",
    NASTY,
    mark_safe("<b>&amp;</b>"),
    2,
    1234567.5,
    True,
    False,
    ["a", 2],
    datetime.date(2026, 2, 3),
    datetime.datetime(2026, 2, 3, 4, 5, 6, tzinfo=datetime.UTC),
    _("Sign in"),
]


def drawn(renderer: Any, widget: forms.Widget, value: Any) -> str:
    """The widget, or what it ends in: some take no such value."""
    try:
        return str(widget.render("field", value, {"id": "id_field"}, renderer))
    except Exception as problem:
        return repr(problem)


@pytest.mark.parametrize("language", ["en", "de", "ar"])
@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: type(widget).__name__)
def test_a_widget_is_written_as_django_writes_it(widget: forms.Widget, language: str) -> None:
    with translation.override(language):
        for value in VALUES:
            assert drawn(FormRenderer(), widget, value) == drawn(DjangoTemplates(), widget, value)


class OwnOptions(forms.Select):
    option_template_name = "django/forms/widgets/checkbox_option.html"


def test_options_with_a_template_of_their_own_are_written_by_it() -> None:
    widget = OwnOptions(choices=[("a", "A")])
    assert "<input" in drawn(FormRenderer(), widget, "a")
    assert drawn(FormRenderer(), widget, "a") == drawn(DjangoTemplates(), widget, "a")


class Form(forms.Form):
    name = forms.CharField(label=mark_safe("Your <b>name</b>"), help_text="<i>any</i>")
    age = forms.IntegerField(label=_("Age & such"))
    choice = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)


@pytest.mark.parametrize("data", [None, {}, {"name": NASTY, "age": "x", "choice": "b"}])
def test_a_whole_form_is_written_as_django_writes_it(data: dict[str, str] | None) -> None:
    ours, djangos = (Form(data, renderer=made()) for made in (FormRenderer, DjangoTemplates))
    for form in (ours, djangos):
        form.is_valid()
        if form.is_bound:
            form.add_error(None, NASTY)
    for method in ("as_div", "as_p", "as_table", "as_ul"):
        assert getattr(ours, method)() == getattr(djangos, method)()
    for field in Form.base_fields:
        assert str(ours[field].errors) == str(djangos[field].errors)
        assert ours[field].label_tag(attrs={"class": "x"}) == djangos[field].label_tag(
            attrs={"class": "x"}
        )


def test_a_list_of_errors_is_written_as_django_writes_it() -> None:
    for errors in ([], [NASTY, _("Sign in")]):
        ours, djangos = (
            ErrorList(errors, error_class="nonfield", renderer=made())
            for made in (FormRenderer, DjangoTemplates)
        )
        assert str(ours) == str(djangos)
