"""The table of writes: which request becomes which command, and who may send it.

Everything else about a write follows from its row: the body is what the command carries beyond what the path and the
caller say, the operation is called what the command is called, and it is documented with the command's own words.
"""

from typing import NamedTuple

from domain import commands as asked
from domain import customer_commands as of_customer
from domain.commands import Command
from domain.commands import Role as ActorRole
from domain.customer_commands import CustomerCommand
from infra.access import Role

# Who asks over HTTP, and as whom they then act on an account.
Acts = dict[Role, ActorRole]

_OFFICER: Acts = {"officer": "officer"}
_CUSTOMER: Acts = {"customer": "customer"}
_BANK: Acts = {"service": "bank"}
_MERCHANT: Acts = {"service": "merchant"}
_RISK: Acts = {"service": "risk"}
_SYSTEM: Acts = {"service": "system"}
_OPERATOR: Acts = {"operator": "system"}


class Write(NamedTuple):
    """One row: a request of this method and path becomes this command.

    `scope` and `acts` say who may. `names` are the fields by which what is made is called: where the body leaves one out,
    it is called after the request. What is in `not_for_customers` is not theirs to say.
    """

    method: str
    path: str
    command: type[Command] | type[CustomerCommand]
    scope: str
    acts: Acts
    names: tuple[str, ...] = ()
    not_for_customers: frozenset[str] = frozenset()

    @property
    def operation(self) -> str:
        """What it is called everywhere."""
        return self.command.DO

    @property
    def opens(self) -> bool:
        """Whether its account is not there yet: its id is made of the customer's and of the application's reference."""
        return self.command is asked.Open


_ACCOUNT = "/accounts/{account_id}"
_PERSON = "/customers/{customer_id}"
_RISKS = frozenset({"forced", "risk_rule"})

