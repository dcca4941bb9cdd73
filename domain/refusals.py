"""A refusal is an expected answer: a stable reason, the numbers behind it, and what the asker can do.

Anything else that is raised in here is a defect of the program.
"""

from typing import Literal, get_args

# Reasons are part of the public contract: add, never rename.
Reason = Literal[
    "account_closed",
    "account_closing",
    "account_frozen",
    "account_unknown",
    "already_opened",
    "amount_invalid",
    "appeal_decided",
    "appeal_id_reused",
    "appeal_not_upheld",
    "appeal_open",
    "appeal_too_late",
    "appeal_unknown",
    "capture_exceeds_hold",
    "change_pending",
    "charged_off",
    "command_id_reused",
    "conversion_exceeds_billed",
    "conversion_too_late",
    "correction_exceeds_balance",
    "correction_leaves_credit_and_debt",
    "credit_exceeded",
    "customer_deceased",
    "date_in_future",
    "death_recorded",
    "declined_by_risk",
    "dispute_exceeds_purchase",
    "dispute_id_reused",
    "dispute_resolved",
    "dispute_unknown",
    "field_invalid",
    "from_date_not_allowed",
    "hold_ended",
    "hold_id_reused",
    "hold_unknown",
    "legal_order",
    "limit_not_lower",
    "limit_out_of_range",
    "months_not_offered",
    "new_evidence_needed",
    "no_such_move",
    "not_activated",
    "not_charged_off",
    "not_frozen",
    "not_reinstatable",
    "nothing_billed",
    "nothing_owed",
    "nothing_to_appeal",
    "nothing_to_notice",
    "notice_too_early",
    "over_limit",
    "overdue",
    "payment_ref_ambiguous",
    "payment_ref_reused",
    "payment_unknown",
    "payoff_mismatch",
    "plan_id_reused",
    "plan_over",
    "plan_unknown",
    "purchase_id_reused",
    "purchase_unknown",
    "refund_exceeds_purchase",
    "refund_id_reused",
    "report_dispute_decided",
    "report_dispute_id_reused",
    "report_dispute_unknown",
    "report_month_not_disputed",
    "report_month_unknown",
    "role_not_allowed",
    "second_actor_needed",
    "statement_not_latest",
    "terms_incompatible",
    "terms_unknown",
    "takeover_inconsistent",
    "time_backwards",
    "value_date_not_allowed",
    "waiver_exceeds_debt",
]
REASONS: tuple[Reason, ...] = get_args(Reason)

