"""Passkeys in a real browser: Chromium with an authenticator of its own (Chrome DevTools Protocol,
domain WebAuthn), under the site's Content Security Policy."""

import json
import re
from base64 import urlsafe_b64encode

import pytest

from oauth.models import Grant
from ostiary.models import Event
from passkeys.models import Credential

from .authenticator import Authenticator
from .conftest import ROOT, fits, new_person, sign_in, submit

pytestmark = pytest.mark.django_db(transaction=True)


def show_password(page, issuer):
    """Sign in by the password; the script has told by then that a passkey can be made here."""
    with page.expect_response("**/signin/passkey/"):
        page.goto(f"{issuer}/signin/")
    sign_in(page)


def add_passkey(page, issuer):
    """Sign in by the password, and add a passkey on the page for that."""
    show_password(page, issuer)
    page.get_by_role("button", name="Not now").click()
    page.wait_for_url(f"{issuer}/account/")
    page.goto(f"{issuer}/account/security/passkeys/")
    page.get_by_role("button", name="Add passkey").click()
    page.get_by_text("Passkey saved as").wait_for()


@pytest.fixture
def authenticator(page):
    """One built into the device, that knows its user."""
    return Authenticator(page)


@pytest.fixture
def with_passkey(page, issuer, alice, authenticator):
    """Alice has a passkey in this window, and is signed out."""
    add_passkey(page, issuer)
    page.context.clear_cookies()
    return authenticator


def told(page):
    return page.locator("form[data-passkey] [role=status]")


def test_after_the_password_a_passkey_is_offered_and_made(page, issuer, alice, authenticator):
    show_password(page, issuer)
    page.wait_for_url(f"{issuer}/signin/passkey-offer/**")
    page.get_by_role("button", name="Create passkey").click()

    page.wait_for_url(f"{issuer}/account/")

    assert page.get_by_text("Passkey saved as").is_visible()
    assert Credential.objects.get().user == alice


def test_a_browser_that_makes_one_by_itself_is_let_and_the_person_presses_nothing(
    page, issuer, alice, authenticator
):
    """Chromium asks Google's password manager alone for that, and no authenticator of a test (see
    docs/webauthn-conformance.md): here it makes an ordinary one in its place, all else is ours."""
    page.add_init_script(
        """const create = navigator.credentials.create.bind(navigator.credentials);
           navigator.credentials.create = ({ mediation, ...rest }) => {
             sessionStorage.asked = mediation;
             return create(rest);
           };
           PublicKeyCredential.getClientCapabilities = async () => ({ conditionalCreate: true });"""
    )
    show_password(page, issuer)

    page.wait_for_url(f"{issuer}/account/")

    assert page.get_by_text("Passkey saved as").is_visible()
    assert page.evaluate("sessionStorage.asked") == "conditional"
    assert Credential.objects.get().user == alice


def test_what_the_browser_fills_in_signs_a_person_in(page, issuer, with_passkey):
    page.goto(f"{issuer}/signin/?next=/account/profile/")

    page.wait_for_url(f"{issuer}/account/profile/")

    latest = Event.objects.filter(kind="signin.succeeded").latest("at")
    assert latest.details["amr"] == ["hwk", "user", "mfa"]


def test_a_button_signs_a_person_in_and_keeps_them_signed_in(page, issuer, with_passkey):
    page.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")
    page.goto(f"{issuer}/signin/")
    page.locator("input[name=remember]").check()
    page.get_by_role("link", name="Sign in with a passkey").click()

    page.wait_for_url(f"{issuer}/account/")

    [session] = [c for c in page.context.cookies() if c["name"] == "ostiary_session"]
    assert session["expires"] > 0


def test_an_authenticator_that_does_not_know_its_user_is_refused(page, issuer, with_passkey):
    with_passkey.verifies(False)
    page.goto(f"{issuer}/signin/passkey/")
    page.get_by_role("button", name="Use a passkey").click()

    told(page).filter(has_text="no passkey found").wait_for()

    assert page.url.partition("?")[0] == f"{issuer}/signin/passkey/"


def test_who_cancels_is_told_so_and_can_try_again(page, issuer, with_passkey):
    page.goto(f"{issuer}/signin/passkey/")
    page.evaluate(
        """() => {
            navigator.credentials.get = async () => {
                delete navigator.credentials.get;
                throw new DOMException("cancelled", "NotAllowedError");
            };
        }"""
    )
    page.get_by_role("button", name="Use a passkey").click()
    told(page).filter(has_text="Cancelled").wait_for()

    page.get_by_role("button", name="Use a passkey").click()

    page.wait_for_url(f"{issuer}/account/")


