"""Every event the program can tell, one row each: name, level, type, fields, and the metrics counted from it.

Names are <subsystem>.<object>.<outcome>: no data and no severity in them. `message` is the phrase people search for;
it may show fields in braces. A new event is a new row here; its fields must stand in `fields.FIELDS`.
"""

from enum import Enum
from logging import DEBUG, ERROR, INFO, WARNING

from mailstead.telemetry import counted as c
from mailstead.telemetry.event_type import (
    AUTHENTICATION,
    BOUNCE,
    DEFERRAL,
    DELIVERY,
    RECEPTION,
    REJECTION,
    SYSTEM,
    TEMPFAIL,
    EventType,
)  # fmt: skip
from mailstead.telemetry.metrics import REGISTRY, Count, Observe, Spread


class Event(Enum):
    """All events. `emit(Event.X, field=value, ...)` takes only the fields of the row."""

    level: int
    event_type: EventType
    fields: frozenset[str]
    message: str
    metrics: tuple[Count | Spread, ...]
    observe: Observe | None

    def __new__(
        cls, name: str, level: int, event_type: EventType, fields: str, message: str = "", *metrics: Count | Spread
    ) -> "Event":
        """Fields are given as one string of names."""
        event = object.__new__(cls)
        event._value_ = name
        event.level = level
        event.event_type = event_type
        event.fields = frozenset(fields.split())
        event.message = message or name
        event.metrics = metrics
        event.observe = REGISTRY.observer(metrics)
        return event

    # net: connections, TLS, proxies
    NET_LISTENER_STARTED = "net.listener.started", INFO, SYSTEM, "listener port"
    NET_CONNECTION_OPENED = (
        "net.connection.opened", DEBUG, SYSTEM, "listener session client_ip port tls_active", "", c.OPENED,
    )  # fmt: skip
    NET_CONNECTION_CLOSED = "net.connection.closed", DEBUG, SYSTEM, "listener session elapsed", "", c.CLOSED
    NET_CONNECTION_REFUSED = (
        "net.connection.refused", INFO, REJECTION, "listener client_ip reason limit", "",
        Count("connections_refused_total", "Connections refused by a limit.", by=("listener", "reason")),
    )  # fmt: skip
    NET_CONNECTION_FAILED = (
        "net.connection.failed", ERROR, SYSTEM, "listener session client_ip incident error trace", "",
        c.BROKEN,
    )  # fmt: skip
    NET_ACCEPT_FAILED = (
        "net.accept.failed", ERROR, SYSTEM, "listener error", "",
        Count("accept_errors_total", "Connections that could not be accepted.", by=("listener",)),
    )  # fmt: skip
    NET_PROXY_REFUSED = "net.proxy.refused", INFO, REJECTION, "listener peer reason"
    NET_TLS_STARTED = (
        "net.tls.started", DEBUG, SYSTEM, "listener session tls_version", "",
        c.TLS,
    )  # fmt: skip
    NET_TLS_FAILED = (
        "net.tls.failed", INFO, SYSTEM, "listener client_ip error", "",
        c.NO_TLS,
    )  # fmt: skip
    NET_LOOP_STALLED = (
        "net.loop.stalled", WARNING, SYSTEM, "elapsed worker", "",
        Count("loop_stalls_total", "Times the event loop stood still for over 50 ms."),
    )  # fmt: skip
    NET_BUS_FAILED = "net.bus.failed", WARNING, SYSTEM, "path error"

    # smtp, lmtp
    SMTP_SERVER_STARTED = (
        "smtp.server.started", INFO, SYSTEM, "port", "smtp: Starting SMTP server (receive only) on :{port}",
    )  # fmt: skip
    SMTP_MESSAGE_ACCEPTED = (
        "smtp.message.accepted", INFO, RECEPTION,
        "session protocol client_ip client_hostname sender recipient_count size message_id elapsed tls_active",
        "message_reception", *c.RECEIVED,
    )  # fmt: skip
    SMTP_RECIPIENT_REFUSED = (
        "smtp.recipient.refused", INFO, REJECTION, "session protocol client_ip sender recipient reason detail", "",
        Count("recipients_refused_total", "Recipients refused.", by=("protocol", "reason")),
    )  # fmt: skip
    SMTP_MESSAGE_REFUSED = (
        "smtp.message.refused", INFO, REJECTION, "session protocol client_ip sender size reason detail", "",
        Count("messages_refused_total", "Messages refused for good.", by=("protocol", "reason")),
    )  # fmt: skip
    SMTP_MESSAGE_DEFERRED = (
        "smtp.message.deferred", WARNING, TEMPFAIL, "session protocol client_ip sender size reason detail", "",
        Count("messages_put_off_total", "Messages refused for now.", by=("protocol", "reason")),
    )  # fmt: skip
    REFUSALS_LOST = (
        "smtp.refusals.lost", WARNING, REJECTION, "count", "",
        Count("refusals_lost_total", "Refusals that left no row, for there were too many at once.", amount="count"),
    )  # fmt: skip
    SMTP_SENDER_BLOCKED = (
        "smtp.sender.blocked", INFO, REJECTION, "session client_ip sender recipient detail",
        "smtp: Rejected blocked sender: {from} (IP: {client_ip})",
        Count("blocked_senders_total", "Senders refused by the block list."),
    )  # fmt: skip
    SMTP_SESSION_ENDED = "smtp.session.ended", DEBUG, SYSTEM, "session protocol client_ip reason count elapsed"

    # checks
    CHECKS_SPF = (
        "checks.spf.evaluated", INFO, RECEPTION, "session client_ip domain result detail", "spf",
        Count("spf_checks_total", "Letters whose sender was looked up in SPF.", by=("result",)),
    )  # fmt: skip
    CHECKS_DKIM = (
        "checks.dkim.verified", INFO, RECEPTION, "session client_ip domain result detail", "dkim",
        Count("dkim_checks_total", "DKIM signatures verified.", by=("result",)),
    )  # fmt: skip
    CHECKS_DMARC = (
        "checks.dmarc.evaluated", INFO, RECEPTION, "session client_ip domain result detail", "dmarc",
        Count("dmarc_checks_total", "Author domains evaluated by DMARC.", by=("result",)),
    )  # fmt: skip
    CHECKS_LETTER_JUDGED = (
        "checks.letter.judged", INFO, RECEPTION, "session client_ip domain result reason detail", "",
        Count("letters_judged_total", "Letters judged for a domain, by what is done with them.", by=("result",)),
    )  # fmt: skip

    # filters of others
    FILTER_ANSWERED = (
        "filter.question.answered", DEBUG, RECEPTION, "filter result elapsed", "", c.ASKED,
        Spread("filter_duration_seconds", "From the question to the answer, waits included.", "elapsed", c.SECONDS,
               by=("filter",)),
    )  # fmt: skip
    FILTER_SILENT = (
        "filter.question.silent", WARNING, TEMPFAIL, "filter result elapsed detail", "filter {filter} silent", c.ASKED,
    )  # fmt: skip
    FILTER_BREAKER_OPENED = (
        "filter.breaker.opened", ERROR, SYSTEM, "filter detail pause", "filter {filter} is left alone",
        Count("filter_breaks_total", "Times a filter failed so often that it was left alone.", by=("filter",)),
    )  # fmt: skip
    FILTER_LESSON_LEARNED = "filter.lesson.learned", DEBUG, SYSTEM, "filter result", "", c.LESSONS
    FILTER_LESSON_LOST = "filter.lesson.lost", WARNING, SYSTEM, "filter result detail", "filter {filter} did not learn"
    SPAM_LEARNED = "filter.own.learned", INFO, SYSTEM, "account count result", "our own spam filter learned {result}"
    FILTER_BREAKER_CLOSED = "filter.breaker.closed", INFO, SYSTEM, "filter", "filter {filter} answers again"

    # delivery
    DELIVERY_MESSAGE_FILED = (
        "delivery.message.filed", INFO, DELIVERY,
        "session queue_id account recipient sender folder message size message_id elapsed", "message_delivery",
        *c.FILED,
    )  # fmt: skip
    QUOTA_THRESHOLD_CROSSED = (
        "quota.threshold.crossed", WARNING, SYSTEM, "account domain address limit", "quota_warning",
        Count("quota_warnings_total", "Accounts and domains that came to 80, 90 or 100 % of their quota."),
    )  # fmt: skip
    NOTICE_LETTER_WRITTEN = (
        "notice.letter.written", INFO, BOUNCE, "queue_id sender recipient result detail", "", c.NOTICES,
    )  # fmt: skip
    NOTICE_BOUNCE_DROPPED = (
        "notice.bounce.dropped", WARNING, BOUNCE, "queue_id recipient detail", "double_bounce", c.BOUNCES_DROPPED,
    )  # fmt: skip

    # the spool, and what leaves it
    SPOOL_LETTER_QUEUED = (
        "spool.letter.queued", INFO, RECEPTION,
        "session queue_id sender size message_id recipient_count reason", "message_queued",
        Count("letters_queued_total", "Letters put into the spool.", by=("reason",)),
    )  # fmt: skip
    SPOOL_RECIPIENT_SENT = (
        "spool.recipient.sent", INFO, DELIVERY,
        "queue_id sender recipient delivery_host detail attempts elapsed", "message_delivery",
        *c.SENT,
    )  # fmt: skip
    SPOOL_RECIPIENT_DEFERRED = (
        "spool.recipient.deferred", INFO, TEMPFAIL,
        "queue_id sender recipient delivery_host detail attempts pause", "message_tempfail",
        Count("messages_deferred_total", "Tries that have to be made again."),
    )  # fmt: skip
    SPOOL_RECIPIENT_FAILED = (
        "spool.recipient.failed", INFO, BOUNCE,
        "queue_id sender recipient delivery_host detail attempts reason", "message_bounce",
        *c.GIVEN_UP,
    )  # fmt: skip
    SPOOL_LANE_PAUSED = (
        "spool.lane.paused", WARNING, TEMPFAIL, "domain detail attempts pause", "destination paused",
        Count("destinations_paused_total", "Destinations left alone for a while."),
    )  # fmt: skip
    SPOOL_LETTER_HELD = (
        "spool.letter.held", INFO, DEFERRAL, "queue_id sender recipient_count detail", "message_held",
        Count("recipients_held_total", "Recipients held back by a rule or a pause.", amount="recipient_count"),
    )  # fmt: skip
    SPOOL_LEASE_LOST = "spool.lease.lost", WARNING, SYSTEM, "queue_id count", "another worker has it by now"
    # outbound
    OUTBOUND_CONNECTION_OPENED = (
        "outbound.connection.opened", DEBUG, SYSTEM, "delivery_host delivery_ip tls_version elapsed", "",
        Count("outbound_connections_total", "Connections to other servers that came to speak.", by=("tls_version",)),
    )  # fmt: skip
    OUTBOUND_CONNECTION_FAILED = (
        "outbound.connection.failed", INFO, TEMPFAIL, "delivery_host delivery_ip reason detail", "",
        Count("outbound_connection_failures_total", "Connections to other servers that came to nothing.",
              by=("reason",)),
    )  # fmt: skip
    OUTBOUND_ATTEMPT_DONE = (
        "outbound.attempt.done", DEBUG, DELIVERY, "queue_id domain sender recipient_count count result elapsed", "",
        *c.ATTEMPTED,
    )  # fmt: skip

    # lines to others
    STS_FETCH_FAILED = (
        "outbound.sts.failed", INFO, SYSTEM, "domain reason error", "",
        Count("sts_fetch_failures_total", "MTA-STS policies that could not be had.", by=("reason",)),
    )  # fmt: skip
    TLS_RESULTS_LOST = (
        "outbound.results.lost", WARNING, SYSTEM, "count", "",
        Count("tls_results_lost_total", "TLS sessions that no report will count.", amount="count"),
    )  # fmt: skip

    # what is kept aside
    QUARANTINE_LETTER_KEPT = "quarantine.letter.kept", INFO, DELIVERY, c.KEPT, "", c.QUARANTINED
    QUARANTINE_LETTER_RELEASED = "quarantine.letter.released", INFO, DELIVERY, "message account recipient who"
    QUARANTINE_LETTER_DELETED = "quarantine.letter.deleted", INFO, SYSTEM, "message account recipient who"
    QUARANTINE_LETTERS_EXPIRED = "quarantine.letters.expired", INFO, SYSTEM, "domain count"
    QUARANTINE_DIGEST_FILED = "quarantine.digest.filed", INFO, DELIVERY, "account address count"
    QUARANTINE_DOMAIN_FULL = "quarantine.domain.full", WARNING, SYSTEM, "domain limit reason"
    # the block list and the allow list
    BLOCKS_SENDER_BLOCKED = "blocks.sender.blocked", INFO, SYSTEM, c.LISTED, "mail: Blocked email: {from}"
    BLOCKS_SENDER_UNBLOCKED = "blocks.sender.unblocked", INFO, SYSTEM, c.LISTED, "mail: Unblocked email: {from}"
    BLOCKS_CLIENT_BLOCKED = "blocks.client.blocked", INFO, SYSTEM, c.LISTED, "mail: Blocked IP: {client_ip}"
    BLOCKS_CLIENT_UNBLOCKED = "blocks.client.unblocked", INFO, SYSTEM, c.LISTED, "mail: Unblocked IP: {client_ip}"
    BLOCKS_ALLOW_ADDED = "blocks.allow.added", INFO, SYSTEM, c.LISTED, "mail: Allowed: {from}{client_ip}"
    BLOCKS_ALLOW_REMOVED = "blocks.allow.removed", INFO, SYSTEM, c.LISTED, "mail: No longer allowed: {from}{client_ip}"
    # reports: what servers tell each other about mail as such
    REPORT_FACTS_LOST = "reports.facts.lost", WARNING, SYSTEM, "count", "", c.FACTS_LOST
    REPORT_LETTER_WRITTEN = (
        "reports.letter.written", INFO, SYSTEM, "kind domain reporter recipient_count report_id", "report_written",
        Count("reports_written_total", "Reports written to other domains.", by=("kind",)),
    )  # fmt: skip
    REPORT_UNWANTED = "reports.letter.unwanted", INFO, SYSTEM, "kind domain reporter detail"
    REPORT_RECEIVED = (
        "reports.report.received", INFO, SYSTEM, "kind domain reporter report_id count", "report_received",
        Count("reports_received_total", "Reports of others that were taken.", by=("kind",)),
    )  # fmt: skip
    REPORT_COMPLAINED = (
        "reports.complaint.taken", WARNING, SYSTEM, "queue_id message_id result reporter", "", c.COMPLAINED
    )  # fmt: skip
    REPORT_REFUSED = "reports.report.unreadable", WARNING, SYSTEM, "message detail", "", c.REPORTS_UNREADABLE

    # greylisting
    GREYLIST_RECIPIENT_DEFERRED = "greylist.recipient.deferred", INFO, DEFERRAL, c.STRANGER, "greylisted", c.GREYLISTED
    GREYLIST_RECIPIENT_PASSED = (
        "greylist.recipient.passed",
        INFO,
        RECEPTION,
        c.STRANGER,
        "greylist passed",
        c.CAME_AGAIN,
    )
    GREYLIST_NOTES_LOST = "greylist.notes.lost", WARNING, SYSTEM, "count", "", c.NOTES_LOST

    # guards of sending
    GUARD_BREAKER_OPENED = (
        "guard.breaker.opened", WARNING, DEFERRAL, "reason domain address detail pause attempts", "sending paused",
        Count("sending_pauses_total", "Pauses of senders and destinations.", by=("reason",)),
    )  # fmt: skip
    GUARD_BREAKER_CLOSED = (
        "guard.breaker.closed", INFO, SYSTEM, "reason domain address count", "sending resumed",
    )  # fmt: skip
    GUARD_RECIPIENT_SUPPRESSED = (
        "guard.recipient.suppressed", INFO, BOUNCE, "queue_id domain recipient detail", "recipient suppressed",
        Count("suppressed_total", "Recipients put on a suppression list after a bounce."),
    )  # fmt: skip
    SPOOL_HAND_MOVED = "spool.hand.moved", INFO, SYSTEM, "command username count", "queue: {command} by hand"

    # logins
    AUTH_LOGIN_SUCCEEDED = (
        "auth.login.succeeded", INFO, AUTHENTICATION, "session protocol client_ip username mechanism elapsed",
        "authentication succeeded",
        Count("auth_successes_total", "Logins.", by=("protocol",), aliases=("elemta_auth_successes_total",)),
    )  # fmt: skip
    AUTH_LOGIN_FAILED = (
        "auth.login.failed", WARNING, AUTHENTICATION, "session protocol client_ip username mechanism reason",
        "authentication failed", *c.FAILED_LOGIN,
    )  # fmt: skip
    AUTH_LOGIN_BLOCKED = (
        "auth.login.blocked", WARNING, AUTHENTICATION, "session protocol client_ip username reason limit",
        "rate_limit_exceeded", Count("auth_blocked_total", "Logins refused past a limit, unheard.", by=("protocol",)),
    )  # fmt: skip
    AUTH_ADDRESS_BLOCKED = (
        "auth.address.blocked", WARNING, AUTHENTICATION, "client_ip domain reason limit pause",
        "address blocked", Count("login_blocks_total", "Blocks of addresses that failed to log in.", by=("reason",)),
    )  # fmt: skip
    AUTH_RECOVERY_USED = "auth.recovery.used", WARNING, AUTHENTICATION, c.USED, "recovery code used"
    AUTH_PASSWORD_REHASHED = "auth.password.rehashed", INFO, AUTHENTICATION, "account"
    POLICY_RATE_EXCEEDED = (
        "policy.rate.exceeded", WARNING, REJECTION, "session protocol client_ip sender username domain reason limit",
        "rate_limit_exceeded", Count("rate_limit_hits_total", "Rates that were met.", by=("protocol", "reason")),
    )  # fmt: skip
    POLICY_DOMAIN_CHANGED = (
        "policy.domain.changed", INFO, SYSTEM, "domain who fields version",
        "policy of {domain} changed by {who}: {fields}",
        Count("policy_changes_total", "Changes of what domains want."),
    )  # fmt: skip
    CONTENT_VIRUS_FOUND = (
        "content.virus.found", WARNING, REJECTION, "session client_ip sender recipient_count reason", "virus_detected",
        Count("viruses_total", "Letters with a virus."),
    )  # fmt: skip
    CONTENT_SPAM_FOUND = (
        "content.spam.found", INFO, REJECTION, "session client_ip sender recipient_count result detail",
        "spam_detected", Count("spam_total", "Letters taken for spam, by what is done with them.", by=("result",)),
    )  # fmt: skip

    HOOK_ANSWERED = (
        "hooks.call.answered", DEBUG, SYSTEM, "hook stage result elapsed", "",
        Count("hook_calls_total", "Answers of hooks.", by=("hook", "stage", "result")),
        Spread("hook_duration_seconds", "From the call of a hook to its answer.", "elapsed", c.SECONDS, by=("hook",)),
    )  # fmt: skip
    HOOK_SILENT = (
        "hooks.call.silent", WARNING, TEMPFAIL, "hook stage elapsed detail", "hook {hook} gave no answer: {detail}",
        Count("hook_failures_total", "Calls of hooks without an answer.", by=("hook", "stage")),
    )  # fmt: skip
    SPOOL_LETTER_UNJUDGED = (
        "spool.letter.unjudged", ERROR, DELIVERY, "queue_id sender recipient detail", "processing failed",
    )  # fmt: skip
    HOOK_GIVEN_UP = "hooks.errand.dropped", ERROR, SYSTEM, "hook message attempts detail", "hook {hook} was not told"

    # signing of what leaves
    SIGNING_LETTER_SIGNED = (
        "signing.letter.signed", DEBUG, SYSTEM, "domain count", "",
        Count("dkim_signed_total", "Letters signed with DKIM."),
    )  # fmt: skip
    SIGNING_KEY_ENABLED = (
        "signing.key.enabled", INFO, SYSTEM, "domain selector",
        "dkim: DKIM signing enabled for domain {domain} with selector {selector}",
    )  # fmt: skip
    SIGNING_FILE_MISSING = (
        "signing.file.missing", INFO, SYSTEM, "path",
        "mail: DKIM signing disabled: DKIM private key not found at {path}",
    )  # fmt: skip
    SIGNING_FILE_BROKEN = "signing.file.broken", ERROR, SYSTEM, "path error"
    SIGNING_FILE_EXPOSED = (
        "signing.file.exposed", WARNING, SYSTEM, "path", "{path} can be read by others: chmod 600 {path}",
    )  # fmt: skip
    SIGNING_KEY_MISSING = "signing.key.missing", WARNING, SYSTEM, "domain", "dkim: no active key of {domain}"
    SIGNING_KEY_BROKEN = "signing.key.broken", ERROR, SYSTEM, "domain selector error"
    SIGNING_KEY_CHANGED = "signing.key.changed", INFO, SYSTEM, "domain selector result"

    # imap
    IMAP_SESSION_ENDED = "imap.session.ended", DEBUG, SYSTEM, "session client_ip reason count elapsed"
    IMAP_COMMAND_REFUSED = "imap.command.refused", DEBUG, REJECTION, "session command reason"

    # pop3
    POP3_SESSION_ENDED = "pop3.session.ended", DEBUG, SYSTEM, "session client_ip reason count elapsed"

    # store
    STORE_OPENED = "store.database.opened", INFO, SYSTEM, "path version"
    STORE_MIGRATED = "store.schema.migrated", INFO, SYSTEM, "version elapsed"
    STORE_GROUP_FAILED = "store.group.failed", ERROR, SYSTEM, "error count"
    STORE_GROUP_SLOW = (
        "store.group.slow", WARNING, SYSTEM, "elapsed count", "",
        Count("store_stalls_total", "Groups of units that held the event loop for over 50 ms."),
    )  # fmt: skip
    INDEX_BROKEN = "store.index.broken", ERROR, SYSTEM, "path error"
    STORE_SPACE_LOW = "store.space.low", ERROR, SYSTEM, "path size limit"
    STORE_LOCK_HELD = "store.lock.held", ERROR, SYSTEM, "pid worker elapsed"
    STORE_QUEUE_FULL = (
        "store.queue.full", WARNING, TEMPFAIL, "count size", "",
        Count("store_busy_total", "Units refused because the queue of units was full or slow."),
    )  # fmt: skip

    # the program itself
    SYSTEM_INCIDENT = (
        "system.fault.met", ERROR, SYSTEM, "incident subsystem session error trace", "",
        Count("incidents_total", "Faults of ours.", by=("subsystem",)),
    )  # fmt: skip
    CONTROL_COMMAND_DONE = "control.command.done", INFO, SYSTEM, "command address result"
    CONFIG_KEY_IDLE = "config.key.idle", WARNING, SYSTEM, "key", "{key} is accepted and not yet in force"
    CONFIG_LOADED = "config.file.loaded", INFO, SYSTEM, "path"
    APP_STARTED = "app.program.started", INFO, SYSTEM, "version pid count"
    APP_READY = "app.program.ready", INFO, SYSTEM, "pid elapsed"
    APP_STOPPING = "app.program.stopping", INFO, SYSTEM, "signal"
    APP_STOPPED = "app.program.stopped", INFO, SYSTEM, "elapsed"
    APP_RELOADED = "app.program.reloaded", INFO, SYSTEM, "result"
    WORKER_STARTED = "app.worker.started", INFO, SYSTEM, "worker pid"
    WORKER_READY = "app.worker.ready", INFO, SYSTEM, "worker pid elapsed"
    WORKER_ENDED = (
        "app.worker.ended", WARNING, SYSTEM, "worker pid code elapsed", "",
        Count("worker_deaths_total", "Processes of ours that ended unasked."),
    )  # fmt: skip
    WORKER_KILLED = "app.worker.killed", ERROR, SYSTEM, "worker pid reason elapsed"
    WORKER_DRAINED = "app.worker.drained", INFO, SYSTEM, "worker count elapsed"
    HASHER_BUSY = (
        "app.hasher.busy", WARNING, TEMPFAIL, "count", "",
        Count("hasher_busy_total", "Password checks refused because too many waited."),
    )  # fmt: skip
    HASHER_FAILED = "app.hasher.failed", ERROR, SYSTEM, "error"
