"""What SEARCH, SORT and ESEARCH answer: the data of one ESEARCH response (RFC 9051 §7.3.4, RFC 5267, RFC 6203)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap.searching import ResultOption, Returns

ALL_ONLY: Final = Returns(frozenset({ResultOption.ALL}))
TELLING: Final = frozenset(ResultOption) - {ResultOption.SAVE}
"""RFC 5182 §2.1: SAVE alone answers nothing. RFC 4466 §2.6.2: others do, be it without data."""

Result = tuple[ResultOption, int | str]


def list_results(returns: Returns, shown: Sequence[int], scores: Sequence[int]) -> list[Result]:
    """In the order of `shown`, which are numbers or UIDs; `scores` goes with them."""
    return [(option, value) for option, value in _each(returns, shown, scores) if option in returns.options]


def _each(returns: Returns, shown: Sequence[int], scores: Sequence[int]) -> Iterator[Result]:
    options = returns.options
    if shown:
        yield ResultOption.MIN, shown[0]
        yield ResultOption.MAX, shown[-1]
        if ResultOption.ALL in options:
            yield ResultOption.ALL, render_set(shown)
    if returns.window is not None:  # RFC 5267 §4.4
        start, stop = returns.window.cut(len(shown))
        yield ResultOption.PARTIAL, f"({returns.window} {render_set(shown[start:stop]) or 'NIL'})"
        scores = scores[start:stop]
    yield ResultOption.COUNT, len(shown)
    if ResultOption.RELEVANCY in options:
        yield ResultOption.RELEVANCY, f"({' '.join(map(str, scores))})"


def render_set(numbers: Sequence[int]) -> str:
    """A sequence-set in this order. RFC 5267 §3.2: ranges only where the numbers rise."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] + 1 == number:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{first}" if first == last else f"{first}:{last}" for first, last in runs)


def list_scores(uids: Sequence[int], scores: Mapping[int, int]) -> list[int]:
    """RFC 6203 §4: 1 to 100; what no FUZZY key found, as the other side of an OR, has the least."""
    return [scores.get(uid, 1) for uid in uids]


def to_save(returns: Returns, found: Sequence[int]) -> UidSet:
    """RFC 5182 §2.4: MIN and MAX alone save just those; ALL, COUNT or nothing else save everything.

    RFC 9394 §3.2: PARTIAL saves what it shows, with MIN and MAX.
    """
    options = returns.options
    ends = [found[0]] if found and ResultOption.MIN in options else []
    ends += [found[-1]] if found and ResultOption.MAX in options else []
    if options & {ResultOption.ALL, ResultOption.COUNT}:
        return UidSet.of(found)
    if returns.window is not None:
        start, stop = returns.window.cut(len(found))
        return UidSet.of([*found[start:stop], *ends])
    return UidSet.of(ends or found)
