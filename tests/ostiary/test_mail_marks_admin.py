"""An operator sees which addresses get no mail, and clears marks."""

import pytest
from django.contrib.auth import get_user_model

from ostiary import mail_standing
from ostiary.models import Event
from tests.operators import desk_of
from tests.ostiary.test_admin import whole_site  # noqa: F401  (a fixture)
from tests.ostiary.test_mail_reports import address_of, sent

pytestmark = pytest.mark.django_db


def test_an_operator_finds_and_clears_it(person):
    desk = desk_of(
        get_user_model().objects.create(email="op@example.com", is_staff=True, is_superuser=True)
    )
    sent(person, "m1")
    mail_standing.reported("m1", "bounced")
    query = {"q": address_of(person).upper(), "state": "bounced"}
    page = desk.get("/admin/ostiary/mailmark/", query)
    assert str(person) in page.content.decode()

    desk.post("/admin/ostiary/mailmark/", {"action": "clear", "_selected_action": [person.pk]})

    assert mail_standing.mark_of(person) == ""
    assert "operator" in Event.objects.get(kind="mail.cleared").details
    assert desk.get("/admin/ostiary/sentmail/").status_code == 200
