"""Curves of filters in one picture: how much spam each catches for how many wanted letters taken for spam."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 36, 52
LEAST, MOST = 0.001, 0.1
"""Of the wanted letters, on a scale of powers of ten; none at all stands at its left end."""
CAUGHT_FROM = 0.4


@dataclass(frozen=True, slots=True)
class Curve:
    """`points`: shares of wanted and of spam that are taken for spam, from the strictest threshold on."""

    name: str
    colour: str
    dashes: str
    points: Sequence[tuple[float, float]]


def points_of(ham: Sequence[float], spam: Sequence[float]) -> list[tuple[float, float]]:
    """One for each number of wanted letters lost."""
    highest = sorted(ham, reverse=True)
    found = []
    for wrong in range(len(highest)):
        share = wrong / len(highest)
        if share > MOST:
            break
        found.append((share, sum(score > highest[wrong] for score in spam) / len(spam)))
    return found


def draw(curves: Sequence[Curve], title: str) -> str:
    """The picture as SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{title}</text>',
        *_grid(),
        *(_curve(curve) for curve in curves),
        *_legend(curves),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(share: float) -> float:
    return LEFT + (log10(max(share, LEAST)) - log10(LEAST)) / (log10(MOST) - log10(LEAST)) * (WIDTH - LEFT - RIGHT)


def _y(caught: float) -> float:
    return HEIGHT - BOTTOM - (max(caught, CAUGHT_FROM) - CAUGHT_FROM) / (1 - CAUGHT_FROM) * (HEIGHT - TOP - BOTTOM)


def _grid() -> list[str]:
    lines = []
    for share in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1):
        x, words = _x(share), f"{100 * share:g} %" if share > LEAST else "to 0.1 %"
        lines.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        lines.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{words}</text>')
    for caught in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        y = _y(caught)
        lines.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{100 * caught:.0f} %</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    lines.append(f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">wanted letters taken for spam</text>')
    return lines


def _curve(curve: Curve) -> str:
    """In steps: between two thresholds nothing changes."""
    path, before = "", 0.0
    for share, caught in curve.points:
        x, y = _x(share), _y(caught)
        path += f"M{x:.1f} {y:.1f}" if not path else f"H{x:.1f}" + (f"V{y:.1f}" if caught != before else "")
        before = caught
    dashes = f' stroke-dasharray="{curve.dashes}"' if curve.dashes else ""
    return f'<path d="{path}H{WIDTH - RIGHT}" fill="none" stroke="{curve.colour}" stroke-width="2"{dashes}/>'


def _legend(curves: Sequence[Curve]) -> list[str]:
    lines = []
    for number, curve in enumerate(curves):
        y = HEIGHT - BOTTOM - 20 - 20 * (len(curves) - 1 - number)
        x = WIDTH - RIGHT - 230
        dashes = f' stroke-dasharray="{curve.dashes}"' if curve.dashes else ""
        lines.append(f'<path d="M{x} {y - 4}h32" stroke="{curve.colour}" stroke-width="2"{dashes}/>')
        lines.append(f'<text x="{x + 40}" y="{y}">{curve.name}</text>')
    return lines
