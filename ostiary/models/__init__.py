"""State of the ground floor; one module per thing that is kept."""

from .branding import Branding
from .erasure import Erasure, ErasureStep, ReceiptKey
from .event import Event, EventKey, EventSeal, SealedEvent
from .export import Export, ExportChunk
from .factor_reset import FactorReset
from .lease import Lease
from .mail import MailMark, SentMail
from .outbox import OutboxMessage
from .person_key import PersonKey
from .region import RegionalReceipt, RegionalRequest, RegionKey, RegionToken
from .session import Session, Visit
from .throttle import ThrottleCounter
from .tombstone import Tombstone, TombstoneKey

__all__ = [
    "Branding",
    "Erasure",
    "ErasureStep",
    "Event",
    "EventKey",
    "EventSeal",
    "Export",
    "ExportChunk",
    "FactorReset",
    "Lease",
    "MailMark",
    "OutboxMessage",
    "PersonKey",
    "ReceiptKey",
    "RegionKey",
    "RegionToken",
    "RegionalReceipt",
    "RegionalRequest",
    "SealedEvent",
    "SentMail",
    "Session",
    "ThrottleCounter",
    "Tombstone",
    "TombstoneKey",
    "Visit",
]
