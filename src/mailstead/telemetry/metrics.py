"""Counters, gauges and histograms of this process, and snapshots of them that merge across processes.

A metric's description (`Count`, `Spread`, `Gauge`) is the same in all processes; only the numbers travel.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

PREFIX: Final = "mailstead_"
MOST_SERIES: Final = 200
OTHER: Final = "other"

Fields = Mapping[str, Any]
Observe = Callable[[Fields], None]
Labels = tuple[str, ...]
Snapshot = dict[str, list[tuple[Labels, list[float]]]]
"""By metric, each series: its label values; its number, or the counts of its buckets and their sum."""


class Merge(Enum):
    """How a gauge's values of several processes become one."""

    SUM = auto()
    GREATEST = auto()


@dataclass(frozen=True, slots=True)
class Count:
    """A counter: `amount` names the field that is added, else 1. `by` names the fields that become labels."""

    name: str
    sentence: str
    by: Labels = ()
    amount: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spread:
    """A histogram of the field `value`; `bounds` are the upper bounds of its buckets."""

    name: str
    sentence: str
    value: str
    bounds: tuple[float, ...]
    by: Labels = ()
    aliases: tuple[str, ...] = ()


class Gauge(Enum):
    """Every gauge: its name, its sentence, labels, how processes merge, other names."""

    CONNECTIONS_OPEN = (
        "connections_open", "Connections open now.", ("listener",), Merge.SUM, ("elemta_connections_active",),
    )  # fmt: skip
    WORKERS_READY = "workers_ready", "Worker processes that serve.", (), Merge.SUM
    STORE_WAL_BYTES = "store_wal_bytes", "Size of the write-ahead log.", (), Merge.GREATEST
    QUEUE_SIZE = (
        "queue_size", "Letters in the queue, by queue; counted every 15 seconds.", ("queue_type",), Merge.GREATEST,
        ("elemta_queue_size",),
    )  # fmt: skip
    HASHER_QUEUE = "hasher_queue", "Password checks that wait.", (), Merge.SUM
    FILTERS_LEFT_ALONE = (
        "filters_left_alone", "Workers that ask a filter nothing for a while, for it failed too often.", ("filter",),
        Merge.SUM,
    )  # fmt: skip
    START_TIME = "start_time_seconds", "When the program started, in seconds since 1970.", (), Merge.GREATEST

    def __init__(self, title: str, sentence: str, by: Labels, merge: Merge, aliases: tuple[str, ...] = ()) -> None:
        self.title, self.sentence, self.by, self.merge, self.aliases = title, sentence, by, merge, aliases


Raw = tuple[Any, ...]


class Counter:
    """The numbers of one `Count`."""

    def __init__(self, spec: Count) -> None:
        self.spec = spec
        self.series: dict[Raw, float] = {} if spec.by else {(): 0.0}

    def observe(self, fields: Fields) -> None:
        """Count one event. The way of a known series is the hot one."""
        by, amount = self.spec.by, self.spec.amount
        key = (fields.get(by[0]),) if len(by) == 1 else tuple([fields.get(label) for label in by])
        more = fields.get(amount, 0) if amount else 1
        try:
            self.series[key] += more
        except KeyError:
            self.series[_bounded(self.series, key)] = self.series.get(_bounded(self.series, key), 0.0) + more

    def snapshot(self) -> list[tuple[Labels, list[float]]]:
        """All series as they are now."""
        return [(_words(key), [number]) for key, number in self.series.items()]


