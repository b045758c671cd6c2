"""State of the ground floor; one module per thing that is kept."""

from .erasure import Erasure, ErasureStep, ReceiptKey
from .event import Event, EventKey, EventSeal, SealedEvent
from .outbox import OutboxMessage
from .person_key import PersonKey
from .session import Session
from .throttle import ThrottleCounter
from .tombstone import Tombstone, TombstoneKey

__all__ = [
    "Erasure",
    "ErasureStep",
    "Event",
    "EventKey",
    "EventSeal",
    "OutboxMessage",
    "PersonKey",
    "ReceiptKey",
    "SealedEvent",
    "Session",
    "ThrottleCounter",
    "Tombstone",
    "TombstoneKey",
]
