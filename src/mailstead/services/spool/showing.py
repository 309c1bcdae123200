"""How the queue looks in JSON, the same over the control socket and over HTTP; the names are those of Elemta's API.

Numbers of letters are text: they are longer than what JSON readers keep exact.
"""

import shlex
from collections.abc import Iterable
from typing import Any

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import JUDGING, SpooledLetter, SpooledRecipient, State
from mailstead.services.spool.explaining import tell_filed, tell_refused
from mailstead.services.spool.hints import hint
from mailstead.services.spool.looking import Dossier, Entry, Row, Stats, Tally
from mailstead.services.spool.orders import Done, shown_route
from mailstead.services.spool.telling import tell_chapter
from mailstead.services.spool.tracing import Filed, Found, Refused
from mailstead.store.port.spool import Lane, StoryRow

Json = dict[str, Any]

ENTRY = "mailstead.queue-entry.v1"
LETTER = "mailstead.letter.v1"
STATS = "mailstead.queue-stats.v1"
MOVE = "mailstead.queue-move.v1"
TRACE = "mailstead.trace.v1"


def show_entry(entry: Entry) -> Json:
    """One letter in one queue."""
    letter, recipients = entry.letter, entry.recipients
    last = max((one.last for one in recipients if one.last is not None), key=lambda last: last.at, default=None)
    next_retry = min((one.due_at for one in recipients if one.state.is_waiting), default=None)
    tried = [{"time": render_rfc3339(last.at), "result": entry.state.value, "error": last.diagnostic}] if last else []
    return {
        "schema": ENTRY,
        "id": str(letter.id),
        "queue_type": entry.state.value,
        "from": str(letter.sender or ""),
        "to": [str(one.address) for one in recipients],
        "domain": recipients[0].address.domain,
        "destination": shown_route(recipients[0].destination),
        "subject": letter.subject,
        "size": letter.size,
        "priority": int(letter.urgency) + 1,
        "received_at": render_rfc3339(letter.created_at),
        "created_at": render_rfc3339(letter.created_at),
        "updated_at": render_rfc3339(max(letter.created_at, last.at) if last else letter.created_at),
        "expires_at": render_rfc3339(letter.expires_at),
        "next_retry": _moment(next_retry),
        "retry_count": max(one.attempts for one in recipients),
        "last_error": last.diagnostic if last else "",
        "hold_reason": next((one.hold_reason for one in recipients if one.hold_reason), ""),
        "attempts": tried,
        "annotations": _annotations(letter, recipients),
        "message_id": letter.message_id,
        "origin": letter.origin.value,
    }


def _annotations(letter: SpooledLetter, recipients: Iterable[SpooledRecipient]) -> dict[str, str]:
    """What the sender wished, where anything was."""
    found = {"dsn_return": letter.ret or "", "dsn_envid": letter.envid or ""}
    found["require_tls"] = "true" if letter.wishes.require_tls else ""
    for one in recipients:
        notify = one.dsn.notify
        found[f"dsn_notify:{one.address}"] = ",".join(sorted(notify)) if notify else ""
        found[f"dsn_orcpt:{one.address}"] = one.dsn.original or ""
    return {name: value for name, value in found.items() if value}


def show_letter(dossier: Dossier) -> Json:
    """All of a letter: settled ones too, and every recipient for itself."""
    letter = dossier.letter
    return {
        "schema": LETTER,
        "id": str(letter.id),
        "from": str(letter.sender or ""),
        "login": letter.login,
        "origin": letter.origin.value,
        "signs": letter.domain,
        "subject": letter.subject,
        "message_id": letter.message_id,
        "size": letter.size,
        "priority": int(letter.urgency) + 1,
        "created_at": render_rfc3339(letter.created_at),
        "expires_at": render_rfc3339(letter.expires_at),
        "settled_at": _moment(letter.settled_at),
        "annotations": _annotations(letter, dossier.recipients),
        "recipients": [_recipient(one) for one in dossier.recipients],
        "attempts": [one for row in dossier.story for one in _attempts(row)],
    }


