"""What the ground floor's models, and Django's own, tell of people (``privacy_map``)."""

from .privacy_map import mark

mark(
    "ostiary.Branding",
    none="id name accent logo logo_dark terms_url privacy_url help_url",
)
mark(
    "ostiary.Erasure",
    personal="reason emails",
    pseudonymous="id subject operator",
    none="""state requested_by home_region kept language requested_at due_at started_at finished_at
        attempts leased_until last_error receipt""",
    kept="Once it is done, the row has neither id nor address: it says that somebody was erased.",
)
mark(
    "ostiary.Export",
    personal="reason requested_at fetched_at",
    pseudonymous="id user operator",
    none="""state requested_by language message attempts made_by chunks size finished_at
        expires_at""",
)
mark("ostiary.ExportChunk", personal="data", none="id export attempt position")
mark("ostiary.ErasureStep", none="id erasure name done_at erased")
mark("ostiary.ReceiptKey", none="kid x created_at")
mark("ostiary.RegionKey", none="id region x created_at")
mark("ostiary.RegionToken", none="key expires_at")
mark(
    "ostiary.RegionalReceipt",
    none="id erasure region asked_at answered_at alarmed_at last_error receipt",
)
mark(
    "ostiary.RegionalRequest",
    pseudonymous="erasure",
    none="id region erasures accounts asked_at answered_at receipt",
    kept="It is the number of an erasure in another region, which is done: it leads to nobody.",
)
mark(
    "ostiary.Event",
    personal="personal",
    pseudonymous="subject details",
    none="id at kind outcome client_id",
    kept="It is encrypted under the person’s own key, which is destroyed.",
)
mark("ostiary.EventKey", pseudonymous="address key", none="event_id")
mark("ostiary.EventSeal", none="position digest start start_digest signature sealed_at")
mark("ostiary.SealedEvent", none="position event_id digest")
mark(
    "ostiary.FactorReset",
    personal="reason",
    pseudonymous="id user requested_by",
    none="factor permission requested_at expires_at",
)
mark("ostiary.Lease", none="name until")
mark("ostiary.MailMark", personal="state marked_at cleared_at", pseudonymous="user digest")
mark(
    "ostiary.OutboxMessage",
    personal="payload",
    pseudonymous="key mentions",
    none="""id kind queue state attempts next_attempt_at leased_until last_error drop_reason
        created_at finished_at""",
)
mark("ostiary.PersonKey", pseudonymous="subject pseudonym key", none="id destroyed_at")
mark(
    "ostiary.SentMail",
    personal="report sent_at reported_at",
    pseudonymous="user provider_id key digest",
    none="id",
)
mark(
    "ostiary.Session",
    personal="""amr ip_address user_agent created_at authenticated_at last_seen_at ended_at
        end_reason""",
    pseudonymous="id user session_key",
    none="remembered",
)
mark("ostiary.ThrottleCounter", pseudonymous="key", none="hits expires_at")
mark("ostiary.Tombstone", pseudonymous="digest", none="id of erased_at")
mark("ostiary.TombstoneKey", none="id key")
mark("ostiary.Visit", pseudonymous="session_key subject", none="began_at")

mark(
    "admin.LogEntry",
    personal="object_repr change_message",
    pseudonymous="user object_id",
    none="id action_time content_type action_flag",
)
mark(
    "auth.User",
    personal="""password last_login is_superuser username first_name last_name email is_staff
        is_active date_joined groups user_permissions""",
    pseudonymous="id",
)
mark("auth.Group", none="id name permissions")
mark("auth.Permission", none="id name content_type codename")
mark("contenttypes.ContentType", none="id app_label model")
mark(
    "sessions.Session",
    personal="session_data",
    pseudonymous="session_key",
    none="expire_date",
)
mark("sites.Site", none="id domain name")
