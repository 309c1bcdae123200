"""Why a letter is where it is, or is not here at all: in plain words, out of what its trace keeps. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mailstead.ground.model.policy import Action
from mailstead.ground.model.verdict import Reason
from mailstead.services.spool.tracing import Filed, Refused

Kept = Mapping[str, Any]

JUDGED: Final = {
    Action.HOLD.value: "It waited to be judged, for a filter gave no answer.",
    Action.REJECT.value: "It would have been refused, but others of the same transaction took it: so it was set aside.",
    Action.DEFER.value: "It would have been put off, but others of the same transaction took it: so it was set aside.",
}


def tell_filed(filed: Filed) -> list[str]:
    """The conclusion first, then what was found."""
    story = filed.story
    checks, folder = story.get("checks", {}), story.get("folder", "")
    charges = checks.get("charges", ())
    where = f"Filed in {folder} of {filed.account or 'an account that is gone'}"
    if filed.is_kept:
        where = f"Kept in quarantine for {story.get('to')}, number {filed.trace.message_id}"
    if charges and checks.get("action") != Action.ACCEPT.value:
        where += f": {_accuse(charges[0], checks, story)}"
    lines = [f"{where}."]
    if charges:
        lines += [_blame(charges[0], story)] if checks.get("action") != Action.ACCEPT.value else []
        if checks.get("action") == Action.QUARANTINE.value:
            lines += [JUDGED[charges[0][1]]] if charges[0][1] in JUDGED else []
    if checks.get("released"):
        lines.append(f"It was kept in quarantine before, as number {checks['released']}, and released.")
    return [*lines, *tell_findings(checks)]


def tell_refused(refused: Refused) -> list[str]:
    """The conclusion first, then what was found."""
    story = refused.story
    checks = story.get("checks", {})
    charges = checks.get("charges", ())
    verb = "Refused" if story.get("final") else "Put off"
    if checks.get("action") == Action.DISCARD.value:
        verb = "Taken and thrown away"
    if not charges:
        why = f" ({story['why']})" if story.get("why") else ""
        return [f"{verb}: {_SAID.get(story.get('reason', ''), story.get('reason', ''))}{why}."]
    lines = [f"{verb}: {_accuse(charges[0], checks, story)}.", _blame(charges[0], story)]
    if checks.get("taken"):
        lines.append("Others of the same transaction took it, so it was set aside for this recipient.")
    return [*lines, *tell_findings(checks)]


def tell_findings(checks: Kept) -> list[str]:
    """One line for each check and filter."""
    lines = [f"SPF ({one['of'].replace('_', ' ')}): {_result(one)}" for one in checks.get("spf", ())]
    lines += [f"DKIM: {_result(one)}" for one in checks.get("dkim", ())]
    lines += [f"DMARC: {_dmarc(one)}" for one in checks.get("dmarc", ())]
    if arc := checks.get("arc"):
        sealed = f", sealed by {', '.join(arc['sealers'])}" if arc.get("sealers") else ""
        lines.append(f"ARC: {arc.get('result')}{sealed}")
    if reverse := checks.get("iprev"):
        lines.append(f"reverse name: {reverse.get('result')} {reverse.get('name', '')}".rstrip())
    for one in checks.get("filters", ()):
        lines += _filter(one)
    lines += [f"passed over, as the policy {rule} wants: {words}" for _, done, words, rule in _passed_over(checks)]
    return lines


def _passed_over(checks: Kept) -> list[Sequence[str]]:
    return [charge for charge in checks.get("charges", ()) if charge[1] == Action.ACCEPT.value]


def _result(one: Kept) -> str:
    who = one.get("domain", "")
    by = f" by {one['by']}" if one.get("by") else ""
    selector = f", selector {one['selector']}" if one.get("selector") else ""
    why = f" ({one['why']})" if one.get("why") else ""
    return f"{one.get('result')}{f' of {who}' if who else ''}{by}{selector}{why}"


def _dmarc(one: Kept) -> str:
    wish = f", its policy is p={one['policy']}" if one.get("policy") else ", it has no policy"
    by = f", vouched for by {one['by']}" if one.get("by") else ""
    return f"{one.get('result')} of {one.get('domain', '')}{by}{wish}"


def _filter(one: Kept) -> list[str]:
    """Its symptoms by weight, each on a line."""
    source = one.get("source", "")
    if one.get("trouble"):
        return [f"{source}: no answer ({one['trouble']})"]
    score = f" {one['score']:.1f} points" if one.get("score") else ""
    words = f" {one['words']}" if one.get("words") else ""
    wish = f", asks to {one['wish']}" if one.get("wish") else ""
    symptoms = sorted(one.get("symptoms", ()), key=lambda symptom: -abs(symptom[1]))
    told = [f"  {weight:+.1f} {text or name}" for name, weight, text in symptoms]
    return [f"{source}:{score}{words}{wish}" + ("" if score or words or wish else " nothing against it"), *told]


def _accuse(charge: Sequence[str], checks: Kept, story: Kept) -> str:
    reason, _, words, _ = charge
    accuse = _ACCUSATIONS.get(reason)
    return accuse(checks, story, words) if accuse is not None else words


def _blame(charge: Sequence[str], story: Kept) -> str:
    rule = charge[3]
    if not rule:
        return "The filter asked for it by itself."
    return f"The policy {rule} of {story.get('to', '').rpartition('@')[2]} did it."


def _accuse_by_dmarc(checks: Kept, _: Kept, words: str) -> str:
    failed = [one for one in checks.get("dmarc", ()) if one.get("result") == "fail" and one.get("policy")]
    if not failed:
        return words
    wish, author = failed[0]["policy"], failed[0].get("domain", "")
    spf = next((one["result"] for one in reversed(checks.get("spf", ()))), "unknown")
    passed = [one.get("domain", "") for one in checks.get("dkim", ()) if one.get("result") == "pass"]
    dkim = f"signed by {', '.join(passed)} alone" if passed else "no valid DKIM signature"
    return f"the author's domain {author} asks to {wish} (p={wish}) what fails DMARC; SPF {spf}, {dkim}"


def _accuse_by_spf(checks: Kept, story: Kept, words: str) -> str:
    for one in reversed(checks.get("spf", ())):
        by = f" ({one['by']})" if one.get("by") else ""
        return f"{story.get('ip', 'the client')} may not send for {one.get('domain', '')}: SPF {one['result']}{by}"
    return words


_ACCUSATIONS: Final[Mapping[str, Callable[[Kept, Kept, str], str]]] = {
    Reason.DMARC_FAILED.value: _accuse_by_dmarc,
    Reason.SPF_FAILED.value: _accuse_by_spf,
    Reason.VIRUS_FOUND.value: lambda _checks, _story, words: f"a virus was found, {words}",
    Reason.SPAM.value: lambda _checks, _story, words: f"taken for spam, {words}",
    Reason.RULE.value: lambda _checks, _story, words: f"a rule wants it so, {words}",
}

_SAID: Final = {
    Reason.USER_UNKNOWN.value: "there is no such mailbox here",
    Reason.RELAY_DENIED.value: "the recipient is not of ours, and the client may not send to others through us",
    Reason.MAILBOX_FULL.value: "the mailbox is full",
    Reason.MESSAGE_TOO_LARGE.value: "the letter is larger than smtp.max_message_size",
    Reason.NO_SPACE.value: "the disk is full but for its reserve",
    Reason.BUSY.value: "the store was busy",
    Reason.FAULT.value: "a fault of this program, whose incident the log tells",
    Reason.SENDER_BLOCKED.value: "the sender or the client is on the block list (mailstead blocklist check)",
    Reason.GREYLISTED.value: "greylisting asked a stranger to come again",
    Reason.RATE_LIMIT.value: "a limit was reached",
    Reason.DOMAIN_INACTIVE.value: "the domain is not active (mailstead domain show)",
    Reason.ACCOUNT_INACTIVE.value: "the account is not active (mailstead user show)",
}
"""Of what was decided before any content came; other reasons speak for themselves."""
