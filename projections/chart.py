"""The chart of accounts: every account of the books, of which kind it is, and what its balance means."""

from typing import Literal, NamedTuple, get_args

from domain.money import OwedBucket

# Assets, expenses and contra income stand in debit, the others in credit; a clearing account may stand on either side.
Kind = Literal["asset", "contra asset", "clearing", "liability", "income", "contra income", "expense"]
# The ten amounts of an account are receivables by their own names; what it is owed is a liability.
LedgerAccount = Literal[
    OwedBucket,
    "charged_off",
    "merchant_refunds",
    "merchant_chargebacks",
    "cash_transfer",
    "cash_auto_debit",
    "cash_counter",
    "cash_adjustment",
    "cash_payout",
    "cash_drawn",
    "takeover",
    "restatement",
    "officer_correction",
    "customer_credit",
    "merchant_payable",
    "interest_income",
    "late_fee_income",
    "plan_fee_income",
    "charges_waived",
    "recoveries",
    "write_off_loss",
    "principal_waived",
]
LEDGER_ACCOUNTS: tuple[LedgerAccount, ...] = get_args(LedgerAccount)


class Entry(NamedTuple):
    """One account of the chart: its kind, and in words what its balance is."""

    kind: Kind
    meaning: str


CHART: dict[LedgerAccount, Entry] = {
    "principal_billed": Entry("asset", "Principal that statements have shown"),
    "principal_unbilled": Entry("asset", "Principal that comes with the next statement"),
    "principal_planned": Entry("asset", "Principal in instalments that are still to come"),
    "principal_disputed": Entry("asset", "Principal set aside until a dispute is decided"),
    "interest_billed": Entry("asset", "Interest that statements have shown"),
    "interest_unbilled": Entry("asset", "Interest that comes with the next statement"),
    "interest_planned": Entry("asset", "Interest carried in a restructured plan"),
    "fees_billed": Entry("asset", "Late and plan fees that statements have shown"),
    "fees_unbilled": Entry("asset", "Late and plan fees that come with the next statement"),
    "fees_planned": Entry("asset", "Fees carried in a restructured plan"),
    "charged_off": Entry("contra asset", "What of these receivables is booked as a loss: still owed, worth nothing"),
    "merchant_refunds": Entry("asset", "Refunds of purchases, to be had back from merchants"),
    "merchant_chargebacks": Entry(
        "asset", "Purchases that never counted (dispute upheld, customer dead): from merchants"
    ),
    "cash_transfer": Entry("clearing", "Payments by transfer less those returned, against the bank's statement"),
    "cash_auto_debit": Entry("clearing", "Payments by debit less those returned, against the bank's statement"),
    "cash_counter": Entry("clearing", "Payments at the counter less those returned, against its till"),
    "cash_adjustment": Entry("clearing", "Payments that only an adjustment brought, against whoever ordered it"),
    "cash_payout": Entry("clearing", "Credit that left to customers, against the bank's statement"),
    "cash_drawn": Entry("clearing", "Loans that left to customers, against the bank's statement"),
    "takeover": Entry(
        "clearing", "What accounts that were taken over owed, less their credit, against the books they left"
    ),
    "restatement": Entry(
        "clearing", "What waived principal and officers' corrections come to otherwise when derived anew"
    ),
    "officer_correction": Entry(
        "clearing", "Principal and credit that an officer stated; whoever audits it finds its place"
    ),
    "customer_credit": Entry("liability", "What customers are owed: paid or given back beyond their debt"),
    "merchant_payable": Entry("liability", "Purchases, to be settled with merchants"),
    "interest_income": Entry("income", "Interest posted, as corrected since"),
    "late_fee_income": Entry("income", "Late fees posted, as corrected since"),
    "plan_fee_income": Entry("income", "Fees of instalments that became payable, as corrected since"),
    "charges_waived": Entry(
        "contra income", "Interest and fees given up, or given back: by the cap, goodwill, agreement"
    ),
    "recoveries": Entry("income", "What was paid of charged-off debt, less payments returned"),
    "write_off_loss": Entry("expense", "Debt booked as a loss, as corrected since; recoveries not subtracted"),
    "principal_waived": Entry("expense", "Principal given up by goodwill or agreement"),
}
