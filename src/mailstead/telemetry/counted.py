"""What several events share, or what is long: their metrics, and the fields of one kind of fact."""

from typing import Final

from mailstead.telemetry.metrics import Count, Spread

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
BYTES: Final = (1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0, 67108864.0)

RECEIVED: Final = (
    Count(
        "messages_received_total",
        "Messages accepted by SMTP or LMTP.",
        by=("protocol",),
        aliases=("elemta_messages_total", "elemta_messages_received_total"),
    ),
    Count("received_bytes_total", "Bytes of accepted messages.", amount="size"),
    Spread("message_size_bytes", "Size of accepted messages.", "size", BYTES, aliases=("elemta_message_size_bytes",)),
    Spread("reception_duration_seconds", "From MAIL to the reply after the last byte.", "elapsed", SECONDS),
)
OPENED: Final = Count(
    "connections_total", "Connections accepted.", by=("listener",), aliases=("elemta_connections_total",)
)
CLOSED: Final = Spread(
    "connection_duration_seconds",
    "Life of a connection.",
    "elapsed",
    (0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0),
    by=("listener",),
    aliases=("elemta_connection_duration_seconds",),
)
DELIVERED: Final = Count(
    "messages_delivered_total",
    "Copies filed into accounts, and recipients handed to others.",
    aliases=("elemta_messages_delivered_total",),
)
FAILED_LOGIN: Final = (
    Count(
        "auth_failures_total",
        "Logins refused.",
        by=("protocol", "reason"),
        aliases=("elemta_auth_failures_total",),
    ),
)

ASKED: Final = Count(
    "filter_answers_total", "Letters that filters were asked about, by what came of it.", by=("filter", "result")
)

LISTED: Final = "sender client_ip domain who detail"
"""An entry of the block list or of the allow list: a sender or a client is meant."""

STRANGER: Final = "session client_ip sender recipient pause elapsed"
"""A recipient of a letter that greylisting judged."""
COMPLAINED: Final = Count("complaints_total", "Letters of ours that somebody called spam.", by=("result",))
REPORTS_UNREADABLE: Final = Count("reports_unreadable_total", "Letters with what looked like a report and is none.")
GREYLISTED: Final = Count("greylisted_total", "Recipients for whom a stranger was asked to come again.")
CAME_AGAIN: Final = Count("greylist_passed_total", "Recipients for whom a stranger came again.")
NOTES_LOST: Final = Count(
    "greylist_notes_lost_total", "First tries that were too many at once to be kept.", amount="count"
)
SENT: Final = (
    DELIVERED,
    Count(
        "delivery_successes_total", "Recipients that another server took.", aliases=("elemta_delivery_successes_total",)
    ),
    Spread(
        "delivery_delay_seconds",
        "From the spool to the other side's yes.",
        "elapsed",
        (0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 86400.0),
    ),
)
GIVEN_UP: Final = (
    Count("messages_failed_total", "Recipients given up.", aliases=("elemta_messages_failed_total",)),
    Count(
        "delivery_failures_total",
        "Recipients refused for good, by status.",
        by=("reason",),
        aliases=("elemta_delivery_failures_total",),
    ),
)
ATTEMPTED: Final = (
    Count(
        "delivery_attempts_total",
        "Attempts to hand a letter to another server.",
        by=("result",),
        aliases=("elemta_delivery_attempts_total",),
    ),
    Spread("outbound_duration_seconds", "Of an attempt, from its begin to its last result.", "elapsed", SECONDS),
)
FILED: Final = (
    DELIVERED,
    Spread(
        "delivery_duration_seconds",
        "From the last byte to filed.",
        "elapsed",
        SECONDS,
        aliases=("elemta_delivery_duration_seconds",),
    ),
)
BROKEN: Final = Count(
    "connection_errors_total",
    "Connections ended by a fault of ours.",
    by=("listener",),
    aliases=("elemta_connection_errors_total",),
)
TLS: Final = Count(
    "tls_connections_total", "TLS handshakes done.", by=("tls_version",), aliases=("elemta_tls_connections_total",)
)
NO_TLS: Final = Count(
    "tls_handshake_failures_total",
    "TLS handshakes that failed.",
    by=("listener",),
    aliases=("elemta_tls_handshake_failures_total",),
)

LESSONS: Final = Count("filter_lessons_total", "Letters that filters learned from.", by=("filter", "result"))
NOTICES: Final = Count("notices_total", "Recipients whose fate the sender was told.", by=("result",))
BOUNCES_DROPPED: Final = Count("double_bounces_total", "Failures that nobody could be told of.")
KEPT: Final = "session account sender recipient message size message_id reason"
"""A copy that is kept aside."""
QUARANTINED: Final = Count("quarantined_total", "Copies that were kept aside.", by=("reason",))
FACTS_LOST: Final = Count("dmarc_facts_lost_total", "Letters that no DMARC report will tell of.", amount="count")
USED: Final = "session protocol client_ip username"
"""A recovery code, which is worthless now."""