def test_whatever_goes_wrong_is_said_in_words_that_help(page, issuer):
    page.goto(f"{issuer}/signin/passkey/")
    page.evaluate(
        """() => {
            const now = performance.now.bind(performance);
            let late = 0;
            performance.now = () => now() + late;
            window.fails = (name, waited) => {
                navigator.credentials.get = async () => {
                    late += waited;
                    throw new DOMException("", name);
                };
            };
        }"""
    )
    for name, waited, words in (
        ("NotAllowedError", 0, "Cancelled, or no passkey found"),
        ("NotAllowedError", 300_000, "That took too long"),
        ("NotSupportedError", 0, "can’t use passkeys here"),
        ("ConstraintError", 0, "can’t use passkeys here"),
        ("SecurityError", 0, "at this site’s https address"),
        ("InvalidStateError", 0, "That didn’t work"),
        ("AbortError", 0, "Cancelled"),
        ("UnknownError", 0, "That didn’t work"),
    ):
        page.evaluate("([name, waited]) => fails(name, waited)", [name, waited])
        page.get_by_role("button", name="Use a passkey").click()
        told(page).filter(has_text=words).wait_for()

    for status, body, words in (
        (400, '{"error": "too_many", "detail": "You have as many as you can have."}', "as many as"),
        (429, "<p>Wait</p>", "Too many attempts"),
        (500, "", "That didn’t work"),
    ):
        page.evaluate(
            "([status, body]) => { fetch = async () => new Response(body, { status }) }",
            [status, body],
        )
        page.get_by_role("button", name="Use a passkey").click()
        told(page).filter(has_text=words).wait_for()


def test_whatever_goes_wrong_while_one_is_made_is_said_of_that(page, issuer, with_passkey):
    page.goto(f"{issuer}/signin/passkey/?next=/account/security/passkeys/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{issuer}/account/security/passkeys/")
    for name, words in (
        ("NotAllowedError", "Cancelled. No passkey was saved."),
        ("NotSupportedError", "can’t create passkeys here"),
        ("ConstraintError", "can’t create passkeys here"),
        ("InvalidStateError", "already has a passkey for this site"),
        ("UnknownError", "Your passkey wasn’t saved"),
        ("TypeError", "Your passkey wasn’t saved"),
    ):
        page.evaluate(
            """(name) => { navigator.credentials.create = async () => {
                 throw new DOMException("", name);
               } }""",
            name,
        )
        page.get_by_role("button", name="Add passkey").click()
        told(page).filter(has_text=words).wait_for()

    page.evaluate("navigator.credentials.create = async () => null")
    page.get_by_role("button", name="Add passkey").click()
    told(page).filter(has_text="sent an answer we can’t read").wait_for()


def test_a_device_that_has_a_passkey_gets_no_second_one(page, issuer, with_passkey):
    page.goto(f"{issuer}/signin/passkey/?next=/account/security/passkeys/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{issuer}/account/security/passkeys/")
    page.get_by_role("button", name="Add passkey").click()

    told(page).filter(has_text="already has a passkey for this site").wait_for()

    assert Credential.objects.count() == 1


def test_after_the_password_the_passkey_is_asked_for(page, issuer, with_passkey):
    with_passkey.is_touched(False)
    page.goto(f"{issuer}/signin/")
    sign_in(page)
    page.wait_for_url(f"{issuer}/signin/second-step/passkey/**")
    with_passkey.is_touched(True)
    page.get_by_role("button", name="Use a passkey").click()

    page.wait_for_url(f"{issuer}/account/")


def test_a_security_key_is_added_beside_it_and_the_first_removed(page, issuer, with_passkey):
    page.goto(f"{issuer}/signin/")
    page.wait_for_url(f"{issuer}/account/")
    key = Authenticator(page, transport="usb")
    page.goto(f"{issuer}/account/security/passkeys/")
    page.evaluate(
        """() => {
            const create = navigator.credentials.create.bind(navigator.credentials);
            navigator.credentials.create = (options) => {
                sessionStorage.asked = options.publicKey.hints;
                return create(options);
            };
        }"""
    )
    page.get_by_role("button", name="Use a phone or security key").click()
    page.get_by_text("Passkey saved as").wait_for()
    assert page.evaluate("sessionStorage.asked") == "security-key,hybrid"
    assert len(key.credentials()) == 1
    assert Credential.objects.count() == 2

    first = Credential.objects.order_by("created_at").first()
    page.get_by_role("link", name=f"Remove {first.name}", exact=True).click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("Passkey removed").wait_for()

    assert Credential.objects.get() != first


