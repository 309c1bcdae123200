"""Coarse classes of events."""

from enum import Enum


class EventType(Enum):
    """Coarse class of an event, for searching logs."""

    RECEPTION = "reception"
    DELIVERY = "delivery"
    REJECTION = "rejection"
    DEFERRAL = "deferral"
    BOUNCE = "bounce"
    TEMPFAIL = "tempfail"
    AUTHENTICATION = "authentication"
    SYSTEM = "system"


RECEPTION, DELIVERY, REJECTION = EventType.RECEPTION, EventType.DELIVERY, EventType.REJECTION
DEFERRAL, BOUNCE, TEMPFAIL = EventType.DEFERRAL, EventType.BOUNCE, EventType.TEMPFAIL
AUTHENTICATION, SYSTEM = EventType.AUTHENTICATION, EventType.SYSTEM
