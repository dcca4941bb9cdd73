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
    "change_pending",
    "charged_off",
    "command_id_reused",
    "correction_exceeds_balance",
    "correction_leaves_credit_and_debt",
    "credit_exceeded",
    "date_in_future",
    "dispute_exceeds_purchase",
    "dispute_id_reused",
    "dispute_resolved",
    "dispute_unknown",
    "field_invalid",
    "from_date_not_allowed",
    "legal_order",
    "limit_out_of_range",
    "no_such_move",
    "not_activated",
    "not_charged_off",
    "not_frozen",
    "nothing_owed",
    "over_limit",
    "overdue",
    "payment_ref_ambiguous",
    "payment_ref_reused",
    "payment_unknown",
    "purchase_id_reused",
    "purchase_unknown",
    "refund_exceeds_purchase",
    "refund_id_reused",
    "role_not_allowed",
    "second_actor_needed",
    "terms_incompatible",
    "terms_unknown",
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
    "change_pending": "Wait until the announced change has come, or announce another one for its date instead.",
    "charged_off": "Repay the debt in full, or undo the charge-off if it was booked in error.",
    "command_id_reused": "Use a new command id for new content, or send the first content again.",
    "correction_exceeds_balance": "Take no more from a balance than is in it.",
    "correction_leaves_credit_and_debt": "Let the credit pay the debt: lower both by as much.",
    "credit_exceeded": "Ask for no more than the credit balance.",
    "date_in_future": "Advance no further than the business date of the command's instant.",
    "dispute_exceeds_purchase": "Dispute no more than the price less refunds and other disputes.",
    "dispute_id_reused": "Give each dispute an id of its own.",
    "dispute_resolved": "Open another dispute where there is something new; this one was decided.",
    "dispute_unknown": "Name a dispute that was opened on this account.",
    "field_invalid": "Correct the named field.",
    "from_date_not_allowed": "Give a date within the stated bounds: after the last statement's due test, within a year.",
    "legal_order": "Wait until the legal order is lifted by an officer.",
    "limit_out_of_range": "Choose a limit within the bounds of the account's terms.",
    "no_such_move": "The account's state does not know this move; look at its access and standing.",
    "not_activated": "Activate the account first.",
    "not_charged_off": "Undo only what was charged off.",
    "not_frozen": "Name a freeze reason that stands on the account.",
    "nothing_owed": "Write off only an account that owes something.",
    "over_limit": "Ask for no more than what is available.",
    "overdue": "Pay the arrears first.",
    "payment_ref_ambiguous": "Name the channel, too: several payments have this reference.",
    "payment_ref_reused": "Give each payment a reference of its own within its channel.",
    "payment_unknown": "Name a payment that was recorded on this account.",
    "purchase_id_reused": "Give each purchase an id of its own.",
    "purchase_unknown": "Name a purchase that was posted to this account.",
    "refund_exceeds_purchase": "Refund no more than the price less earlier refunds.",
    "refund_id_reused": "Give each refund an id of its own.",
    "role_not_allowed": "Have it asked for by one of the roles that may.",
    "second_actor_needed": "Have a second, different person confirm it.",
    "terms_incompatible": "Name terms that differ only in prices, limits and due days from those agreed.",
    "terms_unknown": "Name a published version of the terms.",
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
        figures = ", ".join(f"{name}={value}" for name, value in self.numbers.items())
        return f"{self.reason}{f' ({figures})' if figures else ''}: {self.remedy}"
