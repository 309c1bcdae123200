"""Counting, merging, and the text for Prometheus."""

import re

import msgspec

from mailstead.telemetry.exposition import render_metrics
from mailstead.telemetry.metrics import MOST_SERIES, Count, Gauge, Registry, Snapshot, Spread, merge, without_gauges

REFUSED = Count("refused_total", "Refused \\ or\nnot.", by=("why",), aliases=("other_refused_total",))
SIZE = Spread("size_bytes", "Sizes.", "size", (10.0, 100.0))


def lines_of(registry: Registry, snapshot: Snapshot | None = None) -> list[str]:
    return render_metrics(snapshot or registry.snapshot(), registry).splitlines()


def test_counter_by_label_under_both_names() -> None:
    registry = Registry()
    observe = registry.observer([REFUSED])
    assert observe is not None
    observe({"why": "a"})
    observe({"why": "a", "more": 1})
    lines = lines_of(registry)
    assert 'mailstead_refused_total{why="a"} 2' in lines
    assert 'other_refused_total{why="a"} 2' in lines
    assert "# TYPE other_refused_total counter" in lines


def test_labels_and_help_are_escaped() -> None:
    registry = Registry()
    observe = registry.observer([REFUSED])
    assert observe is not None
    observe({"why": 'quo"te\\back\nline'})
    lines = lines_of(registry)
    assert r'mailstead_refused_total{why="quo\"te\\back\nline"} 1' in lines
    assert r"# HELP mailstead_refused_total Refused \\ or\nnot." in lines


def test_histogram_is_cumulative() -> None:
    registry = Registry()
    observe = registry.observer([SIZE])
    assert observe is not None
    for size in (5, 10, 50, 1000):
        observe({"size": size})
    observe({})
    lines = [line for line in lines_of(registry) if line.startswith("mailstead_size")]
    assert lines == [
        'mailstead_size_bytes_bucket{le="10"} 2',
        'mailstead_size_bytes_bucket{le="100"} 3',
        'mailstead_size_bytes_bucket{le="+Inf"} 4',
        "mailstead_size_bytes_sum 1065",
        "mailstead_size_bytes_count 4",
    ]


def test_a_stranger_cannot_make_series_without_end() -> None:
    registry = Registry()
    observe = registry.observer([REFUSED])
    assert observe is not None
    for number in range(MOST_SERIES * 2):
        observe({"why": str(number)})
    series = registry.snapshot()["refused_total"]
    assert len(series) == MOST_SERIES + 1
    assert (("other",), [float(MOST_SERIES)]) in series


def test_snapshots_merge_after_travel() -> None:
    one, two = Registry(), Registry()
    for registry, count in ((one, 1), (two, 2)):
        observe = registry.observer([REFUSED, SIZE])
        assert observe is not None
        for _ in range(count):
            observe({"why": "x", "size": 7})
        registry.set_gauge(Gauge.CONNECTIONS_OPEN, count, "smtp")
        registry.set_gauge(Gauge.STORE_WAL_BYTES, count * 100)
    travelled = [
        msgspec.msgpack.decode(msgspec.msgpack.encode(registry.snapshot()), type=Snapshot) for registry in (one, two)
    ]
    lines = lines_of(one, merge(travelled))
    assert 'mailstead_refused_total{why="x"} 3' in lines
    assert "mailstead_size_bytes_sum 21" in lines
    assert 'mailstead_connections_open{listener="smtp"} 3' in lines
    assert "mailstead_store_wal_bytes 200" in lines
    assert "connections_open" not in without_gauges(travelled[0])


def test_every_line_is_a_comment_or_a_sample() -> None:
    sample = re.compile(r'[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9.e+-]+\Z')
    from mailstead.telemetry.metrics import REGISTRY

    for line in render_metrics(REGISTRY.snapshot()).splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or sample.match(line), line
