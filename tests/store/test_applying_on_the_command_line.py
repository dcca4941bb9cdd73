"""`credit customer apply`: one application from options or a file, decided, recorded and told with its reasons."""

import json
import sys

import pytest

from domain.identity import account_id_for, customer_key
from infra.cli import main
from tests.store.portfolio import known_person

# What comes with every application from outside: 5,000.00 by the score, 10 % of the income goes into debt.
ASKED = {
    "--ref": "a-1", "--score-limit": 500_000, "--income": 1_000_000, "--debt-service": 100_000,
}  # fmt: skip


@pytest.fixture
def credit(owner_url, tmp_path, monkeypatch, capsys):
    """Runs `credit customer apply ...` and returns its exit code, what it printed and what it complained."""
    monkeypatch.setenv("CREDIT_DATABASE_URL", owner_url)
    monkeypatch.setenv("CREDIT_DATA_DIR", str(tmp_path))

    def run(*words, **options):
        said = ASKED | {f"--{name.replace('_', '-')}": value for name, value in options.items()}
        flags = [word for name, value in said.items() if value is not None for word in (name, str(value))]
        monkeypatch.setattr(sys, "argv", ["credit", "customer", "apply", *words, *flags])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


@pytest.fixture
def person(accounts):
    name, told = known_person()
    accounts.execute_many(told)
    return name


def in_file(tmp_path, **said):
    file = tmp_path / "application.json"
    file.write_text(json.dumps(said), encoding="utf-8")
    return file


NOTHING = dict.fromkeys(("ref", "score_limit", "income", "debt_service"))


def test_what_is_granted_is_told_and_the_account_is_there(credit, person, accounts, store):
    head = store.head()
    code, out, err = credit(person, "--json")
    told, account_id = json.loads(out), account_id_for(person, "a-1")
    assert (code, err) == (0, "")
    assert told == {
        "customer_id": person,
        "application_ref": "a-1",
        "decision": "granted",
        "decided_on": told["decided_on"],
        "repeated": False,
        "account_id": str(account_id),
        "product": "pay_later",
        "terms_version": "pay-later-2026.1",
        "currency": "CNY",
        "limit_fen": 500_000,
        "grounds": [],
        "score_limit_fen": 500_000,
        "product_max_fen": 5_000_000,
        "exposure_fen": 0,
        "exposure_max_fen": 20_000_000,
        "lenders": 0,
        "debt_service_bp": 1_000,
        "policy_version": "people-2026.1",
    }
    types = [event.type for event in store.read(head, 10)]
    assert types == ["customer.application_granted", "account.opened", "account.activated"]
    account = accounts.account(account_id)
    assert (account.limit, account.access, account.customer_id) == (500_000, "open", person)
    assert {event.actor for event in store.read(head, 10)} == {"system:command-line"}


def test_what_is_refused_is_told_with_every_reason_and_its_numbers(credit, person, accounts):
    code, out, _ = credit(person, "--json", score_limit=40_000, debt_service=600_000)
    told = json.loads(out)
    assert (code, told["decision"], told["account_id"], told["limit_fen"]) == (1, "refused", None, 0)
    assert told["grounds"] == [
        {"kind": "debt_service_too_high", "found": 6_000, "bound": 5_000},
        {"kind": "score_limit_too_low", "found": 40_000, "bound": 50_000},
    ]
    assert accounts.account(account_id_for(person, "a-1")) is None


def test_for_people_both_are_said_in_words(credit, person):
    code, out, _ = credit(person)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert code == 0
    assert lines[0] == "granted 5,000.00 CNY"
    assert lines[1] == f"account {account_id_for(person, 'a-1')}, pay_later on the terms pay-later-2026.1"
    assert lines[2].startswith(f"application a-1 of customer {person}, decided on 20")
    assert lines[3:] == [
        "by the score 5,000.00, at most 50,000.00",
        "exposure 0.00 of at most 200,000.00",
        "other lenders 0",
        "debt service 10.00 % of income",
    ]
    code, out, _ = credit(person, ref="a-2", score_limit=40_000, income=0)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert code == 1
    assert lines[:3] == [
        "refused debt_service_too_high (none, bound 5000)",
        "score_limit_too_low (40000, bound 50000)",
        lines[2],
    ]
    assert lines[2].startswith("application a-2 of customer")
    assert lines[-1] == "debt service no income to pay from"


def test_said_again_it_is_the_same_decision_and_nothing_more_is_recorded(credit, person, store):
    _, first, _ = credit(person, "--json")
    head = store.head()
    for words in ({}, {"command_id": "another"}):
        code, out, _ = credit(person, "--json", **words)
        assert (code, json.loads(out)) == (0, json.loads(first) | {"repeated": True})
    assert "said again" in credit(person)[1]
    assert store.head() == head


def test_a_refusal_said_again_is_a_refusal_still(credit, person, accounts):
    first = json.loads(credit(person, "--json", score_limit=0)[1])
    code, out, _ = credit(person, "--json", score_limit=0)
    assert (code, json.loads(out)) == (1, first | {"repeated": True})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"score_limit": 1}, "command_id_reused (field=command_id, asked=a-1)"),
        ({"score_limit": 1, "command_id": "b"}, "application_ref_reused (field=application_ref, reference=a-1, "),
    ],
)
def test_the_same_id_with_another_content_is_refused(credit, person, store, options, said):
    credit(person)
    head = store.head()
    code, out, err = credit(person, **options)
    assert (code, out, store.head()) == (1, "", head)
    assert err.startswith(f"credit: {said}")


