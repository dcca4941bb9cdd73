"""An explanation for people: numbered steps that can be read out, with the events they rest on."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from domain.money import yuan
from projections.explaining.report import MonthExplained, Rule
from projections.explaining.steps import Explanation, Mentioned, Step, Unit

_EVENTS_TOLD = 12
_AMOUNTS_OF_TERMS = frozenset({"minimum_floor", "late_fee_floor", "tolerance"})


def told(explanation: Explanation) -> Iterator[Text]:
    """The explanation line by line: the figure, its steps, and whether the record says the same."""
    name = _words(explanation.figure)
    figure = shown(explanation.result, explanation.unit)
    currency = f" {explanation.currency}" if explanation.unit == "fen" else ""
    yield Text(f"{name} on {explanation.as_of}: {figure}{currency}", "bold")
    yield Text(explanation.means)
    for number, each in enumerate(explanation.steps, start=1):
        yield Text()
        yield from _step(number, each)
    yield Text()
    if explanation.recorded is not None:
        recorded = shown(explanation.recorded, explanation.unit)
        same = "The record says the same" if explanation.agrees else "THE RECORD SAYS OTHERWISE"
        yield Text(f"{same}: {recorded}.", "" if explanation.agrees else "bold red")
    if explanation.see:
        yield Text(f"Often asked next: {', '.join(explanation.see)}.")


def month_told(explained: MonthExplained) -> Iterator[Text]:
    """The same of a month of the credit report: its facts, and of each table the rows up to the one that holds."""
    of = f"loan {explained.plan_id}, " if explained.plan_id else ""
    yield Text(
        f"{of}report of {explained.month} on {explained.as_of}: {_codes(explained.code, explained.status)}", "bold"
    )
    for number, each in enumerate(explained.facts, start=1):
        yield Text()
        yield from _step(number, each)
    yield from _rules("The first row of table 8.1 that holds:", explained.rules)
    if explained.dispute is not None:
        yield from _rules("What a dispute made of it:", (explained.dispute,))
    yield from _rules("The account status of Metro 2 (8.2, field 17A):", explained.status_rules)
    yield Text()
    if explained.recorded is None:
        yield Text("The report does not tell this month.")
    else:
        same = "The report says the same" if explained.agrees else "THE REPORT SAYS OTHERWISE"
        yield Text(
            f"{same}: {_codes(explained.recorded.code, explained.recorded.status)}.",
            "" if explained.agrees else "bold red",
        )


def _codes(code: str, status: str | None) -> str:
    return f"PBOC {code}, Metro 2 {status or 'nothing'}"


def _rules(heading: str, rules: tuple[Rule, ...]) -> Iterator[Text]:
    if not rules:
        return
    yield Text()
    yield Text(heading)
    for each in rules:
        yield Text(
            f"  {each.code:<4} {each.means}: {'yes' if each.holds else 'no'}, {each.because}",
            "cyan" if each.holds else "",
        )
        for line in _events(each.events) if each.holds else ():
            yield Text(f"       {line}", "dim")


def shown(result: int, unit: Unit) -> str:
    """A result as people read it."""
    match unit:
        case "fen":
            return yuan(result)
        case "days":
            return "1 day" if result == 1 else f"{result} days"
        case "fen-days":
            return f"{result:,} fen-days"


def _step(number: int, each: Step) -> Iterator[Text]:
    mark = f"{number}. "
    yield Text(f"{mark}{each.rule}  [{each.section}]")
    indent = " " * len(mark)
    result = shown(each.result, each.unit)
    yield Text(f"{indent}{each.arithmetic}{'' if each.arithmetic == result else f' = {result}'}", "cyan")
    if each.parameters:
        parameters = ", ".join(f"{_words(name)} {_parameter(name, said)}" for name, said in each.parameters.items())
        yield Text(f"{indent}with {parameters}", "dim")
    for line in _events(each.events):
        yield Text(f"{indent}{line}", "dim")


def _events(events: tuple[Mentioned, ...]) -> Iterable[str]:
    earlier = len(events) - _EVENTS_TOLD
    if earlier > 0:
        yield f"{earlier} earlier events"
    for each in events[-_EVENTS_TOLD:]:
        reference = f" {each.reference}" if each.reference else ""
        amount = f" {yuan(each.amount_fen)}" if each.amount_fen is not None else ""
        yield f"event {each.version} of {each.date}: {each.type}{reference}{amount}"


def _parameter(name: str, said: int | str) -> str:
    money = name.endswith("_fen") or name in _AMOUNTS_OF_TERMS
    return yuan(said) if money and isinstance(said, int) else str(said)


def _words(name: str) -> str:
    return name.removesuffix("_fen").replace("_", " ")