# What is asked for most stands first: routes are tried in this order.
WRITES: tuple[Write, ...] = (
    # spending
    Write("POST", f"{_ACCOUNT}/purchases", asked.Purchase, "purchases:write", _MERCHANT | _CUSTOMER,
          names=("purchase_id",), not_for_customers=_RISKS),
    Write("POST", f"{_ACCOUNT}/purchases/{{purchase_id}}/refunds", asked.RefundPurchase, "purchases:write",
          _MERCHANT | _OFFICER, names=("refund_id",)),
    Write("POST", f"{_ACCOUNT}/authorizations", asked.Authorize, "authorizations:write", _MERCHANT | _CUSTOMER,
          names=("hold_id",), not_for_customers=_RISKS),
    Write("POST", f"{_ACCOUNT}/authorizations/{{hold_id}}/captures", asked.Capture, "authorizations:write", _MERCHANT,
          names=("purchase_id",)),
    Write("POST", f"{_ACCOUNT}/authorizations/{{hold_id}}/release", asked.ReleaseHold, "authorizations:write",
          _MERCHANT | _OFFICER),
    Write("POST", f"{_ACCOUNT}/draws", asked.Draw, "loans:write", _SYSTEM | _CUSTOMER, names=("draw_id", "plan_id"),
          not_for_customers=_RISKS),
    # paying
    Write("POST", f"{_ACCOUNT}/payments", asked.ReceivePayment, "payments:write", _BANK | _CUSTOMER | _OFFICER,
          names=("payment_ref",), not_for_customers=frozenset({"value_date"})),
    Write("POST", f"{_ACCOUNT}/payments/{{payment_ref}}/reversal", asked.ReversePayment, "payments:write",
          _BANK | _OFFICER),
    Write("POST", f"{_ACCOUNT}/credit-refunds", asked.RefundCredit, "payments:write", _BANK | _OFFICER,
          names=("refund_id",)),
    # people
    Write("POST", f"{_PERSON}/consents", of_customer.GiveConsent, "customers:write", _CUSTOMER | _SYSTEM | _OFFICER),
    Write("POST", f"{_PERSON}/consents/{{kind}}/withdrawal", of_customer.WithdrawConsent, "customers:write",
          _CUSTOMER | _SYSTEM | _OFFICER),
    Write("POST", f"{_PERSON}/identity-verification", of_customer.VerifyIdentity, "customers:write",
          _SYSTEM | _OFFICER),
    Write("POST", f"{_PERSON}/age", of_customer.EstablishAge, "customers:write", _SYSTEM | _OFFICER),
    Write("PUT", f"{_PERSON}/lenders/{{lender}}", of_customer.ReportLender, "customers:write", _SYSTEM | _OFFICER),
    Write("POST", f"{_PERSON}/applications", of_customer.Apply, "applications:write", _SYSTEM | _OFFICER,
          names=("application_ref",)),
    Write("POST", f"{_PERSON}/limit-applications", of_customer.ApplyForMore, "applications:write",
          _SYSTEM | _OFFICER, names=("application_ref",)),
    Write("POST", f"{_PERSON}/notices/{{notice_id}}/acknowledgement", of_customer.AcknowledgeNotice,
          "customers:write", _CUSTOMER | _SYSTEM),
    Write("PUT", f"{_PERSON}/contact-preferences/{{subject}}", of_customer.SetContactPreference, "customers:write",
          _CUSTOMER | _SYSTEM),
    # an account and its terms
    Write("POST", "/accounts", asked.Open, "applications:write", _SYSTEM | _OFFICER),
    Write("POST", f"{_ACCOUNT}/decline", asked.Decline, "applications:write", _SYSTEM | _OFFICER),
    Write("POST", f"{_ACCOUNT}/activation", asked.Activate, "applications:write", _SYSTEM | _OFFICER),
    Write("POST", f"{_ACCOUNT}/takeover", asked.Migrate, "operations:write", _OPERATOR | _OFFICER),
    Write("POST", f"{_ACCOUNT}/limit-changes", asked.ChangeLimit, "accounts:write", _RISK | _OFFICER),
    Write("POST", f"{_ACCOUNT}/terms-changes", asked.ChangeTerms, "accounts:write", _OFFICER | _SYSTEM),
    Write("POST", f"{_ACCOUNT}/bill-day-changes", asked.ChangeBillDay, "accounts:write",
          _CUSTOMER | _SYSTEM | _OFFICER),
    Write("PUT", f"{_ACCOUNT}/autopay", asked.SetAutopay, "accounts:write", _CUSTOMER | _SYSTEM | _OFFICER),
    # instalments
    Write("POST", f"{_ACCOUNT}/plans", asked.ConvertToPlan, "plans:write", _CUSTOMER | _SYSTEM | _OFFICER,
          names=("plan_id",)),
    Write("POST", f"{_ACCOUNT}/plans/{{plan_id}}/prepayments", asked.PrepayPlan, "payments:write",
          _BANK | _CUSTOMER | _OFFICER, names=("payment_ref",)),
    Write("POST", f"{_ACCOUNT}/plans/{{plan_id}}/settlement", asked.SettleEarly, "payments:write",
          _BANK | _CUSTOMER | _OFFICER, names=("payment_ref",)),
    Write("POST", f"{_ACCOUNT}/restructurings", asked.Restructure, "plans:write", _OFFICER | _RISK, names=("plan_id",)),
    # access
    Write("POST", f"{_ACCOUNT}/freezes", asked.Freeze, "freezes:write", _CUSTOMER | _RISK | _OFFICER),
    Write("POST", f"{_ACCOUNT}/freezes/{{reason}}/lift", asked.Unfreeze, "freezes:write",
          _CUSTOMER | _RISK | _OFFICER),
    Write("POST", f"{_ACCOUNT}/appeals", asked.LodgeAppeal, "appeals:write", _CUSTOMER, names=("appeal_id",)),
    Write("POST", f"{_ACCOUNT}/appeals/{{appeal_id}}/decision", asked.DecideAppeal, "appeals:write",
          _OFFICER | _RISK),
    Write("POST", f"{_ACCOUNT}/closure", asked.RequestClosure, "closures:write", _CUSTOMER | _OFFICER),
    Write("POST", f"{_ACCOUNT}/closure/withdrawal", asked.WithdrawClosure, "closures:write", _CUSTOMER | _OFFICER),
    Write("POST", f"{_ACCOUNT}/forced-closure", asked.ForceClose, "closures:write", _OFFICER),
    Write("POST", f"{_ACCOUNT}/reinstatement", asked.Reinstate, "closures:write", _OFFICER),
    Write("POST", f"{_ACCOUNT}/inactivity-notices", asked.NoticeInactivity, "operations:write",
          _OPERATOR | _OFFICER),
    Write("POST", f"{_ACCOUNT}/death", asked.RecordDeath, "customers:write", _OFFICER),
    # disputes
    Write("POST", f"{_ACCOUNT}/disputes", asked.OpenDispute, "disputes:write", _CUSTOMER | _OFFICER,
          names=("dispute_id",)),
    Write("POST", f"{_ACCOUNT}/disputes/{{dispute_id}}/resolution", asked.ResolveDispute, "disputes:write",
          _OFFICER | _RISK),
    Write("POST", f"{_ACCOUNT}/report-disputes", asked.DisputeReport, "disputes:write", _CUSTOMER,
          names=("report_dispute_id",)),
    Write("POST", f"{_ACCOUNT}/report-disputes/{{report_dispute_id}}/decision", asked.CorrectReport,
          "reports:write", _OFFICER),
    # putting right
    Write("POST", f"{_ACCOUNT}/waivers", asked.WaiveDebt, "corrections:write", _OFFICER | _RISK),
    Write("POST", f"{_ACCOUNT}/corrections", asked.CorrectBalances, "corrections:write", _OFFICER),
    Write("POST", f"{_ACCOUNT}/charge-off", asked.WriteOff, "corrections:write", _OFFICER),
    Write("POST", f"{_ACCOUNT}/charge-off/reversal", asked.UndoWriteOff, "corrections:write", _OFFICER),
    # time
    Write("POST", f"{_ACCOUNT}/advance", asked.AdvanceTo, "operations:write", _OPERATOR),
)  # fmt: skip
