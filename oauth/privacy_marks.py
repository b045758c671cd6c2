"""What the models of the authorization server tell of people (``ostiary.privacy_map``)."""

from ostiary.privacy_map import mark

mark(
    "ostiary_oauth.Client",
    personal="name contacts",
    pseudonymous="user",
    none="""id client_id client_type enabled first_party redirect_uris post_logout_redirect_uris
        allowed_origins grant_types scopes audiences serves token_endpoint_auth_methods
        revocation_policy access_token_lifetime id_token_lifetime refresh_token_idle_lifetime
        refresh_token_lifetime required_acr subject_type id_token_signed_response_alg
        access_token_signing_alg client_uri logo_uri policy_uri tos_uri metadata
        registration_source registration_token_hash secret_hash previous_secret_hash
        previous_secret_expires_at readable_secret previous_readable_secret security_event_secret
        unused_expires_at pkce_exempt
        cimd_expires_at created updated""",
    kept="What a person made for themselves goes; what others look after stays, without them.",
)
mark("ostiary_oauth.ClientOrigin", none="id client origin")
mark(
    "ostiary_oauth.ClientSession",
    pseudonymous="sid user subject",
    none="id client created_at ended_at message told_at failing_since last_error",
)
mark(
    "ostiary_oauth.ErasureNotice",
    pseudonymous="subject",
    none="id client created_at message",
    kept="What an application has still to be told; it goes when it was told or given up.",
)
mark(
    "ostiary_oauth.Consent",
    personal="scopes granted_at",
    pseudonymous="user",
    none="id client audience updated_at",
)
mark(
    "ostiary_oauth.Grant",
    personal="auth_time acr amr claims",
    pseudonymous="id user sid code_hash credential_hash nonce jkt code_challenge",
    none="""application expires redirect_uri scope created updated code_challenge_method resource
        offline redeemed_at ends_at revoked_at revoked_reason""",
)
mark(
    "ostiary_oauth.RefreshToken",
    personal="replay",
    pseudonymous="user grant selector_hash token_checksum replaced_checksum confirmation",
    none="id application created updated generation replay_until idle_expires_at expires_at",
)
mark(
    "ostiary_oauth.AccessToken",
    personal="claims",
    pseudonymous="user grant source_refresh_token id_token token_checksum",
    none="id application expires scope resource created updated",
)
mark(
    "ostiary_oauth.IDToken",
    pseudonymous="user jti",
    none="id application expires scope created updated",
)
mark(
    "ostiary_oauth.DeviceGrant",
    personal="ip_address",
    pseudonymous="user grant device_code_hash user_code_hash",
    none="id application scope interval expires status resource last_polled_at",
)
mark(
    "ostiary_oauth.PushedRequest",
    personal="parameters",
    pseudonymous="uri_hash browser_hash",
    none="id client created_at expires_at",
    kept="What an application pushed, encrypted, ends by itself within minutes.",
)
mark(
    "ostiary_oauth.TokenStatus",
    pseudonymous="jti_hash grant_key",
    none="id client_key expires_at revoked_at",
)
mark("ostiary_oauth.StatusList", none="number salt")
mark("ostiary_oauth.UsedIdentifier", pseudonymous="key", none="expires_at")
mark("ostiary_oauth.PairwiseSalt", none="id salt")
mark(
    "ostiary_oauth.SigningKey",
    none="id kid alg public_jwk private_key state created_at activated_at retired_at",
)
mark(
    "ostiary_oauth.Api",
    none="""id identifier name scopes access_token_lifetime access_token_signing_alg
        revocation_policy enabled""",
)
mark(
    "ostiary_oauth.ExchangeRule",
    none="id client subject_audience target_audience scopes delegation actor_tokens lifetime",
)
mark(
    "ostiary_oauth.InitialAccessToken",
    personal="note",
    none="id token_hash created_at expires_at uses_left scopes grant_types audiences",
    kept="An operator’s words on who got it, for operators to change; it names no account.",
)
mark(
    "ostiary_oauth.TrustRule",
    none="""id name enabled issuer jwks_uri jwks algorithms audience subject conditions max_age
        single_use client uses scopes audiences lifetime""",
)
