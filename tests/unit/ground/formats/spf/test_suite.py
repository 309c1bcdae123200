"""The test suite of the SPF project for RFC 7208, case by case."""

import pytest

from tests.support.spf import Case, load_suite

CASES = load_suite()
DEFAULT = "DEFAULT"
"""The suite's word for: no explanation of the domain's own."""


def test_the_suite_is_whole() -> None:
    assert len(CASES) == 203


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.scenario}-{case.name}".replace(" ", "-"))
def test_case(case: Case) -> None:
    evaluation = case.run()
    assert evaluation.result.value in case.results, evaluation
    if case.explanation is not None:
        assert evaluation.explanation == ("" if case.explanation == DEFAULT else case.explanation)
