"""A life for people: its events with the balances beside, refusals in place, then the states and the report."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.money import BUCKETS, yuan
from domain.recorded import Recorded
from infra import explanations
from infra.report_grid import amount
from infra.simulation import figures
from infra.simulation.life import Life, Refusal
from projections.audit import TimelineEntry, timeline
from projections.bureau import MonthLine

_COLOURS = {"billed": "yellow", "paid": "green", "overdue": "red", "frozen": "magenta", "closed": "bold"}
_DATES_BESIDE = 5
# What most accounts have none of: left out where all are empty.
_RARE = frozenset({*BUCKETS, "held", "holds", "plans", "appeals", "deceased"})


def tell(life: Life, console: Console) -> None:
    """Print all of it."""
    console.print(_events(life))
    states = figures.states(life)
    for start in range(0, len(states), _DATES_BESIDE):
        console.print()
        console.print(_states(states[start : start + _DATES_BESIDE]))
    console.print()
    by_loan = figures.report_by_loan(life.events, life.through)
    for name, lines in by_loan.items() or [("report", figures.report(life.events, life.through))]:
        console.print(_report(name, lines))
    for explanation in figures.explained(life):
        console.print()
        for line in explanations.told(explanation):
            console.print(line)


def _events(life: Life) -> Table:
    table = _table("date", "event", "what happened", "status", right=("owed", "credit", "minimum due"))
    for line in _lines(life):
        table.add_row(*line)
    return table


def _lines(life: Life) -> Iterator[Sequence[str | Text]]:
    entries = {entry.version: entry for entry in timeline(life.events)}
    for each in _in_place(life.told):
        yield _refused(each) if isinstance(each, Refusal) else _happened(entries[each.version])


def _in_place(told: Sequence[Recorded | Refusal]) -> Iterator[Recorded | Refusal]:
    """A refused fact did not let the calendar do its work, a later one did: it is told after the work of its day."""
    waiting: list[tuple[date, Refusal]] = []
    reached = date.min
    for each in told:
        if isinstance(each, Refusal):
            waiting.append((max(reached, each.fact.day), each))
            continue
        reached = each.event.business_date
        still = [
            line for line in waiting if line[0] > reached or (line[0] == reached and each.event.cause == "advance")
        ]
        yield from (refusal for day, refusal in waiting if (day, refusal) not in still)
        waiting = still
        yield each
    yield from (refusal for _, refusal in waiting)


def _happened(entry: TimelineEntry) -> Sequence[str | Text]:
    amounts = map(yuan, (entry.owed_fen, entry.credit_fen, entry.minimum_due_fen))
    colour = _COLOURS.get(entry.type.removeprefix("account."), "")
    return (str(entry.business_date), Text(entry.type, colour), Text(entry.says), entry.status, *amounts)


def _refused(refusal: Refusal) -> Sequence[str | Text]:
    fact = refusal.fact
    return (str(fact.day), Text("refused", "red"), Text(f"Fact {fact.number}, {fact.do}: {refusal.refused}", "red"))


def _states(states: Sequence[tuple[date, dict[str, Any]]]) -> Table:
    """One column a date; buckets and the like that are empty on all of them are left out."""
    table = _table("state on", right=[str(day) for day, _ in states])
    for name in states[0][1]:
        said = [state[name] for _, state in states]
        if name not in _RARE or any(said):
            table.add_row(name.replace("_", " "), *(Text(_figure(name, each)) for each in said))
    return table


def _figure(name: str, said: Any) -> str:
    if isinstance(said, list):
        return "\n".join(_LINES[name](each) for each in said) if name in _LINES else ", ".join(said)
    if said is None:
        return ""
    return yuan(said) if isinstance(said, int) and name != "dpd" else str(said)


def _plan(plan: dict[str, Any]) -> str:
    left = plan["instalments"]
    return f"{plan['plan_id']}, {len(left)} to come: {yuan(sum(each['principal_fen'] for each in left))}"


_LINES: dict[str, Callable[[dict[str, Any]], str]] = {
    "layers": lambda each: f"{each['statement_no']}, due {each['due_date']}: {yuan(each['amount_fen'])}",
    "holds": lambda each: f"{each['hold_id']}, until {each['expires_on']}: {yuan(each['amount_fen'])}",
    "plans": _plan,
    "appeals": lambda each: f"{each['appeal_id']}, {each['against']}, by {each['decide_by']}",
}


def _report(name: str, lines: Sequence[MonthLine]) -> Table:
    table = _table(name, "code", "worst", right=("days past due", "past due", "missed minima", "balance"))
    for line in lines:
        past_due, balance = amount(line.past_due_fen), amount(line.balance_fen)
        table.add_row(
            line.month, line.code, line.worst_code, str(line.days_past_due), past_due, str(line.missed_minima), balance
        )
    return table


def _table(*left: str, right: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table
