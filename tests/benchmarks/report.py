"""What was measured, as one table to read and as JSON to keep."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from tests.benchmarks.measure import Measured, Result, percentile

_HEAD = ("", "median/s", "min..max", "x floor", "x peer", "x base")


def document(results: Sequence[Result], machine: Mapping[str, Any], rounds: int) -> dict[str, Any]:
    """Everything, for programs: rates a second, ratios, seconds waited, and each round's own rate."""
    return {
        "machine": dict(machine),
        "rounds": rounds,
        "suites": [
            {
                "name": result.name,
                "unit": result.unit,
                "contenders": [_figures(each) for each in result.measured],
                "bytes": dict(result.sizes),
            }
            for result in results
        ],
    }


def table(results: Sequence[Result], machine: Mapping[str, Any], rounds: int) -> str:
    """Everything, for people."""
    lines: list[tuple[str, ...]] = []
    for result in results:
        lines.append((f"{result.name} ({result.unit})", *_HEAD[1:]))
        lines += [_row(each) for each in result.measured]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))] if lines else []
    body = []
    for line in lines:
        if line[1] == _HEAD[1]:
            body.append("")
        cells = [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
        ]
        body.append("  ".join(cells).rstrip())
    waits = [_waited(each) for result in results for each in result.measured if each.waits]
    sizes = [line for result in results for line in _sized(result.sizes)]
    foot = (
        f"Medians of {rounds} interleaved rounds; a ratio is the median of the rounds' own ratios, above 1 is faster. "
        "Small or busy machines are noisy: read ratios, and look at min..max first."
    )
    return "\n".join([*(f"{name}: {said}" for name, said in machine.items()), *body, "", *sizes, *waits, foot])


def _row(measured: Measured) -> tuple[str, ...]:
    rates = measured.rates
    return (
        f"  {measured.role:<5}  {measured.name}",
        f"{median(rates):,.0f}",
        f"{min(rates):,.0f}..{max(rates):,.0f}",
        _times(measured.to_floor),
        _times(measured.to_peer),
        _times(measured.to_base),
    )


def _times(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def _waited(measured: Measured) -> str:
    waits = [wait * 1_000 for wait in measured.waits]
    return (
        f"{measured.name}: median {median(waits):.1f} ms, p99 {percentile(waits, 0.99):.1f} ms, "
        f"longest {max(waits):.1f} ms of {len(waits):,}"
    )


def _sized(sizes: Mapping[str, int]) -> list[str]:
    first = next(iter(sizes.values()), 0)
    return [f"{name}: {size:,} bytes, {size / first:.2f} times the first" for name, size in sizes.items()]


def _figures(measured: Measured) -> dict[str, Any]:
    rates = measured.rates
    figures: dict[str, Any] = {
        "name": measured.name,
        "role": measured.role,
        "per_second": {"median": median(rates), "min": min(rates), "max": max(rates), "rounds": rates},
        "to_floor": measured.to_floor,
        "to_peer": measured.to_peer,
        "to_base": measured.to_base,
    }
    if measured.waits:
        waits = measured.waits
        figures["seconds"] = {
            "median": median(waits), "p99": percentile(waits, 0.99), "max": max(waits), "count": len(waits),
        }  # fmt: skip
    return figures