def test_password_managers_are_told_which_passkeys_there_are_and_which_there_are_not(
    page, issuer, alice, with_passkey
):
    page.add_init_script(
        """const names = ["AllAcceptedCredentials", "CurrentUserDetails", "UnknownCredential"];
           for (const name of names) {
             const call = PublicKeyCredential[`signal${name}`].bind(PublicKeyCredential);
             window[name] = new Promise((told, refused) => {
               PublicKeyCredential[`signal${name}`] = (what) =>
                 call(what).then(() => told(what), refused);
               setTimeout(refused, 20000, `${name} was not called`);
             });
             window[name].catch(() => {});
           }"""
    )

    def signal(name):
        return page.evaluate(f"window.{name}")

    page.goto(f"{issuer}/signin/passkey/?next=/account/security/passkeys/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{issuer}/account/security/passkeys/")
    known = signal("AllAcceptedCredentials")
    assert known["rpId"] == "localhost"
    assert [each.rstrip("=") for each in known["allAcceptedCredentialIds"]] == [
        urlsafe_b64encode(bytes(Credential.objects.get().credential_id)).decode().rstrip("=")
    ]
    details = signal("CurrentUserDetails")
    assert details["name"] == alice.email
    assert details["userId"] == known["userId"]

    page.context.clear_cookies()
    Credential.objects.all().delete()
    page.goto(f"{issuer}/signin/passkey/")
    with page.expect_navigation():
        page.get_by_role("button", name="Use a passkey").click()

    assert signal("UnknownCredential")["credentialId"] == known["allAcceptedCredentialIds"][0]


AS_PASSWORD_MANAGERS_ANSWER = """(kind) => {
  const dressed = (real) => {
    const { response: told } = real;
    const response = { clientDataJSON: told.clientDataJSON };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (name in told) response[name] = told[name];
    }
    if (told.getTransports) response.getTransports = () => told.getTransports();
    const answer = { id: real.id, rawId: real.rawId, type: real.type, response };
    if (kind === "inherits toJSON and has not what it reads") {
      const parent = told.attestationObject
        ? AuthenticatorAttestationResponse : AuthenticatorAssertionResponse;
      Object.setPrototypeOf(response, parent.prototype);
      Object.setPrototypeOf(answer, PublicKeyCredential.prototype);
      // The prototype has only what reads the browser's own objects.
      for (const [name, value] of [["id", real.id], ["rawId", real.rawId], ["type", real.type]]) {
        Object.defineProperty(answer, name, { value });
      }
    }
    if (kind === "toJSON returns the object itself") answer.toJSON = () => answer;
    if (kind === "toJSON alone can be read") {
      return {
        get rawId() { throw new TypeError("Illegal invocation"); },
        toJSON: () => real.toJSON(),
      };
    }
    if (kind === "no getTransports") delete response.getTransports;
    if (kind === "getTransports throws") {
      response.getTransports = () => { throw new TypeError("Illegal invocation"); };
    }
    if (kind === "getTransports returns nothing") response.getTransports = () => null;
    if (kind === "an empty user handle" && "userHandle" in response) {
      response.userHandle = new ArrayBuffer(0);
    }
    if (kind === "views of buffers") {
      for (const name of Object.keys(response)) {
        if (response[name] instanceof ArrayBuffer) {
          const longer = new Uint8Array(response[name].byteLength + 6);
          longer.set(new Uint8Array(response[name]), 3);
          response[name] = longer.subarray(3, -3);
        }
      }
    }
    if (kind === "base64url in place of buffers") return real.toJSON();
    return answer;
  };
  for (const name of ["create", "get"]) {
    const ask = navigator.credentials[name].bind(navigator.credentials);
    navigator.credentials[name] = async (options) => dressed(await ask(options));
  }
}"""


@pytest.mark.parametrize(
    "kind",
    [
        "inherits toJSON and has not what it reads",
        "plain",
        "toJSON returns the object itself",
        "toJSON alone can be read",
        "no getTransports",
        "getTransports throws",
        "getTransports returns nothing",
        "views of buffers",
        "base64url in place of buffers",
    ],
)
def test_whatever_a_password_manager_hands_over_is_saved_and_signs_in(
    page, issuer, alice, authenticator, kind
):
    """Bitwarden clients #12060, dotnet/aspnetcore #62916, keepass-macpass-helper #91."""
    page.add_init_script(f"({AS_PASSWORD_MANAGERS_ANSWER})({json.dumps(kind)})")
    add_passkey(page, issuer)
    page.context.clear_cookies()

    page.goto(f"{issuer}/signin/passkey/")
    page.get_by_role("button", name="Use a passkey").click()

    page.wait_for_url(f"{issuer}/account/")
    assert Credential.objects.get().last_used_at is not None


