"""What ``test_any_user_model`` has a process of its own do, under ``settings``."""

import io
import tempfile
from pathlib import Path

import django

django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client as Browser  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from accounts import invitations, personal_data, terms  # noqa: E402
from accounts.models import Invitation  # noqa: E402
from tests.accounts import exports, flow  # noqa: E402

setup_test_environment()
call_command("check", fail_level="WARNING", verbosity=0)
call_command("makemigrations", check=True, dry_run=True, verbosity=0)
call_command("migrate", verbosity=0)

browser = Browser()
assert flow.sign_up(browser, "carol@example.com", name="Carol").status_code == 302
assert flow.is_signed_in(browser)
carol = User.objects.get()
assert (carol.username, carol.email) == ("carol@example.com", "carol@example.com")
for page in ("", "profile/", "security/", "sessions/", "activity/", "privacy/"):
    assert browser.get(f"/account/{page}").status_code == 200, page
assert 'name="name"' not in browser.get("/account/profile/").content.decode()
assert browser.post("/account/profile/", {}).status_code == 302

# The address changes, and with it the user name that was made of it.
assert browser.post("/account/email/", {"email": "carol@new.example"}).status_code == 302
browser.get(flow.link_in(flow.delivered()[-1]))
assert browser.post("/account/email/confirm/").status_code == 302
carol.refresh_from_db()
assert (carol.username, carol.email) == ("carol@new.example", "carol@new.example")
assert browser.get("/account/email/").status_code == 200

# By code, and by invitation, with a group.
browser = Browser()
page = flow.ask_for_account(browser, "ruth@example.com")["Location"]
assert browser.post(page, {"code": flow.code_in(flow.delivered()[-1])}).status_code == 302
request = RequestFactory().get("/")
request.user = carol
editors = Group.objects.create(name="Editors")
invitations.send(request, Invitation(email="sven@example.com", group=editors))
browser = Browser()
browser.get(flow.link_in(flow.delivered()[-1]))
accepted = browser.post("/signup/invitation/", {"password": flow.PASSWORD})
assert accepted.status_code == 302
sven = User.objects.get(username="sven@example.com")
assert list(sven.groups.all()) == [editors]
terms.accept(sven, "1")
assert personal_data.export(sven)["terms_accepted"][0]["version"] == "1"

# Someone who was here before, with a user name that is no address, and with capitals in it.
User.objects.create_user("Dave", "Dave@Example.com", flow.PASSWORD)
assert flow.sign_in(Browser(), "dave").status_code == 400
assert flow.sign_in(Browser(), "Dave").status_code == 302
answer = flow.recover(Browser(), flow.recovery_link("dave@example.com"))
assert answer["Location"] == "/signin/?login_hint=Dave"
assert flow.sign_in(Browser(), "Dave", flow.NEW_PASSWORD).status_code == 302

# People from elsewhere: with the user name of a sign-up, and nobody who would take another's.
with tempfile.TemporaryDirectory() as folder:
    table = Path(folder) / "people.csv"
    table.write_text(
        "email,email_verified,given_name,external_id,password_hash\n"
        f"erin@example.com,true,Erin,1,{exports.AUTH0_BCRYPT}\n"
        "frank@example.com,false,Frank,2,\n"
        "DAVE@example.com,true,Dave,3,\n"
        "grace@example.com,true,Grace,4,\n"
    )
    User.objects.create_user("grace@example.com", "other@example.com", flow.PASSWORD)
    told = io.StringIO()
    call_command("import_users", str(table), format="csv", stdout=told)
    assert "Imported: 1" in told.getvalue(), told.getvalue()
    assert "existing: 2" in told.getvalue(), told.getvalue()
    assert "unverified: 1" in told.getvalue(), told.getvalue()
assert flow.sign_in(Browser(), "erin@example.com", "wrong").status_code == 400
assert flow.sign_in(Browser(), "erin@example.com", "abc").status_code == 302
erin = User.objects.get(email="erin@example.com")
assert (erin.username, erin.first_name) == ("erin@example.com", "Erin")
assert erin.password.startswith("argon2$argon2id$")

# Two people with one address: it is nobody's, and the page says nothing else than before.
User.objects.create_user("Dave2", "dave@example.com", flow.PASSWORD)
sent = len(flow.delivered())
assert Browser().post("/recover/", {"email": "dave@example.com"}).status_code == 302
assert len(flow.delivered()) == sent
