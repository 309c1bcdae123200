"""Metrics as Prometheus text, version 0.0.4. Other names of a metric are families of their own, of equal numbers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.telemetry.metrics import PREFIX, REGISTRY, Count, Gauge, Labels, Registry, Snapshot, Spread

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Series = Sequence[tuple[Labels, list[float]]]


@dataclass(frozen=True, slots=True)
class _Family:
    name: str
    kind: str
    sentence: str
    aliases: tuple[str, ...]
    render: Callable[[str, Series], Iterator[str]]


def render_metrics(snapshot: Snapshot, registry: Registry = REGISTRY) -> str:
    """All of a snapshot's metrics that this program describes, in the order of their names."""
    families = sorted(_families(registry), key=lambda family: family.name)
    lines: list[str] = []
    for family in families:
        series = snapshot.get(family.name, [])
        for name in (PREFIX + family.name, *family.aliases):
            lines.append(f"# HELP {name} {_escape_help(family.sentence)}")
            lines.append(f"# TYPE {name} {family.kind}")
            lines.extend(family.render(name, series))
    return "\n".join(lines) + "\n"


def _families(registry: Registry) -> Iterator[_Family]:
    for counter in registry.counters.values():
        spec = counter.spec
        yield _Family(spec.name, "counter", spec.sentence, spec.aliases, _plain(spec))
    for histogram in registry.histograms.values():
        spread = histogram.spec
        yield _Family(spread.name, "histogram", spread.sentence, spread.aliases, _buckets(spread))
    for gauge in Gauge:
        yield _Family(gauge.title, "gauge", gauge.sentence, gauge.aliases, _plain(gauge))


def _plain(spec: Count | Gauge) -> Callable[[str, Series], Iterator[str]]:
    def render(name: str, series: Series) -> Iterator[str]:
        for labels, (value, *_) in series:
            yield f"{name}{_labels(zip(spec.by, labels, strict=True))} {_number(value)}"

    return render


def _buckets(spec: Spread) -> Callable[[str, Series], Iterator[str]]:
    bounds = [*map(_number, spec.bounds), "+Inf"]

    def render(name: str, series: Series) -> Iterator[str]:
        for labels, (*counts, total) in series:
            pairs = list(zip(spec.by, labels, strict=True))
            below = 0.0
            for bound, count in zip(bounds, counts, strict=True):
                below += count
                yield f"{name}_bucket{_labels([*pairs, ('le', bound)])} {_number(below)}"
            yield f"{name}_sum{_labels(pairs)} {_number(total)}"
            yield f"{name}_count{_labels(pairs)} {_number(below)}"

    return render


def _labels(pairs: Iterable[tuple[str, str]]) -> str:
    inside = ",".join(f'{name}="{_escape_value(value)}"' for name, value in pairs)
    return f"{{{inside}}}" if inside else ""


def _escape_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _escape_help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