class Histogram:
    """The buckets of one `Spread`: counts of each, then the sum of all values."""

    def __init__(self, spec: Spread) -> None:
        self.spec = spec
        self.series: dict[Raw, list[float]] = {} if spec.by else {(): self._fresh()}

    def _fresh(self) -> list[float]:
        return [0.0] * (len(self.spec.bounds) + 2)

    def observe(self, fields: Fields) -> None:
        """Count one event that carries the value; others are none of ours."""
        value = fields.get(self.spec.value)
        if value is None:
            return
        key = tuple([fields.get(label) for label in self.spec.by])
        buckets = self.series.get(key)
        if buckets is None:
            buckets = self.series.setdefault(_bounded(self.series, key), self._fresh())
        buckets[bisect_left(self.spec.bounds, value)] += 1
        buckets[-1] += value

    def snapshot(self) -> list[tuple[Labels, list[float]]]:
        """All series as they are now."""
        return [(_words(key), list(buckets)) for key, buckets in self.series.items()]


def _bounded(series: Mapping[Raw, Any], key: Raw) -> Raw:
    """The key of a new series. Past `MOST_SERIES` new ones share one, so a stranger cannot fill our memory."""
    return key if len(series) < MOST_SERIES else (OTHER,) * len(key)


def _words(key: Raw) -> Labels:
    return tuple([word(part) for part in key])


def word(value: object) -> str:
    """A value as label or field: an enum's member by its own word."""
    match value:
        case None:
            return ""
        case Enum():
            return value.value if isinstance(value.value, str) else value.name.lower()
        case _:
            return str(value)


class Registry:
    """All metrics of this process."""

    def __init__(self) -> None:
        self.counters: dict[str, Counter] = {}
        self.histograms: dict[str, Histogram] = {}
        self.gauges: dict[Gauge, dict[Labels, float]] = {gauge: {} for gauge in Gauge}

    def observer(self, specs: Iterable[Count | Spread]) -> Observe | None:
        """The one function that counts an event in all its metrics; None if it has none."""
        observers = [self._register(spec) for spec in specs]
        if len(observers) <= 1:
            return observers[0] if observers else None

        def observe(fields: Fields) -> None:
            for one in observers:
                one(fields)

        return observe

    def _register(self, spec: Count | Spread) -> Observe:
        match spec:
            case Count():
                counter = self.counters.setdefault(spec.name, Counter(spec))
                if counter.spec != spec:
                    raise ValueError(f"metric {spec.name} is described twice")
                return counter.observe
            case Spread():
                histogram = self.histograms.setdefault(spec.name, Histogram(spec))
                if histogram.spec != spec:
                    raise ValueError(f"metric {spec.name} is described twice")
                return histogram.observe

    def set_gauge(self, gauge: Gauge, value: float, *labels: str) -> None:
        """Set a gauge; labels in the order of its row."""
        self.gauges[gauge][labels] = value

    def snapshot(self) -> Snapshot:
        """All numbers as they are now."""
        numbers: Snapshot = {}
        for name, counter in self.counters.items():
            numbers[name] = counter.snapshot()
        for name, histogram in self.histograms.items():
            numbers[name] = histogram.snapshot()
        for gauge, series in self.gauges.items():
            numbers[gauge.title] = [(key, [value]) for key, value in series.items()]
        return numbers


REGISTRY: Final = Registry()
GAUGES: Final[Mapping[str, Gauge]] = {gauge.title: gauge for gauge in Gauge}


def merge(snapshots: Iterable[Snapshot]) -> Snapshot:
    """One snapshot of several processes."""
    merged: dict[str, dict[Labels, list[float]]] = {}
    for snapshot in snapshots:
        for name, series in snapshot.items():
            gauge = GAUGES.get(name)
            pick = max if gauge is not None and gauge.merge is Merge.GREATEST else float.__add__
            into = merged.setdefault(name, {})
            for labels, numbers in series:
                key = tuple(labels)
                before = into.get(key)
                into[key] = list(numbers) if before is None else list(map(pick, before, map(float, numbers)))
    return {name: list(series.items()) for name, series in merged.items()}


def without_gauges(snapshot: Snapshot) -> Snapshot:
    """What remains true of a process that has ended."""
    return {name: series for name, series in snapshot.items() if name not in GAUGES}