# One sentence each: what whoever asked can do about it.
REMEDIES: dict[Reason, str] = {
    "account_closed": "The account is closed for good; only payments, refunds and forced captures are accepted.",
    "account_closing": "Withdraw the closure first, or wait until the account is closed.",
    "account_frozen": "Have every freeze reason lifted first.",
    "account_unknown": "Open the account first, or check the account id.",
    "already_opened": "Use another account id for another application.",
    "amount_invalid": "Send a whole amount in minor units within the stated bounds.",
    "appeal_decided": "Lodge another appeal with new evidence; this one was answered.",
    "appeal_id_reused": "Give each appeal an id of its own.",
    "appeal_not_upheld": "Reinstate only after an appeal against the closure was upheld.",
    "appeal_open": "Wait for the answer to the appeal that is open already.",
    "appeal_too_late": "Appeal within the stated days; afterwards ask an officer to look at it.",
    "appeal_unknown": "Name an appeal that was lodged on this account.",
    "capture_exceeds_hold": "Capture no more than what is left of the hold.",
    "change_pending": "Wait until the announced change has come, or announce another one for its date instead.",
    "charged_off": "Repay the debt in full, or undo the charge-off if it was booked in error.",
    "command_id_reused": "Use a new command id for new content, or send the first content again.",
    "conversion_exceeds_billed": "Convert no more than the billed principal that is in no plan and no dispute.",
    "conversion_too_late": "Convert a statement on or before its due date.",
    "correction_exceeds_balance": "Take no more from a balance than is in it.",
    "correction_leaves_credit_and_debt": "Let the credit pay the debt: lower both by as much.",
    "credit_exceeded": "Ask for no more than the credit balance.",
    "customer_deceased": "Turn to the estate, not to the customer.",
    "date_in_future": "Advance no further than the business date of the command's instant.",
    "death_recorded": "Lift the freeze first, if the date that was recorded is mistaken.",
    "declined_by_risk": "Ask for another way to pay; the named rule of the risk engine stands against it.",
    "dispute_exceeds_purchase": "Dispute no more than the price less refunds and other disputes.",
    "dispute_id_reused": "Give each dispute an id of its own.",
    "dispute_resolved": "Open another dispute where there is something new; this one was decided.",
    "dispute_unknown": "Name a dispute that was opened on this account.",
    "field_invalid": "Correct the named field.",
    "from_date_not_allowed": "Give a date within the stated bounds: after the last statement's due test, within a year.",
    "hold_ended": "Authorise anew; this hold was captured, released or has expired.",
    "hold_id_reused": "Give each hold an id of its own.",
    "hold_unknown": "Name a hold that was placed on this account.",
    "legal_order": "Wait until the legal order is lifted by an officer.",
    "limit_not_lower": "Give a limit below the one there was, or uphold the appeal without one.",
    "limit_out_of_range": "Choose a limit within the bounds of the account's terms.",
    "months_not_offered": "Choose one of the numbers of months that the terms offer.",
    "new_evidence_needed": "Send evidence that no rejected appeal rested on.",
    "no_such_move": "The account's state does not know this move; look at its access and standing.",
    "not_activated": "Activate the account first.",
    "not_charged_off": "Undo only what was charged off.",
    "not_frozen": "Name a freeze reason that stands on the account.",
    "not_reinstatable": "Open another account: only closures by force or for inactivity can be undone, and not after a death.",
    "nothing_billed": "Convert only what a statement has billed and is unpaid.",
    "nothing_owed": "Write off only an account that owes something.",
    "nothing_to_appeal": "Appeal only against a freeze that stands, or a closure by force or for inactivity.",
    "nothing_to_notice": "Give notice only of a freeze or closure that is still to come.",
    "notice_too_early": "Give the notice within the stated days before.",
    "over_limit": "Ask for no more than what is available.",
    "overdue": "Pay the arrears first.",
    "payment_ref_ambiguous": "Name the channel, too: several payments have this reference.",
    "payment_ref_reused": "Give each payment a reference of its own within its channel.",
    "payment_unknown": "Name a payment that was recorded on this account.",
    "payoff_mismatch": "Pay exactly what it takes to settle the plan on that day.",
    "plan_id_reused": "Give each plan an id of its own.",
    "plan_over": "Pay what is billed like any other debt; this plan has nothing left to settle.",
    "plan_unknown": "Name a plan that was made on this account.",
    "purchase_id_reused": "Give each purchase an id of its own.",
    "purchase_unknown": "Name a purchase that was posted to this account.",
    "refund_exceeds_purchase": "Refund no more than the price less earlier refunds.",
    "refund_id_reused": "Give each refund an id of its own.",
    "report_dispute_decided": "Dispute the months again where there is something new; this dispute was decided.",
    "report_dispute_id_reused": "Give each dispute of the report an id of its own.",
    "report_dispute_unknown": "Name a dispute of the report that was opened on this account.",
    "report_month_not_disputed": "Change only months that are disputed.",
    "report_month_unknown": "Dispute only months of the report: from the first one to this one.",
    "role_not_allowed": "Have it asked for by one of the roles that may.",
    "second_actor_needed": "Have a second, different person confirm it.",
    "statement_not_latest": "Convert the latest statement; what was carried into it is part of it.",
    "terms_incompatible": "Name terms that differ only in prices, limits and due days from those agreed.",
    "terms_unknown": "Name a published version of the terms.",
    "takeover_inconsistent": "Make what was taken over add up: the named field must be as stated.",
    "time_backwards": "Send commands of an account in the order of their business dates.",
    "value_date_not_allowed": "Give a value date within the stated bounds; further back an officer corrects balances.",
    "waiver_exceeds_debt": "Waive no more than what is posted and unpaid of that kind.",
}


class Refused(Exception):  # noqa: N818 - it is an answer, not an error
    """The command may not be done. `reason` is stable; `numbers` say by how much; nothing was recorded."""

    def __init__(self, reason: Reason, **numbers: object) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.numbers = numbers

    @property
    def remedy(self) -> str:
        """What the asker can do about it, in one sentence."""
        return REMEDIES[self.reason]

    def __str__(self) -> str:
        figures = ", ".join(f"{name}={_readable(value)}" for name, value in self.numbers.items())
        return f"{self.reason}{f' ({figures})' if figures else ''}: {self.remedy}"


def _readable(value: object) -> str:
    """As text, with what would steer a terminal escaped: what was asked may be anything."""
    text = str(value)
    return text if text.isprintable() else repr(text)
