"""The table of commands and what CAPABILITY makes of it."""

from mailstead.ground.wire.imap.grammar.table import PARSERS, SIMPLE
from mailstead.servers.imap.table import AFTER, BEFORE, COMMANDS, SELECTED


def test_every_command_that_parses_has_a_row() -> None:
    assert set(COMMANDS) == {*PARSERS, *SIMPLE}


def test_no_capability_is_told_twice() -> None:
    assert len(set(AFTER)) == len(AFTER)


def test_rev2_is_told_only_with_all_it_stands_for() -> None:
    """RFC 9051 appendix E: what rev2 took in."""
    parts = {
        "NAMESPACE", "UNSELECT", "UIDPLUS", "ESEARCH", "SEARCHRES", "ENABLE", "IDLE", "LIST-EXTENDED", "LIST-STATUS",
        "MOVE", "LITERAL+", "BINARY", "SPECIAL-USE", "STATUS=SIZE",
    }  # fmt: skip
    assert parts <= set(AFTER)


def test_literals_are_offered_in_one_way_at_a_time() -> None:
    """RFC 7888 §5."""
    assert "LITERAL-" in BEFORE
    assert "LITERAL+" not in BEFORE
    assert "LITERAL-" not in AFTER


def test_only_commands_with_message_numbers_hold_back_expunge() -> None:
    """RFC 9051 §7.5.1."""
    holding = {name for name, row in COMMANDS.items() if row.uses_numbers}
    assert holding == {b"FETCH", b"STORE", b"SEARCH", b"SORT", b"THREAD"}
    assert all(COMMANDS[name].states == SELECTED for name in holding)
