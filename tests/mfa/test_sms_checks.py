"""What the system checks say of text messages: before somebody waits for a code in vain."""

import pytest

from mfa.sms.checks import check_text_messages

GATEWAY = {
    "SMS_BACKEND": "mfa.sms.gateway.GatewayBackend",
    "SMS_COUNTRIES": ["DE"],
    "SMS_GATEWAY_URL": "https://sms.example.com/send",
    "SMS_GATEWAY_SECRET": "s" * 32,
}
TWILIO = {
    "SMS_BACKEND": "mfa.sms.twilio.TwilioBackend",
    "SMS_COUNTRIES": ["DE"],
    "SMS_SENDER": "Example",
    "TWILIO_ACCOUNT_SID": "AC1",
    "TWILIO_AUTH_TOKEN": "secret",
}


def found():
    return [message.id for message in check_text_messages(None)]


@pytest.mark.parametrize("right", [{}, GATEWAY, TWILIO])
def test_what_is_right_is_silent(settings, right):
    settings.OSTIARY_MFA = right
    assert found() == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({**GATEWAY, "SMS_BACKEND": "mfa.sms.nowhere.Backend"}, ["ostiary_mfa.E010"]),
        ({**GATEWAY, "SMS_GATEWAY_URL": ""}, ["ostiary_mfa.E011"]),
        ({**GATEWAY, "SMS_GATEWAY_URL": "http://sms.example.com/"}, ["ostiary_mfa.E012"]),
        ({**GATEWAY, "SMS_GATEWAY_SECRET": "short"}, ["ostiary_mfa.E013"]),
        ({**GATEWAY, "SMS_COUNTRIES": ["de"]}, ["ostiary_mfa.E014"]),
        ({**GATEWAY, "SMS_COUNTRIES": ["XX"]}, ["ostiary_mfa.E014"]),
        ({**GATEWAY, "SMS_COUNTRIES": []}, ["ostiary_mfa.W010"]),
        ({**TWILIO, "TWILIO_AUTH_TOKEN": ""}, ["ostiary_mfa.E011"]),
        ({**TWILIO, "SMS_SENDER": ""}, ["ostiary_mfa.E011"]),
    ],
)
def test_what_is_wrong_is_told(settings, wrong, told):
    settings.OSTIARY_MFA = wrong
    assert found() == told
    for message in check_text_messages(None):
        assert "secret" not in message.msg or "SECRET" in message.msg
