"""What the models of second factors tell of people (``ostiary.privacy_map``)."""

from ostiary.privacy_map import mark

mark(
    "ostiary_mfa.AuthenticatorApp",
    personal="name key created_at last_used_at last_t",
    pseudonymous="user",
    none="id confirmed algorithm digits period drift",
)
mark(
    "ostiary_mfa.EmailDevice",
    personal="name created_at last_used_at",
    pseudonymous="user",
    none="id confirmed",
)
mark(
    "ostiary_mfa.Phone",
    personal="name number country ending created_at last_used_at",
    pseudonymous="user number_hash",
    none="id confirmed usable_from",
)
mark("ostiary_mfa.RemovedPhone", personal="removed_at", pseudonymous="user number_hash")
mark(
    "ostiary_mfa.RecoveryCodes",
    personal="name created_at last_used_at",
    pseudonymous="user key",
    none="id confirmed",
)
mark("ostiary_mfa.RecoveryCode", pseudonymous="codes code_hash", none="id")
mark(
    "ostiary_mfa.TrustedDevice",
    personal="user_agent created_at last_used_at",
    pseudonymous="user token_hash bound_to",
    none="id expires_at",
)
mark(
    "ostiary_mfa.SentCode",
    pseudonymous="user phone text_message bound_to code_hash",
    none="id channel purpose tries created_at expires_at",
)
mark(
    "ostiary_mfa.TextMessage",
    personal="ending",
    pseudonymous="user name_at_gateway",
    none="id country state reason created_at",
)
mark("ostiary_mfa.EnrolmentGrace", pseudonymous="user", none="ends_at")
mark("ostiary_mfa.GroupPolicy", none="group requirement grace_days")
mark("ostiary_mfa.ImportedFactor", pseudonymous="row", none="id table")