def _recipient(one: SpooledRecipient) -> Json:
    last = one.last
    return {
        "address": str(one.address),
        "state": one.state.value,
        "destination": shown_route(one.destination),
        "route": shown_route(one.route),
        "attempts": one.attempts,
        "next_retry": _moment(one.due_at) if one.state.is_waiting else None,
        "is_being_tried": bool(one.lease),
        "hold_reason": one.hold_reason,
        "status": last.status if last else "",
        "last_reply": last.diagnostic if last else "",
        "host": last.host if last else "",
        "last_at": _moment(last.at) if last else None,
        "hint": _hint(one),
    }


def _hint(one: SpooledRecipient) -> str:
    """Of what was heard last. Who waits to be judged heard it from our own filters."""
    if one.last is None:
        return ""
    if one.destination == JUDGING and one.state.is_waiting:
        return f"{one.last.diagnostic}; mailstead filter list says how the filters are"
    return hint(one.last.status)


def _attempts(row: StoryRow) -> list[Json]:
    """As Elemta tells them: one for each recipient of each try."""
    if row.kind != "attempt":
        return []
    return [
        {
            "time": render_rfc3339(row.at),
            "result": one["ending"],
            "error": "" if one["ending"] in ("delivered", "relayed") else one["said"],
            "to": one["to"],
            "status": one["status"],
            "host": one["host"],
        }
        for one in msgspec.json.decode(row.detail).get("results", ())
    ]


def show_tally(tally: Tally) -> Json:
    """Of one queue, or of all."""
    return {
        "letters": tally.letters,
        "recipients": tally.recipients,
        "bytes": tally.size,
        "oldest": _moment(tally.oldest),
    }


def show_stats(stats: Stats) -> Json:
    """Elemta's counts, which are of letters, and what else there is."""
    held = {state.value: tally for state, tally in stats.queues.items()}
    return {
        "schema": STATS,
        "active_count": held["active"].letters,
        "deferred_count": held["deferred"].letters,
        "hold_count": held["held"].letters,
        "failed_count": held["failed"].letters,
        "total_size": stats.total.size,
        "last_updated": render_rfc3339(stats.at),
        "total": show_tally(stats.total),
        "queues": {name: show_tally(tally) for name, tally in held.items()},
    }


def show_row(row: Row) -> Json:
    """Of the matrix."""
    return {"destination": shown_route(row.destination), "total": row.total, "ages": list(row.counts)}


def show_lane(lane: Lane, now: Instant) -> Json:
    """A destination."""
    return {
        "destination": shown_route(lane.destination),
        "due_at": render_rfc3339(lane.due_at),
        "paused_until": render_rfc3339(lane.paused_until) if lane.paused_until > now else None,
        "failures": lane.failures,
        "reason": lane.reason,
    }


def show_done(done: Done) -> Json:
    """What a move did, or would do."""
    return {
        "schema": MOVE,
        "move": done.move.value,
        "letters": done.letters,
        "recipients": done.recipients,
        "busy": done.busy,
        "bytes": done.size,
        "undo": shlex.join(("mailstead", *done.undo)) if done.undo else None,
    }


def show_trace(found: Found) -> Json:
    """The story of a letter, with words for people in each chapter."""
    return {
        "schema": TRACE,
        "letters": [show_letter(one) | {"chapters": [_chapter(row) for row in one.story]} for one in found.letters],
        "filed": [_filed(one) for one in found.filed],
        "refused": [_refused(one) for one in found.refused],
        "is_cut": found.is_cut,
    }


def _chapter(row: StoryRow) -> Json:
    return {
        "at": render_rfc3339(row.at),
        "kind": row.kind,
        "detail": msgspec.json.decode(row.detail),
        "words": tell_chapter(row),
    }


def _filed(one: Filed) -> Json:
    return {
        "at": render_rfc3339(one.trace.at),
        "account": one.account,
        "message": str(one.trace.message_id),
        "message_id": one.message_id,
        "detail": one.story | {"id": str(one.story.get("id", ""))},
        "folders": [{"folder": place.folder, "since": render_rfc3339(place.since)} for place in one.folders],
        "words": tell_filed(one),
    }


def _refused(one: Refused) -> Json:
    return {"at": render_rfc3339(one.refusal.at), "detail": one.story, "words": tell_refused(one)}


def _moment(at: Instant | None) -> str | None:
    return None if at is None else render_rfc3339(at)


def queue_word(state: State) -> str:
    """As Elemta calls a queue."""
    return "hold" if state is State.HELD else state.value
