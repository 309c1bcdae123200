"""Hard rules: what they decide, how they are merged, and what is refused."""

import json

import pytest

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.spam_rules import Verdict, check_config, read_rules

FIELDS = {"subject": ["[AD] win money"], "x-spam-flag": ["Yes"]}


def config(**rule: object) -> str:
    return json.dumps({"rules": [rule]})


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"header_match": "X-Spam-Flag: YES", "action": "spam"}, True),
        ({"header_match": "X-Spam-Flag:no", "action": "spam"}, False),
        ({"header_match": "X-Other: yes", "action": "spam"}, False),
        ({"header_match_regex": r"Subject: (?i)^\[ad\]", "action": "spam"}, True),
        ({"header_match_regex": "Subject: ^win", "action": "spam"}, False),
        ({"arc_verdict": "fail", "action": "spam"}, True),
        ({"arc_verdict": ["none", "pass"], "action": "spam"}, False),
    ],
)
def test_rules(rule: dict[str, object], holds: bool) -> None:
    (read,) = read_rules(config(**rule), "")
    assert read.verdict is Verdict.SPAM
    assert read.holds(FIELDS, "fail") is holds


def test_a_domains_keys_go_before_those_of_all() -> None:
    everybodys = json.dumps({"rules": [{"arc_verdict": "fail", "action": "drop"}], "rspamd_url": "http://x"})
    assert [rule.verdict for rule in read_rules(everybodys, "")] == [Verdict.DROP]
    assert [rule.verdict for rule in read_rules(everybodys, '{"other": 1}')] == [Verdict.DROP]
    assert read_rules(everybodys, '{"rules": []}') == ()
    assert read_rules("", "") == ()


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", '{"rules": 1}', '{"rules": [1]}', config(action="spam"), config(header_match="X: y", action="eat"),
        config(header_match="nothing", action="spam"), config(header_match=5, action="spam"),
        config(header_match="X: y", arc_verdict="pass", action="spam"), config(arc_verdict="odd", action="ham"),
        config(header_match_regex=r"X: (a)\1", action="ham"), config(header_match_regex="X: (?=a)b", action="ham"),
        config(header_match_regex="X: (", action="ham"), " " * 9 + "x" * (17 << 10), "[" * 5000,
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="SPAM_CONFIG"):
        check_config(text)


def test_a_greedy_expression_stays_linear() -> None:
    """What would keep a backtracking engine busy for years."""
    (rule,) = read_rules(config(header_match_regex="Subject: (a+)+$", action="spam"), "")
    assert not rule.holds({"subject": ["a" * 1500 + "!"]}, "none")
