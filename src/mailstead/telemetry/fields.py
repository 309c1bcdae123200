"""Every field a log line may carry: its name, its kind, one sentence. An event names the ones it uses.

Kinds decide the privacy: what names a person (`ADDRESS`, `IP`, `LOGIN`) can be hashed by one setting.
Secrets have no kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Kind(Enum):
    """What a value is, hence how it is shown and whether it names a person."""

    TEXT = auto()
    NUMBER = auto()
    SECONDS = auto()
    FLAG = auto()
    ADDRESS = auto()
    IP = auto()
    LOGIN = auto()


PERSONAL: Final = frozenset({Kind.ADDRESS, Kind.IP, Kind.LOGIN})


@dataclass(frozen=True, slots=True)
class Field:
    """One registered field. `shown` is its name in the log where that is no word Python takes as an argument."""

    kind: Kind
    sentence: str
    shown: str = ""


FIELDS: Final[Mapping[str, Field]] = {
    "account": Field(Kind.NUMBER, "Id of the account of mail."),
    "address": Field(Kind.ADDRESS, "A mail address."),
    "attempts": Field(Kind.NUMBER, "How often it was tried so far."),
    "authenticated": Field(Kind.FLAG, "Whether the client has logged in."),
    "blob": Field(Kind.NUMBER, "Id of the stored bytes."),
    "client_hostname": Field(Kind.TEXT, "What the client calls itself (EHLO, ID)."),
    "client_ip": Field(Kind.IP, "Address of the client; behind a trusted proxy the one the proxy told."),
    "code": Field(Kind.NUMBER, "Reply, exit or error code."),
    "command": Field(Kind.TEXT, "The verb of the protocol."),
    "count": Field(Kind.NUMBER, "How many."),
    "delivery_host": Field(Kind.TEXT, "Host it was handed to."),
    "delivery_ip": Field(Kind.IP, "Address of the host it was handed to."),
    "detail": Field(Kind.TEXT, "Words of the cause, for the operator only."),
    "domain": Field(Kind.TEXT, "A mail domain."),
    "elapsed": Field(Kind.SECONDS, "How long it took, in seconds."),
    "error": Field(Kind.TEXT, "Type and words of the error."),
    "fields": Field(Kind.TEXT, "Names of what was changed, with a space between; never the values."),
    "filter": Field(Kind.TEXT, "Name of a filter of others, such as clamav."),
    "folder": Field(Kind.TEXT, "Path or id of the folder."),
    "hook": Field(Kind.TEXT, "Name of a hook."),
    "incident": Field(Kind.TEXT, "Id under which a failure was told to the peer."),
    "key": Field(Kind.TEXT, "Name of a configuration key; never its value."),
    "kind": Field(Kind.TEXT, "What a report is about: dmarc, tls, or one letter (failure)."),
    "limit": Field(Kind.NUMBER, "The limit that was met."),
    "listener": Field(Kind.TEXT, "Name of the listener, such as smtp or imaps."),
    "mechanism": Field(Kind.TEXT, "SASL mechanism, or LOGIN."),
    "message": Field(Kind.NUMBER, "Id of the stored message."),
    "message_id": Field(Kind.TEXT, "Message-ID header of the letter."),
    "path": Field(Kind.TEXT, "A file or folder of ours."),
    "pause": Field(Kind.SECONDS, "Until the next try, in seconds."),
    "peer": Field(Kind.IP, "Address of the other end where it is no client (a proxy, a node)."),
    "pid": Field(Kind.NUMBER, "Process id."),
    "port": Field(Kind.NUMBER, "Port on our side."),
    "protocol": Field(Kind.TEXT, "smtp, lmtp, imap, pop3, http."),
    "queue_id": Field(Kind.NUMBER, "Id of the spool entry."),
    "reason": Field(Kind.TEXT, "Why, as one registered word."),
    "recipient": Field(Kind.ADDRESS, "Envelope recipient.", shown="to"),
    "recipient_count": Field(Kind.NUMBER, "How many envelope recipients."),
    "report_id": Field(Kind.TEXT, "What tells a report from all others."),
    "reporter": Field(Kind.TEXT, "Who tells it in a report."),
    "result": Field(Kind.TEXT, "How it ended, as one word."),
    "selector": Field(Kind.TEXT, "Selector of a DKIM key."),
    "sender": Field(Kind.ADDRESS, "Envelope sender.", shown="from"),
    "session": Field(Kind.NUMBER, "Id of the session; all its lines carry it."),
    "signal": Field(Kind.TEXT, "Name of a signal."),
    "size": Field(Kind.NUMBER, "Size in bytes."),
    "stage": Field(Kind.TEXT, "When a hook is called: mail, rcpt, or one of Messages' triggers."),
    "subsystem": Field(Kind.TEXT, "The room of the program it happened in."),
    "tls_active": Field(Kind.FLAG, "Whether the connection is encrypted."),
    "tls_version": Field(Kind.TEXT, "Version of TLS agreed on."),
    "trace": Field(Kind.TEXT, "Stack of the failure, lines joined."),
    "username": Field(Kind.LOGIN, "Login name as given."),
    "version": Field(Kind.TEXT, "Version of a program or schema."),
    "who": Field(Kind.LOGIN, "Who did it: a login, or `api token`, or `command`."),
    "worker": Field(Kind.NUMBER, "Number of the worker process."),
}
