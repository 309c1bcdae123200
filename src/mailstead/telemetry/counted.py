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
