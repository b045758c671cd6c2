"""What the models of people tell of them (``ostiary.privacy_map``)."""

from ostiary.privacy_map import mark

mark(
    "ostiary_accounts.User",
    personal="""password last_login email email_verified_at name given_name family_name middle_name
        nickname preferred_username picture profile website gender birthdate street_address
        postal_code locality region country locale zoneinfo is_active is_staff is_superuser
        home_region date_joined groups user_permissions""",
    pseudonymous="id",
    none="updated_at",
)
mark(
    "ostiary_accounts.ProfilePicture",
    personal="image uploaded_at replaces",
    pseudonymous="user key",
    none="content_type",
)
mark(
    "ostiary_accounts.TermsAcceptance",
    personal="version accepted_at",
    pseudonymous="user",
    none="id",
)
mark(
    "ostiary_accounts.ImportedIdentity",
    personal="external_id",
    pseudonymous="user password_mark",
    none="id source imported_at made_account password_ended",
)
mark("ostiary_accounts.ImportedHashKind", none="id kind")
mark(
    "ostiary_accounts.PendingRegistration",
    personal="email name password next_url",
    pseudonymous="token_hash code_hash",
    none="id code_tries terms_version created_at sent_at expires_at",
)
mark(
    "ostiary_accounts.Invitation",
    personal="email name message accepted_at",
    pseudonymous="token_hash invited_by accepted_by",
    none="id group language created_at sent_at expires_at revoked_at",
)
mark("ostiary_accounts.SignUpPolicy", none="id mode domains contact")
mark(
    "ostiary_accounts.MailedCode",
    personal="address context",
    pseudonymous="code_hash token_hash credential_hash",
    none="id purpose form tries created_at expires_at",
)
mark(
    "ostiary_accounts.MailedLink",
    personal="email",
    pseudonymous="user token_hash credential_hash",
    none="id purpose created_at expires_at",
)
mark(
    "ostiary_accounts.NotMeLink",
    pseudonymous="user token_hash",
    none="id notice expires_at",
)
mark(
    "ostiary_accounts.RecoveryToken",
    personal="next_url",
    pseudonymous="user token_hash credential_hash",
    none="created_at expires_at",
)
mark(
    "ostiary_accounts.FactorRecovery",
    pseudonymous="user",
    none="begun_at ready_at expires_at told_at",
)
mark(
    "ostiary_accounts.SupportCase",
    personal="email",
    pseudonymous="user opened_by approved_by",
    none="""id state resets_factors opened_at approved_at ready_at expires_at told_at
        link_sent_at""",
)