def test_an_empty_user_handle_counts_as_none_after_a_password(page, issuer, with_passkey):
    with_passkey.is_touched(False)
    page.add_init_script(f"({AS_PASSWORD_MANAGERS_ANSWER})('an empty user handle')")
    page.goto(f"{issuer}/signin/")
    sign_in(page)
    page.wait_for_url(f"{issuer}/signin/second-step/passkey/**")
    with_passkey.is_touched(True)
    page.get_by_role("button", name="Use a passkey").click()

    page.wait_for_url(f"{issuer}/account/")


NOTES_SIGNALS = """() => {
  for (const name of ["signalUnknownCredential", "signalAllAcceptedCredentials"]) {
    PublicKeyCredential[name] = (told) => {
      const noted = JSON.parse(sessionStorage.noted ?? "[]");
      sessionStorage.noted = JSON.stringify([...noted, [name, told]]);
      return Promise.resolve();
    };
  }
}"""


DAMAGES_WHAT_IS_MADE = """() => {
  const create = navigator.credentials.create.bind(navigator.credentials);
  navigator.credentials.create = async (options) => {
    const { id, rawId, type, response } = await create(options);
    const { clientDataJSON } = response;
    return { id, rawId, type, response: { clientDataJSON, attestationObject: new ArrayBuffer(9) } };
  };
}"""


def base64url(credential):
    """The id of what an authenticator keeps, as WebAuthn writes it."""
    return credential["credentialId"].rstrip("=").replace("+", "-").replace("/", "_")


def noted(page, name="signalUnknownCredential"):
    page.wait_for_function("name => (sessionStorage.noted ?? '').includes(name)", arg=name)
    told = json.loads(page.evaluate("sessionStorage.noted"))
    return [each for signal, each in told if signal == name]


def test_a_passkey_that_the_site_refuses_is_not_left_in_the_password_manager(
    page, issuer, alice, authenticator
):
    """Neither one that is made within a sign-in, nor on the page of passkeys."""
    page.add_init_script(f"({NOTES_SIGNALS})()")
    show_password(page, issuer)
    page.wait_for_url(f"{issuer}/signin/passkey-offer/**")
    page.evaluate(DAMAGES_WHAT_IS_MADE)
    page.get_by_role("button", name="Create passkey").click()
    page.get_by_text("Your passkey wasn’t saved").first.wait_for()
    [first] = authenticator.credentials()
    assert noted(page) == [{"rpId": "localhost", "credentialId": base64url(first)}]
    page.get_by_role("button", name="Not now").click()
    page.wait_for_url(f"{issuer}/account/")

    page.goto(f"{issuer}/account/security/passkeys/")
    page.evaluate(f"sessionStorage.clear(); ({DAMAGES_WHAT_IS_MADE})()")
    page.get_by_role("button", name="Add passkey").click()
    page.get_by_text("Your passkey wasn’t saved").first.wait_for()
    [unknown] = noted(page)
    made = {base64url(each) for each in authenticator.credentials()}
    assert unknown["credentialId"] in made - {base64url(first)}
    # A browser that knows the other signal alone learns it from the list.
    assert noted(page, "signalAllAcceptedCredentials")[-1]["allAcceptedCredentialIds"] == []
    assert not Credential.objects.exists()


def test_a_passkey_whose_answer_can_not_be_read_is_not_left_in_the_password_manager(
    page, issuer, alice, authenticator
):
    page.add_init_script(f"({NOTES_SIGNALS})()")
    show_password(page, issuer)
    page.wait_for_url(f"{issuer}/signin/passkey-offer/**")
    page.evaluate(
        """() => {
             const create = navigator.credentials.create.bind(navigator.credentials);
             navigator.credentials.create = async (options) => ({ id: (await create(options)).id });
           }"""
    )
    page.get_by_role("button", name="Create passkey").click()

    told(page).first.filter(has_text="sent an answer we can’t read").wait_for()
    [made] = authenticator.credentials()
    assert noted(page) == [{"rpId": "localhost", "credentialId": base64url(made)}]


