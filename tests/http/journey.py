"""`python -m tests.http.journey`: from application to closure with a client that a generator made of the description.

Run with the folder of the generated package on the path; `CREDIT_URL`, `CREDIT_SERVICE_KEY` and `CREDIT_OFFICER_KEY` say
where and as whom.
"""

import os
import sys
from itertools import count
from typing import Any

import credit_client as made  # type: ignore[import-not-found] # it is generated

_NUMBERS = count(1)


def client(key: str) -> Any:
    return made.ApiClient(made.Configuration(host=os.environ["CREDIT_URL"], access_token=os.environ[key]))


def key() -> str:
    return f"journey-{next(_NUMBERS)}"


def main() -> None:
    with client("CREDIT_SERVICE_KEY") as service, client("CREDIT_OFFICER_KEY") as officer:
        person = "c-journey"
        people, desk = made.CustomersApi(service), made.CustomersApi(officer)
        for kind in ("credit_check", "credit_reporting", "loan_agreement"):
            people.give_consent(person, key(), made.GiveConsentBody(kind=kind, evidence_ref="e-1"))
        desk.verify_identity(person, key(), made.VerifyIdentityBody(evidence_ref="e-2"))
        desk.establish_age(person, key(), made.EstablishAgeBody(adult=True, evidence_ref="e-2"))
        income = {"score_limit_fen": 800_000, "monthly_income_fen": 1_000_000, "monthly_debt_service_fen": 0}
        wish = made.ApplyBody(terms_version="pay-later-2026.1", **income)
        decided = made.ApplicationsApi(service).apply(person, key(), wish)
        account = decided.account.account_id
        once = key()
        order = made.PurchaseBody(amount_fen=12_345, merchant_id="m-1")
        bought = made.PurchasesApi(service).purchase(account, once, order)
        again = made.PurchasesApi(service).purchase(account, once, order)
        try:
            made.PurchasesApi(service).purchase(
                account, key(), made.PurchaseBody(amount_fen=800_000, merchant_id="m-1")
            )
        except made.ApiException as refused:
            too_much = (refused.status, made.Problem.from_json(refused.body).code)
        paid = made.PaymentsApi(service).receive_payment(
            account, key(), made.ReceivePaymentBody(amount_fen=12_345, channel="transfer")
        )
        closed = made.ClosuresApi(officer).request_closure(account, key())
        said = [" ".join(event.type for event in each.events) for each in (decided.account, bought, paid, closed)]
        sys.stdout.write("\n".join([*said, f"{again == bought} {too_much[0]} {too_much[1]}", ""]))


if __name__ == "__main__":
    main()
