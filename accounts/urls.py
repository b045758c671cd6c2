"""Addresses of accounts. Mount at the root of the site."""

from django.urls import path

from .views import (
    account,
    confirm_signin,
    email,
    factor_recovery,
    language,
    not_me,
    passwordless,
    recover,
    signin,
    signup,
    strength,
    terms,
)

app_name = "ostiary_accounts"

urlpatterns = [
    path("signin/", signin.signin, name="signin"),
    path("signin/email/", passwordless.ask, name="signin_email"),
    path("signin/email/code/", passwordless.code, name="signin_code"),
    path("signin/email/link/", passwordless.link, name="signin_link"),
    path("signin/new-password/", signin.change_breached, name="change_breached"),
    path("signin/terms/", terms.ask, name="terms"),
    path(".well-known/change-password", signin.change_password, name="change_password"),
    path("password/strength/", strength.judge, name="strength"),
    path("signin/confirm/", confirm_signin.confirm_signin, name="confirm_signin"),
    path("signout/", signin.signout, name="signout"),
    path("signup/", signup.signup, name="signup"),
    path("signup/check-mail/<uuid:key>/", signup.check_mail, name="check_mail"),
    path("signup/verify/", signup.verify, name="verify"),
    path("signup/invitation/", signup.invitation, name="invitation"),
    path("recover/", recover.recover, name="recover"),
    path("recover/sent/", recover.recover_sent, name="recover_sent"),
    path("recover/set/", recover.recover_set, name="recover_set"),
    path("not-me/", not_me.not_me, name="not_me"),
    path("not-me/done/", not_me.not_me_done, name="not_me_done"),
    path("recover/second-step/", factor_recovery.ask, name="factor_recovery"),
    path("recover/second-step/sent/", factor_recovery.sent, name="factor_recovery_sent"),
    path("recover/second-step/go-on/", factor_recovery.go_on, name="factor_recovery_go_on"),
    path("recover/second-step/stop/", factor_recovery.stop, name="factor_recovery_stop"),
    path(
        "account/security/stop-recovery/",
        factor_recovery.stop_here,
        name="factor_recovery_stop_here",
    ),
    path("language/", language.choose, name="language"),
    path("account/", account.overview, name="account"),
    path("account/profile/", account.profile, name="profile"),
    path("account/email/", email.change, name="email"),
    path("account/email/cancel/", email.cancel, name="email_cancel"),
    path("account/email/confirm/", email.confirm, name="email_confirm"),
    path("account/email/undo/", email.undo, name="email_undo"),
    path("account/security/", account.security, name="security"),
    path("account/sessions/", account.session_list, name="sessions"),
    path("account/sessions/others/end/", account.end_other_sessions, name="end_other_sessions"),
    path("account/sessions/<uuid:sid>/end/", account.end_session, name="end_session"),
    path("account/privacy/", account.privacy, name="privacy"),
    path("account/activity/", account.activity, name="activity"),
]
