"""The credit report for people: where the account stands, and its months in a grid for each dialect."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from domain.money import yuan
from projections.bureau import CreditReport, MonthLine


def told(report: CreditReport) -> Iterator[RenderableType]:
    """The report from top to bottom, of a loan account loan by loan; no line of it is wider than 120 columns."""
    for each in report.loans or (report,):
        yield Text(_head(each))
        yield _pboc(each.months)
        yield Text()
        yield _metro2(each.months)
        if each.plan_id is not None:
            yield Text()
    yield Text("17A account status, 17B rating, 19 comment, 20 condition, 25 first delinquency", "dim")


def amount(fen: int | None) -> str:
    """An amount as people read it, or that it is unknown."""
    return "?" if fen is None else yuan(fen)


def _head(report: CreditReport) -> str:
    of = f"loan {report.plan_id} of account" if report.plan_id else "account"
    dates = [f"{'drawn' if report.plan_id else 'opened'} {report.opened_on}"]
    if report.closed_on:
        outlives = ", debt outlives it" if report.debt_outlives_closure else ""
        dates.append(f"closed {report.closed_on} ({report.close_kind}{outlives})")
    if report.restructured_on:
        agreed = " (paid as agreed)" if report.under_agreement else ""
        dates.append(f"restructured {report.restructured_on}{agreed}")
    if report.settled_on:
        dates.append(f"settled {report.settled_on}")
    status = report.account_status.replace("_", " ")
    return (
        f"{of} {report.account_id}  as of {report.as_of}\n"
        f"{report.account_type} {report.account_status_code} {status}, {report.tier.replace('_', ' ')}; "
        f"{'; '.join(dates)}\n"
        f"balance {yuan(report.balance_fen)}, past due {yuan(report.past_due_fen)} for {report.days_past_due} days, "
        f"code {report.code}, worst {report.worst_code}\nlast 24 months  {report.history_24}\n"
    )


def _pboc(months: tuple[MonthLine, ...]) -> Table:
    table = _table("month", "code", "worst", "status", "tier", "special", right=("periods", "past due", "balance"))
    for name in ("limit", "last paid", "amount"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in months:
        code = f"{line.code} (was {line.corrected_from})" if line.corrected_from else line.code
        status = f"{line.account_status_code} {line.account_status.replace('_', ' ')}"
        tier, special = (line.tier or "?").replace("_", " "), " ".join(line.special_transactions)
        periods = "?" if line.missed_minima is None else str(line.missed_minima)
        amounts = map(amount, (line.past_due_fen, line.balance_fen, line.limit_fen))
        paid = "" if line.last_payment_fen is None else yuan(line.last_payment_fen)
        date = str(line.last_payment_on or "")
        table.add_row(line.month, code, line.worst_code, status, tier, special, periods, *amounts, date, paid)
    return table


def _metro2(months: tuple[MonthLine, ...]) -> Table:
    table = _table(
        "month", "17A", "17B", "18 newest month first", "19", "20",
        right=("21 balance", "22 past due", "23 lost", "25 since", "26 closed", "27 paid"),
    )  # fmt: skip
    for line in months:
        told = line.metro2
        lost = "" if told.original_charge_off_fen is None else yuan(told.original_charge_off_fen)
        table.add_row(
            line.month,
            told.account_status or "?",
            told.payment_rating or "",
            told.payment_history,
            told.special_comment or "",
            told.compliance_condition or "",
            amount(told.current_balance_fen),
            amount(told.past_due_fen),
            lost,
            *(str(date or "") for date in (told.first_delinquency, told.closed_on, told.last_payment_on)),
        )
    return table


def _table(*left: str, right: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in left:
        table.add_column(name, no_wrap=True)
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table