def test_a_file_says_it_all_and_an_option_says_it_otherwise(credit, person, accounts, store, tmp_path):
    said = {
        "application_ref": "a-7", "score_limit_fen": 700_000, "monthly_income_fen": 900_000,
        "monthly_debt_service_fen": 0, "product": "cash_loan", "zone": "Europe/Vienna", "funding_ref": "fund-1",
        "command_id": "c-7", "actor": {"role": "officer", "id": "o-9"}, "at": "2026-03-01T23:30:00Z",
    }  # fmt: skip
    code, out, _ = credit(
        person, "--in", str(in_file(tmp_path, **said)), "--json", **NOTHING | {"score_limit": 810_000}
    )
    told = json.loads(out)
    assert (code, told["limit_fen"], told["terms_version"]) == (0, 810_000, "cash-loan-2026.1")
    assert (told["decided_on"], told["debt_service_bp"]) == ("2026-03-02", 0)
    account = accounts.account(account_id_for(person, "a-7"))
    assert (account.zone, account.ledger.terms.product) == ("Europe/Vienna", "cash_loan")
    (granted,) = [each for each in store.read(0, 10_000) if each.aggregate_id == customer_key(person)][-1:]
    assert (granted.command_id, granted.actor) == ("c-7", "officer:o-9")


def test_terms_may_be_named_instead_of_a_product(credit, person):
    said = credit(person, "--json", terms="cash-loan-even-2026.1", by="officer:o-1")
    assert (said[0], json.loads(said[1])["product"]) == (0, "cash_loan")


@pytest.mark.parametrize(
    ("options", "reasons"),
    [
        ({"score_limit": None}, ["score_limit_fen: field required"]),
        ({"income": -5}, ["monthly_income_fen: input should be greater than or equal to 0 (given: -5)"]),
        (
            {"debt_service": 10**16, "ref": "a b"},
            [
                "application_ref: string should match pattern '^[A-Za-z0-9._:@-]{1,64}$' (given: \"a b\")",
                f"monthly_debt_service_fen: input should be less than or equal to {10**15} (given: {10**16})",
            ],
        ),
        ({"product": "mortgage"}, ['product: it should be one of cash_loan, pay_later (given: "mortgage")']),
        (
            {"product": "cash_loan", "terms": "pay-later-2026.1"},
            ["terms_version: the terms are of pay_later, and the product that is asked for is cash_loan"],
        ),
        ({"by": "o-1"}, ['actor: it is written role:id, such as officer:o-1 (given: "o-1")']),
        (
            {"by": "boss:o-1"},
            [
                "actor.role: input should be 'customer', 'officer', 'risk', 'merchant', 'bank' or 'system' (given: \"boss\")"
            ],
        ),
        ({"bill_day": 31}, ["bill_day: input should be less than or equal to 28 (given: 31)"]),
    ],
)
def test_what_is_wrong_with_an_application_is_named_field_by_field(credit, person, store, options, reasons):
    head = store.head()
    code, out, err = credit(person, **options)
    assert (code, out, store.head()) == (2, "", head)
    assert err.splitlines() == [f"credit: the application: {reason}" for reason in reasons]


def test_what_is_wrong_in_a_file_is_named_with_the_file(credit, person, tmp_path):
    file = in_file(tmp_path, application_ref=7, colour="red")
    code, _, err = credit(person, "--in", str(file), **NOTHING)
    assert code == 2
    assert f"credit: {file}: application_ref: input should be a valid string (given: 7)" in err.splitlines()
    assert f'credit: {file}: colour: extra inputs are not permitted (given: "red")' in err.splitlines()
    file = in_file(tmp_path, customer_id="another", application_ref="a-1", score_limit_fen=1)
    code, _, err = credit(person, "--in", str(file))
    assert (code, err) == (2, f'credit: {file}: customer_id: it is asked for {person} (given: "another")\n')
    file.write_text("{", encoding="utf-8")
    code, _, err = credit(person, "--in", str(file), **NOTHING)
    assert (code, err.startswith(f"credit: {file}: line 1, column 2: this is not JSON")) == (2, True)
    code, _, err = credit(person, "--in", str(tmp_path / "none.json"), **NOTHING)
    assert (code, err) == (2, f"credit: {tmp_path / 'none.json'}: it cannot be read (No such file or directory)\n")


def test_who_did_not_agree_to_a_credit_check_is_not_decided_on(credit, store):
    head = store.head()
    code, out, err = credit("stranger-1")
    assert (code, out, store.head()) == (1, "", head)
    assert err == (
        "credit: consent_missing (field=kind, missing=['credit_check']): Record the customer's consent to the named "
        "kinds first.\n"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [({"terms": "no-such-terms"}, "terms_unknown ("), ({"by": "merchant:m-1"}, "role_not_allowed (field=actor, ")],
)
def test_what_the_domain_refuses_is_said_in_one_sentence(credit, person, options, said):
    code, out, err = credit(person, **options)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"credit: {said}")
