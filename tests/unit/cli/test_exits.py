"""Every way a command can end."""

from mailstead.cli import exits
from mailstead.cli.exits import EXITS, OF_KIND, Failure
from mailstead.servers.control.kinds import FAULT, KINDS, UNAVAILABLE, USAGE


def test_every_kind_has_a_code_and_every_code_its_words() -> None:
    assert {*KINDS.values(), FAULT, UNAVAILABLE, USAGE} <= OF_KIND.keys()
    assert set(OF_KIND.values()) <= EXITS.keys()
    named = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}
    assert named == EXITS.keys()


def test_the_promised_codes() -> None:
    promised = {
        "no_such_user": 67, "not_found": 68, "unavailable": 69, "exists": 73, "busy": 75, "no_space": 75, "denied": 77,
        "config": 78, "usage": 2, "problems": 3, "fault": 1, "interrupted": 130,
    }  # fmt: skip
    assert {kind: Failure(kind, "").code for kind in promised} == promised
    assert Failure("never heard of", "").code == 1
