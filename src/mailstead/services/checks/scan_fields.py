"""What filters found, in the fields that mail programs and Sieve scripts look for. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from mailstead.ground.formats.authres import render_plain
from mailstead.ground.model.opinion import Concern, Opinion
from mailstead.ground.model.policy import Policy

TESTS_TOLD: Final = 20


def render_scan_fields(opinions: Sequence[Opinion], policy: Policy) -> bytes:
    """Nothing of what the domain does not want to hear about."""
    lines: list[bytes] = []
    if policy.clamav.enabled:
        lines += _virus([one for one in opinions if one.concern is Concern.VIRUS])
    if policy.spam.enabled:
        lines += _spam([one for one in opinions if one.concern is Concern.SPAM and not one.trouble], policy)
    return b"".join(lines)


def _virus(opinions: Sequence[Opinion]) -> Iterator[bytes]:
    if not opinions:
        return
    answered = [one for one in opinions if not one.trouble]
    if answered:
        yield render_plain("X-Virus-Scanned", " ".join(one.source for one in answered))
    names = ", ".join(one.words for one in answered if one.words)
    status = f"Infected ({names})" if names else "Clean" if len(answered) == len(opinions) else "Unscanned"
    yield render_plain("X-Virus-Status", status)


def _spam(opinions: Sequence[Opinion], policy: Policy) -> Iterator[bytes]:
    """The one that weighs most, in SpamAssassin's words; the tests are the heaviest of its."""
    if not opinions:
        return
    worst = max(opinions, key=lambda one: one.score)
    required = policy.spam.quarantine_score
    heaviest = sorted(worst.symptoms, key=lambda symptom: -abs(symptom.weight))[:TESTS_TOLD]
    tests = ", ".join(symptom.name for symptom in heaviest) or "none"
    word = "Yes" if worst.score >= required else "No"
    if worst.score >= required:
        yield render_plain("X-Spam-Flag", "YES")
    yield render_plain("X-Spam-Score", f"{worst.score:.1f}")
    yield render_plain("X-Spam-Status", f"{word}, score={worst.score:.1f} required={required:.1f} tests={tests}")
