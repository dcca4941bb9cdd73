"""Quotes: what anybody may ask without an account, answered as the command line answers it."""

import asyncio

import httpx
import pytest

from domain.quoting import Loan, quote
from infra.http.reads.quotes import EXAMPLES

LOAN = {"principal": 1_200_000, "annual_rate_percent": 7.2, "disbursed_on": "2026-01-15", "instalments": 12}


@pytest.fixture(scope="module")
def post(api):
    """The response to a POST of a body; bytes are sent as they are."""

    def asked(path, body) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with api() as client:
                content = {"content": body} if isinstance(body, bytes) else {"json": body}
                return await client.post(f"/quotes/{path}", headers={"Content-Type": "application/json"}, **content)

        return asyncio.run(ask())

    return asked


def refused(response, code, status=422):
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    return response.json()


def test_what_a_loan_would_cost(post):
    response = post("schedule", LOAN)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    loan = Loan.model_validate_json(
        b'{"principal":1200000,"annual_rate_percent":"7.2","disbursed_on":"2026-01-15","instalments":12}'
    )
    assert response.json() == quote(loan).model_dump(mode="json")


@pytest.mark.parametrize(("rate", "interest"), [("7.2", 4), ("7.200000000000000000000000000001", 5)])
def test_a_rate_is_taken_as_it_is_written(post, rate, interest):
    # 4.5, and a trifle more, which a binary fraction would not hold.
    loan = f'{{"principal":750,"annual_rate_percent":{rate},"disbursed_on":"2026-01-15","instalments":1,"rounding":"half_even"}}'
    assert post("schedule", loan.encode()).json()["total_interest"] == interest


@pytest.mark.parametrize(
    ("method", "more", "percent"),
    [
        ("effective", {"on": "2026-01-15", "payments": [{"amount": 550_000, "on": "2027-01-15"}]}, "10.00"),
        # 12 CFR 1026, Appendix J, (c)(1)(i): $5,000, 24 monthly payments of $230.
        ("us_actuarial", {"unit_periods_per_year": 12,
                          "payments": [{"amount": 23_000, "count": 24, "full_periods": 1}]}, "9.69"),
        ("irr", {"payments": [{"amount": 47_280, "count": 12}]}, "24.00"),  # 2 % a month
    ],
)  # fmt: skip
def test_the_yearly_rate_of_payments(post, method, more, percent):
    response = post("apr", {"method": method, "advance": 500_000, **more})
    assert response.status_code == 200, response.text
    assert f"{float(response.json()['apr_percent']):.2f}" == percent


def test_which_debt_to_pay_first(post):
    seen = post("advice", EXAMPLES["quote_advice"]).json()
    assert seen["payments"] == [{"name": "card", "amount": 30_000}, {"name": "car", "amount": 20_000}]
    assert (seen["shortfall"], seen["interest_saved"]) == (0, seen["interest_alike"] - seen["interest"])


@pytest.mark.parametrize(("operation", "body"), EXAMPLES.items())
def test_every_example_of_the_description_is_answered(post, operation, body):
    assert post(operation.removeprefix("quote_"), body).status_code == 200


def test_what_cannot_be_quoted_is_refused_with_its_reason(post):
    grows = LOAN | {"annual_rate_percent": 36, "instalments": 3, "instalment_multiple": 1_000_000}
    assert refused(post("schedule", grows), "debt_would_grow")["principal"] == 1_200_000
    nothing = {"method": "irr", "advance": 600_000, "payments": [{"amount": 0}]}
    refused(post("apr", nothing), "rate_undefined")


def test_every_wrong_field_is_named_at_once(post):
    body = refused(
        post("schedule", LOAN | {"principal": -1, "instalments": "12", "colour": "red"}), "parameter_invalid"
    )
    assert [each["pointer"] for each in body["errors"]] == ["#/principal", "#/instalments", "#/colour"]
    # Of several kinds of question the field is named where it stands.
    body = refused(post("apr", EXAMPLES["quote_apr"] | {"advance": 0}), "parameter_invalid")
    assert [each["pointer"] for each in body["errors"]] == ["#/advance"]
    assert refused(post("apr", {"method": "guess"}), "parameter_invalid")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b'{"principal":1,"principal":2}', b"\xff", b'{"x":NaN}', b'{"name":"\\ud800"}']
)
def test_a_body_that_is_none(post, body):
    assert post("schedule", body).status_code in {400, 422}


def test_a_body_is_not_longer_than_can_be_reckoned_soon(post):
    payments = [{"amount": 1, "full_periods": number, "fraction": f"{number}/10007"} for number in range(1, 2_000)]
    body = {"method": "us_actuarial", "advance": 1_000, "unit_periods_per_year": 12, "payments": payments}
    assert "65,536 bytes" in refused(post("apr", body), "parameter_invalid")["detail"]
