"""ValiMail's test suite for validators of ARC chains, case by case."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from mailstead.ground.formats.arc import read_chain, verify
from mailstead.ground.formats.dkim.header import split_fields
from mailstead.ground.formats.dkim.verify import BodyDigests
from mailstead.ground.model.question import Found
from tests.support.spf import drive

SUITE = Path(__file__).parents[3] / "data" / "arc" / "arc-draft-validation-tests.yml"
NOW = 1_600_000_000
OTHERWISE = {
    "ams_fields_c_na": "fail",  # the suite takes relaxed for the default of c=; RFC 6376 §3.5 says simple
    "ams_fields_h_empty": "fail",  # RFC 6376 §5.4: From is always signed
}


@dataclass(frozen=True)
class Case:
    name: str
    letter: bytes
    keys: Mapping[str, str]
    result: str


def load() -> list[Case]:
    """RFC 8617 §5.2, step 2: a chain that says itself that it failed has failed; the suite's drafts left that open."""
    cases = []
    for document in filter(None, yaml.safe_load_all(SUITE.read_text())):
        keys = document.get("txt-records") or {}
        for name, test in document["tests"].items():
            wanted = {"None": "none", "Pass": "pass", "Fail": "fail", "": "fail"}[test["cv"] or ""]
            letter = test["message"].replace("\n", "\r\n").encode()
            cases.append(Case(name, letter, keys, OTHERWISE.get(name, wanted)))
    return cases


@pytest.mark.parametrize("case", load(), ids=lambda case: case.name)
def test_case(case: Case) -> None:
    head, _, body = case.letter.partition(b"\r\n\r\n")
    fields = split_fields(head + b"\r\n")
    chain = read_chain(fields)
    digests = BodyDigests(chain.last)
    digests.feed(body)
    digests.finish()
    asking = verify(chain, fields, digests.of(chain.last[0]) if chain.last else b"", NOW)
    verdict = drive(asking, lambda question: Found((case.keys[question.name],) if question.name in case.keys else ()))
    assert verdict.result.value == case.result, verdict.why
