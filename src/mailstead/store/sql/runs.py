"""Sorted numbers as runs, in time that follows the number of runs and not that of numbers."""


def runs_of(numbers: list[int]) -> tuple[tuple[int, int], ...]:
    """The runs (first, last) of ascending numbers without doubles."""
    runs: list[tuple[int, int]] = []
    start, count = 0, len(numbers)
    while start < count:
        end = _end_of_run(numbers, start)
        runs.append((numbers[start], numbers[end - 1]))
        start = end
    return tuple(runs)


def _end_of_run(numbers: list[int], start: int) -> int:
    """The index behind the run that begins at `start`: stride doubling, then halving."""
    base, count = numbers[start] - start, len(numbers)
    if numbers[-1] - count + 1 == base:
        return count
    good, stride = start, 1
    while good + stride < count and numbers[good + stride] - good - stride == base:
        good += stride
        stride *= 2
    while stride:
        if good + stride < count and numbers[good + stride] - good - stride == base:
            good += stride
        stride //= 2
    return good + 1
