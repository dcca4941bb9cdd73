"""`credit quote advice --customer`: which of their own debts a person should pay first, by their accounts."""

import json
import sys
from datetime import UTC, datetime

import pytest

from domain.commands import AdvanceTo, ConvertToPlan, Draw, Purchase, RecordDeath
from domain.customer_commands import GiveConsent, VerifyIdentity
from domain.identity import account_id_for
from domain.terms import CASH_LOAN
from infra.cli import main
from tests.store.portfolio import OFFICER, application, known_person


@pytest.fixture
def credit(owner_url, tmp_path, monkeypatch, capsys):
    """Runs `credit quote advice ...` and returns its exit code, what it printed and what it complained."""
    monkeypatch.setenv("CREDIT_DATABASE_URL", owner_url)
    monkeypatch.setenv("CREDIT_DATA_DIR", str(tmp_path))

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["credit", "quote", "advice", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


def noon(day):
    return datetime.fromisoformat(f"{day}T04:00:00+00:00").astimezone(UTC)


@pytest.fixture
def person(accounts):
    """Who has a line and a loan, and owes nothing yet."""
    name, told = known_person()
    said = {"customer_id": name, "actor": OFFICER, "at": told[0].at}
    told += [
        GiveConsent(command_id=kind, kind=kind, evidence_ref="form-1", **said)
        for kind in ("credit_reporting", "loan_agreement")
    ]
    told += [VerifyIdentity(command_id="identity", evidence_ref="check-1", **said)]
    applied = [application(name, "line"), application(name, "loan", terms_version=CASH_LOAN.version)]
    accounts.execute_many([*told, *applied])
    return name


def say(accounts, person, which, kind, day, **fields):
    said = {"actor": OFFICER, "at": noon(day), "account_id": account_id_for(person, which)}
    accounts.execute(kind(command_id=f"{kind.DO}-{which}-{day}", **said, **fields))


@pytest.fixture
def debtor(accounts, person):
    """On 3 February: 5,000.00 on the line at 18.25 %, 800.00 of it in a plan more, and a loan of 2,000.00 at 14.4 %."""
    say(accounts, person, "line", Purchase, "2026-01-10", purchase_id="p1", amount_fen=580_000, merchant_id="m-1")
    say(accounts, person, "line", ConvertToPlan, "2026-02-03", plan_id="plan-1", amount_fen=80_000, months=12)
    drawn = {"draw_id": "d-1", "plan_id": "loan-1", "payout_token": "bank-1"}
    say(accounts, person, "loan", Draw, "2026-01-15", amount_fen=200_000, months=12, **drawn)
    return person


def test_the_debts_are_those_of_the_accounts_and_the_advice_is_that_on_them(credit, debtor, tmp_path):
    line, loan = (str(account_id_for(debtor, which)) for which in ("line", "loan"))
    code, out, err = credit("--customer", debtor, "--on", "2026-02-03", "--amount", 300_000, "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert (told["customer_id"], told["on"], told["spare"]) == (debtor, "2026-02-03", 300_000)
    by_name = {each["name"]: each for each in told["debts"]}
    assert by_name == {
        line: {"name": line, "balance": 500_000, "annual_rate_percent": "18.25", "minimum": 50_000},
        f"{line}/plan-1": by_name[f"{line}/plan-1"] | {"balance": 80_000, "minimum": 0},
        # Of its first month 18 days of thirty have run up: 1,440. The instalment of 15 February is due within a month.
        loan: {"name": loan, "balance": 201_440, "annual_rate_percent": "14.4", "minimum": 17_995},
    }
    assert by_name[f"{line}/plan-1"]["annual_rate_percent"].startswith("15.86")
    assert {each["name"]: each["amount"] for each in told["payments"]} == {
        line: 300_000 - 17_995, f"{line}/plan-1": 0, loan: 17_995,
    }  # fmt: skip
    # What is told of the debts is a question that may be asked from a file, too.
    file = tmp_path / "question.json"
    file.write_text(json.dumps({name: told[name] for name in ("spare", "debts")}))
    code, out, _ = credit("--in", file, "--json")
    assert (code, json.loads(out)) == (0, {name: told[name] for name in json.loads(out)})
    assert list(json.loads(out)) == list(told)[4:]


def test_it_is_said_to_people_with_the_debts_before_it(credit, debtor):
    code, out, _ = credit("--customer", debtor, "--on", "2026-02-03", "--amount", 300_000)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert (code, lines[0]) == (0, "debt owed a year minimum")
    assert f"{account_id_for(debtor, 'line')} 5,000.00 18.25 % 500.00" in lines
    assert lines[4:6] == ["On 2026-02-03, with 3,000.00 a month:", "pay amount"]
    assert f"{account_id_for(debtor, 'line')} 2,820.05" in lines
    assert lines[-1].startswith("Repaid after 3 months with interest of ")


def test_without_a_day_it_is_that_of_the_last_event_and_without_an_amount_the_minima_are_paid(credit, debtor):
    told = json.loads(credit("--customer", debtor, "--json")[1])
    assert (told["on"], told["spare"], told["shortfall"]) == ("2026-02-03", 50_000 + 17_995, 0)
    assert {each["amount"] for each in told["payments"]} == {50_000, 0, 17_995}


def test_on_an_earlier_day_it_is_what_was_owed_then(credit, debtor):
    told = json.loads(credit("--customer", debtor, "--on", "2026-01-10", "--json")[1])
    assert [(each["balance"], each["minimum"]) for each in told["debts"]] == [(580_000, 58_000)]


def test_who_owes_nothing_needs_no_advice(credit, person):
    code, out, err = credit("--customer", person, "--amount", 1_000)
    assert (code, out) == (1, "")
    assert err == f"credit: Customer {person} owes nothing on 2026-01-05 that could be paid: no advice is needed.\n"


def test_who_has_no_account_owes_nothing_here(credit, accounts):
    name, told = known_person()
    accounts.execute_many(told)
    assert credit("--customer", name)[2] == (
        f"credit: Customer {name} owes nothing that could be paid: no advice is needed.\n"
    )


def test_nobody_is_advised_after_their_death(credit, debtor, accounts):
    say(accounts, debtor, "line", RecordDeath, "2026-02-05", date_of_death=noon("2026-02-04").date())
    code, out, err = credit("--customer", debtor, "--amount", 1_000)
    assert (code, out) == (1, "")
    assert err == f"credit: customer_deceased (customer_id={debtor}): Turn to the estate, not to the customer.\n"
    assert credit("--customer", debtor, "--on", "2026-02-03", "--amount", 1_000)[0] == 0


def test_where_nothing_is_demanded_it_is_to_be_said_what_can_be_spared(credit, accounts, person):
    said = {"draw_id": "d-1", "plan_id": "loan-1", "payout_token": "bank-1", "amount_fen": 200_000, "months": 12}
    say(accounts, person, "loan", Draw, "2026-01-15", **said)
    say(accounts, person, "loan", AdvanceTo, "2026-01-15", date=noon("2026-01-15").date())
    code, _, err = credit("--customer", person, "--on", "2026-01-15")
    assert (code, "nothing is demanded on 2026-01-15: say what can be spared a month." in " ".join(err.split())) == (
        2,
        True,
    )
    assert json.loads(credit("--customer", person, "--amount", 10_000, "--json")[1])["shortfall"] == 0


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((), 2, "name one of both: a file with --in, or a person with --customer."),
        (("--in", "a.json", "--customer", "p"), 2, "name one of both"),
        (("--in", "a.json", "--amount", "7"), 2, "a file says itself what can be spared."),
        (("--customer", "a b"), 2, "is not a customer id"),
        (("--customer", "p", "--amount", "0"), 2, "Input should be greater than or equal to 1"),
        (("--customer", "p", "--on", "soon"), 2, "'soon' is not a date like 2026-02-10"),
        (("--customer", "nobody"), 1, "Nothing is known of a customer nobody: check the id."),
    ],
)
def test_what_cannot_be_asked_is_turned_away(credit, words, status, said):
    code, out, err = credit(*words)
    assert (code, out) == (status, "")
    assert said in " ".join(err.replace("│", " ").split())


def test_a_day_too_far_ahead_is_turned_away(credit, debtor):
    code, _, err = credit("--customer", debtor, "--on", "2046-01-01")
    assert (code, "the last day that can be foreseen" in " ".join(err.replace("│", " ").split())) == (2, True)
