"""State of the ground floor; one module per thing that is kept."""

from .event import Event, EventSeal, SealedEvent
from .outbox import OutboxMessage
from .person_key import PersonKey
from .session import Session
from .throttle import ThrottleCounter
from .tombstone import Tombstone, TombstoneKey

__all__ = [
    "Event",
    "EventSeal",
    "OutboxMessage",
    "PersonKey",
    "SealedEvent",
    "Session",
    "ThrottleCounter",
    "Tombstone",
    "TombstoneKey",
]