def test_the_example_of_the_how_to_signs_in_whatever_the_password_manager_hands_over(
    page, issuer, with_passkey
):
    example = re.search(
        r"```js\n(.*?)```", (ROOT / "docs/how-to/passkey-policy.md").read_text(), re.DOTALL
    )[1]
    page.add_init_script(
        f"({AS_PASSWORD_MANAGERS_ANSWER})('inherits toJSON and has not what it reads')"
    )
    page.goto(f"{issuer}/signin/passkey/")

    page.evaluate(f"async () => {{ {example} }}")

    page.wait_for_url(f"{issuer}/account/")


def test_outside_a_secure_context_the_page_says_where_passkeys_work(page, issuer):
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page.goto(f"{issuer}/signin/passkey/")
    page.get_by_role("button", name="Use a passkey").click()

    told(page).filter(has_text="at this site’s https address").wait_for()


def test_without_webauthn_the_page_says_what_else_works(page, issuer):
    page.add_init_script("delete window.PublicKeyCredential")
    page.goto(f"{issuer}/signin/passkey/")
    page.get_by_role("button", name="Use a passkey").click()

    told(page).filter(has_text="Use another device or another way").wait_for()


def test_a_browser_that_lacks_the_json_of_level_3_does_it_too(page, issuer, alice, authenticator):
    page.add_init_script(
        """delete PublicKeyCredential.parseCreationOptionsFromJSON;
           delete PublicKeyCredential.parseRequestOptionsFromJSON;
           delete PublicKeyCredential.prototype.toJSON;"""
    )
    add_passkey(page, issuer)
    page.context.clear_cookies()

    page.goto(f"{issuer}/signin/")
    page.wait_for_url(f"{issuer}/account/")


def test_without_scripts_the_page_leads_to_another_way(open_window, issuer):
    page = open_window(java_script_enabled=False)
    page.goto(f"{issuer}/signin/")
    page.get_by_role("link", name="Sign in with a passkey").click()
    assert "Passkeys need JavaScript" in page.locator("main").inner_text()
    submit(page)
    assert "Use another way" in page.locator("[role=alert]").inner_text()
    page.get_by_role("link", name="Try another way").click()
    assert page.url == f"{issuer}/signin/"


def test_an_application_that_asks_for_what_resists_phishing_gets_it(
    page, issuer, relying_party, with_passkey
):
    page.goto(f"{relying_party}/login?acr_values=phr")
    page.wait_for_url(f"{issuer}/oauth/authorize**")
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{relying_party}/")

    shown = page.inner_text("body")
    assert re.search(r"\bphr\b", shown)
    assert "hwk" in shown
    assert Grant.objects.exists()


def test_one_signed_in_by_password_steps_up_for_such_an_application(
    page, issuer, relying_party, alice, authenticator
):
    add_passkey(page, issuer)  # which proves nothing of the session, begun by the password
    page.goto(f"{relying_party}/login?acr_values=phr")
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{relying_party}/")

    shown = page.inner_text("body")
    assert re.search(r"\bphr\b", shown)
    assert "hwk" in shown
    assert "pwd" not in shown


def test_one_without_a_passkey_makes_one_for_such_an_application(
    page, issuer, relying_party, alice
):
    Authenticator(page, defaultBackupEligibility=True, defaultBackupState=True)
    page.goto(f"{relying_party}/login?acr_values=phr")
    sign_in(page)
    page.wait_for_url(f"{issuer}/signin/passkey-set-up/**")
    page.get_by_role("button", name="Create passkey").click()
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{relying_party}/")

    shown = page.inner_text("body")
    assert re.search(r"\bphr\b", shown)
    assert "swk" in shown


@pytest.mark.needs("mfa")
def test_an_operator_with_but_a_password_is_led_to_a_passkey_first(page, issuer, authenticator):
    new_person("root@example.com", is_staff=True, is_superuser=True)
    page.goto(f"{issuer}/admin/")
    sign_in(page, "root@example.com")
    page.locator("main .list a").first.click()
    page.wait_for_url(f"{issuer}/signin/passkey-set-up/**")
    page.get_by_role("button", name="Create passkey").click()
    page.wait_for_url("**/account/security/recovery-codes/**")

    page.goto(f"{issuer}/admin/")

    page.locator("#user-tools").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_passkeys_fit_a_small_window(open_window, issuer, alice, scheme):
    page = open_window(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    Authenticator(page)
    add_passkey(page, issuer)
    assert fits(page)
    for name in ("Rename", "Remove"):
        page.goto(f"{issuer}/account/security/passkeys/")
        page.get_by_role("link", name=name).click()
        page.get_by_role("heading", name=f"{name} passkey").wait_for()
        assert fits(page)
