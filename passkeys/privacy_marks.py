"""What the models of passkeys tell of people (``ostiary.privacy_map``)."""

from ostiary.privacy_map import mark

mark("ostiary_passkeys.UserHandle", pseudonymous="user handle")
mark(
    "ostiary_passkeys.Credential",
    personal="name aaguid created_at last_used_at",
    pseudonymous="user credential_id public_key imported_handle",
    none="id sign_count transports backup_eligible backed_up user_verified",
)
mark(
    "ostiary_passkeys.Ceremony",
    pseudonymous="user challenge_hash session_hash",
    none="purpose expires_at",
)
mark("ostiary_passkeys.MetadataBlob", none="number next_update imported_at")
mark("ostiary_passkeys.AuthenticatorModel", none="aaguid blob description statuses roots")
