"""Fields that mail programs and Sieve scripts look for."""

from mailstead.ground.formats.authres import remove_forged
from mailstead.ground.model.opinion import Concern, Opinion, Symptom
from mailstead.ground.model.policy import Clamav, Policy, Spam
from mailstead.services.checks.scan_fields import render_scan_fields

CLEAN = Opinion(source="clamav", concern=Concern.VIRUS)
FOUND = Opinion(source="clamav", concern=Concern.VIRUS, words="Eicar\r\nX-Evil: yes")
GONE = Opinion(source="clamav", concern=Concern.VIRUS, trouble="no answer")
SOME = Opinion(source="own", concern=Concern.SPAM, score=1.25)
MUCH = Opinion(source="rspamd", concern=Concern.SPAM, score=7.0, symptoms=(Symptom("LESS", -1.0), Symptom("MORE", 8.0)))


def fields(*opinions: Opinion, **groups: Clamav | Spam) -> list[str]:
    return render_scan_fields(opinions, Policy(**groups)).decode().splitlines()  # type: ignore[arg-type]


def test_nothing_was_asked() -> None:
    assert fields() == []


def test_viruses() -> None:
    assert fields(CLEAN) == ["X-Virus-Scanned: clamav", "X-Virus-Status: Clean"]
    assert fields(GONE) == ["X-Virus-Status: Unscanned"]
    assert fields(FOUND) == ["X-Virus-Scanned: clamav", "X-Virus-Status: Infected (Eicar??X-Evil: yes)"]
    assert fields(FOUND, clamav=Clamav(enabled=False)) == []


def test_spam() -> None:
    assert fields(SOME) == ["X-Spam-Score: 1.2", "X-Spam-Status: No, score=1.2 required=5.0 tests=none"]
    assert fields(SOME, MUCH) == [
        "X-Spam-Flag: YES", "X-Spam-Score: 7.0", "X-Spam-Status: Yes, score=7.0 required=5.0 tests=MORE, LESS",
    ]  # fmt: skip
    assert fields(MUCH, spam=Spam(quarantine_score=8.0))[-1].startswith("X-Spam-Status: No, score=7.0 required=8.0")
    assert fields(MUCH, spam=Spam(enabled=False)) == []
    assert fields(Opinion(source="own", concern=Concern.SPAM, trouble="none")) == []


def test_the_same_fields_of_others_are_removed() -> None:
    ours = render_scan_fields([FOUND, MUCH], Policy())
    kept = b"X-Spam-Checker-Version: 4\r\nSubject: x\r\n\r\n"
    assert remove_forged(ours + kept, frozenset()) == kept
