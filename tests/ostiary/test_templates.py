"""The partials that make every form's fields and errors, for whatever form there is."""

import re

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe


class Everything(forms.Form):
    email = forms.EmailField(help_text="We <never> tell it.")
    agree = forms.BooleanField(help_text="You must.")
    colour = forms.ChoiceField(choices=[("r", "Red")], widget=forms.RadioSelect, help_text="One.")
    note = forms.CharField(required=False)
    token = forms.CharField(widget=forms.HiddenInput)


def rendered(form, name):
    return render_to_string("ostiary/field.html", {"field": form[name]})


def texts_tied_to(html):
    """What a screen reader adds to the control: the texts that ``aria-describedby`` names."""
    names = re.search(r'aria-describedby="([^"]+)"', html)[1].split()
    return [re.search(rf'id="{name}">(.*?)</(?:p|ul)>', html, re.DOTALL)[1] for name in names]


def test_hint_and_error_are_tied_to_the_field():
    html = rendered(Everything({"email": "no address"}), "email")

    hint, error = texts_tied_to(html)
    assert hint == "We &lt;never&gt; tell it."
    assert "Enter a valid email address." in error
    assert 'aria-invalid="true"' in html
    assert '<label for="id_email">' in html


def test_a_check_box_comes_before_its_label():
    html = rendered(Everything(), "agree")

    assert html.index("<input") < html.index("<label")


def test_a_group_of_choices_is_named_and_described_as_one():
    html = rendered(Everything({}), "colour")

    assert 'role="group" aria-labelledby="id_colour_label"' in html
    hint, error = texts_tied_to(html)
    assert hint == "One."
    assert "This field is required." in error


def test_a_field_without_hint_or_error_is_described_by_nothing():
    assert "aria-describedby" not in rendered(Everything(), "note")


def test_a_hidden_field_has_no_label():
    html = rendered(Everything(), "token")

    assert "<label" not in html
    assert 'type="hidden"' in html


def test_the_errors_of_the_whole_form_are_an_alert_that_takes_the_focus():
    form = Everything({})
    form.add_error(None, "Not both at <once>.")
    html = render_to_string("ostiary/errors.html", {"form": form})

    assert 'role="alert" tabindex="-1" autofocus' in html
    assert "Not both at &lt;once&gt;." in html


def above(form):
    return render_to_string("ostiary/errors.html", {"form": form})


def whole(form):
    """Its errors and fields, as every page has them."""
    return above(form) + "".join(rendered(form, field.name) for field in form)


def test_several_wrong_fields_are_linked_to_and_told_at_the_fields_alone():
    form = Everything({"email": "no address", "token": "x"})
    html = above(form)

    assert re.findall(r'href="#(\w+)">([^<]+)<', html) == [
        ("id_email", "Email"),
        ("id_agree", "Agree"),
        ("id_colour_0", "Colour"),
    ]
    assert "Enter a valid email address." not in html
    page = whole(form)
    assert all(f'id="{name}"' in page for name in re.findall(r'href="#(\w+)"', html))
    assert page.count("autofocus") == 1


def test_an_error_of_the_whole_form_beside_one_of_a_field_is_said_once_each():
    form = Everything({"agree": "on", "colour": "r", "email": "no address", "token": "x"})
    form.add_error(None, "Not both.")
    page = whole(form)

    assert page.count("Not both.") == page.count("Enter a valid email address.") == 1
    assert "href=" not in page
    assert page.count("autofocus") == 1
    assert page.index("autofocus") < page.index("Not both.")


def test_a_group_of_choices_that_alone_is_wrong_takes_the_focus_as_one():
    form = Everything({"agree": "on", "email": "a@example.com", "token": "x"})
    page = whole(form)

    assert "alert" not in page
    assert page.count("autofocus") == 1
    assert re.search(r'role="group"[^>]* tabindex="-1" autofocus', page)


def test_what_is_wrong_where_nobody_looks_is_said_above():
    form = Everything({"agree": "on", "colour": "r", "email": "a@example.com"})

    assert "Reload the page" in above(form)
    assert whole(form).count("autofocus") == 1


def test_a_label_with_a_link_in_it_is_linked_to_by_its_words():
    class Terms(forms.Form):
        terms = forms.BooleanField(label=mark_safe('I accept the <a href="/t">terms</a>'))
        name = forms.CharField(label="<Name>")

    html = above(Terms({}))
    assert '<a href="#id_terms">I accept the terms</a>' in html
    assert "<Name>" not in html


def test_what_is_wrong_with_a_single_field_is_said_there_alone_and_has_the_focus():
    class Code(forms.Form):
        code = forms.CharField()

    form = Code({})
    summary = above(form)
    field = render_to_string("ostiary/field.html", {"field": form["code"]})

    assert summary.strip() == ""
    assert "autofocus" in field
    assert 'aria-invalid="true"' in field
    assert "This field is required." in field


def test_a_form_without_errors_has_no_alert():
    html = render_to_string("ostiary/errors.html", {"form": Everything()})

    assert "alert" not in html
