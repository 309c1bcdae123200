"""The total tables from facts to replies."""

from collections.abc import Mapping
from typing import Final

from mailstead.ground.model.outcome import Deferred, Delivered, Failed, Outcome
from mailstead.ground.model.verdict import Defer, Reason, Refuse
from mailstead.ground.wire.smtp.reply import Reply, Status

REFUSALS: Final[Mapping[Reason, Status]] = {
    Reason.USER_UNKNOWN: Status.USER_UNKNOWN,
    Reason.RELAY_DENIED: Status.RELAY_DENIED,
    Reason.DOMAIN_INACTIVE: Status.ACCOUNT_INACTIVE,
    Reason.ACCOUNT_INACTIVE: Status.ACCOUNT_INACTIVE,
    Reason.MAILBOX_FULL: Status.MAILBOX_FULL_NOW,
    Reason.MESSAGE_TOO_LARGE: Status.TOO_LARGE,
    Reason.SENDER_INVALID: Status.SENDER_REFUSED,
    Reason.RECIPIENT_INVALID: Status.RECIPIENT_REFUSED,
    Reason.TOO_MANY_HOPS: Status.TOO_MANY_HOPS,
    Reason.ALIAS_LOOP: Status.ALIAS_LOOP,
    Reason.NO_SPACE: Status.NO_SPACE_EVER,
    Reason.BUSY: Status.TRANSACTION_REFUSED,
    Reason.FAULT: Status.TRANSACTION_REFUSED,
    Reason.SENDER_NOT_OWNED: Status.SENDER_NOT_OWNED,
    Reason.AUTHOR_NOT_OWNED: Status.AUTHOR_NOT_OWNED,
    Reason.AUTHOR_UNCLEAR: Status.AUTHOR_UNCLEAR,
    Reason.HEADER_INVALID: Status.HEADER_INVALID,
    Reason.SENDING_LIMIT: Status.SENDING_LIMIT,
    Reason.RATE_LIMIT: Status.RATE_LIMIT,
    Reason.RECIPIENT_SUPPRESSED: Status.RECIPIENT_SUPPRESSED,
    Reason.SPF_FAILED: Status.SPF_FAILED,
    Reason.DMARC_FAILED: Status.DMARC_FAILED,
    Reason.VIRUS_FOUND: Status.VIRUS_FOUND,
    Reason.SPAM: Status.SPAM,
    Reason.RULE: Status.RULE_REFUSED,
    Reason.FILTER_SILENT: Status.TRANSACTION_REFUSED,
    Reason.SENDER_BLOCKED: Status.SENDER_BLOCKED,
    Reason.GREYLISTED: Status.STRANGER_REFUSED,
}

DEFERRALS: Final[Mapping[Reason, Status]] = {
    Reason.USER_UNKNOWN: Status.RECIPIENT_LATER,
    Reason.RELAY_DENIED: Status.RELAY_LATER,
    Reason.DOMAIN_INACTIVE: Status.ACCOUNT_ASLEEP,
    Reason.ACCOUNT_INACTIVE: Status.ACCOUNT_ASLEEP,
    Reason.MAILBOX_FULL: Status.MAILBOX_FULL,
    Reason.MESSAGE_TOO_LARGE: Status.SIZE_LATER,
    Reason.SENDER_INVALID: Status.SENDER_LATER,
    Reason.RECIPIENT_INVALID: Status.RECIPIENT_LATER,
    Reason.TOO_MANY_HOPS: Status.HOPS_LATER,
    Reason.ALIAS_LOOP: Status.HOPS_LATER,
    Reason.NO_SPACE: Status.NO_SPACE,
    Reason.BUSY: Status.TRY_LATER,
    Reason.FAULT: Status.TRY_LATER,
    Reason.SENDER_NOT_OWNED: Status.SENDER_LATER,
    Reason.AUTHOR_NOT_OWNED: Status.SENDER_LATER,
    Reason.AUTHOR_UNCLEAR: Status.SENDER_LATER,
    Reason.HEADER_INVALID: Status.SIZE_LATER,
    Reason.SENDING_LIMIT: Status.SENDING_LATER,
    Reason.RATE_LIMIT: Status.RATE_LATER,
    Reason.RECIPIENT_SUPPRESSED: Status.RECIPIENT_LATER,
    Reason.SPF_FAILED: Status.AUTHENTICITY_LATER,
    Reason.DMARC_FAILED: Status.AUTHENTICITY_LATER,
    Reason.VIRUS_FOUND: Status.CONTENT_LATER,
    Reason.SPAM: Status.CONTENT_LATER,
    Reason.RULE: Status.CONTENT_LATER,
    Reason.FILTER_SILENT: Status.CONTENT_LATER,
    Reason.SENDER_BLOCKED: Status.SENDER_LATER,
    Reason.GREYLISTED: Status.GREYLISTED,
}


def reply_to_verdict(verdict: Refuse | Defer, address: str = "", login: str = "") -> Reply:
    """The evidence stays with us. An unknown user is named, so that the sender of a pipeline knows which it was."""
    match verdict:
        case Refuse(Reason.SENDER_NOT_OWNED):
            return Reply(Status.SENDER_NOT_OWNED, f"{Status.SENDER_NOT_OWNED.text} {login}")
        case Refuse(Reason.USER_UNKNOWN):
            return Reply(Status.USER_UNKNOWN, f"<{address}>: {Status.USER_UNKNOWN.text}")
        case Refuse(reason):
            return Reply(REFUSALS[reason], verdict.words)
        case Defer(reason):
            return Reply(DEFERRALS[reason], verdict.words)


def reply_to_outcome(outcome: Outcome, number: int) -> Reply:
    """After the content."""
    match outcome:
        case Delivered():
            return Reply(Status.FILED, Status.FILED.text.format(id=number))
        case Deferred(reason, words):
            return Reply(DEFERRALS[reason], words)
        case Failed(reason, words):
            return Reply(REFUSALS[reason], words)


def incident_reply(incident: str) -> Reply:
    """A fault of ours: the stranger learns the name under which we find it."""
    return Reply(Status.LOCAL_ERROR, Status.LOCAL_ERROR.text.format(incident=incident))
