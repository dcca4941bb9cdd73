"""A reader of the published `account.*` events that shares no code with us: the headline status after each."""

import json


def headlines(published):
    """The status after each (type, JSON); types of other families change nothing, an unknown one of this is an error."""
    open_, reasons, closing, closed, debt = False, [], False, False, "clear"
    for kind, data in published:
        said = json.loads(data)
        match kind.removeprefix("account."):
            case "activated":
                open_ = True
            case "frozen" | "unfrozen":
                reasons = said["reasons_now"]
            case "closure_requested" | "closure_withdrawn" | "closed" as word:
                closing, closed = word == "closure_requested", word == "closed"
            case "reinstated":
                closed = False
            case "cured" | "billed" | "overdue" | "charged_off" | "paid" | "recovered" as word:
                late = word in {"overdue", "charged_off"} or (word == "billed" and debt == "overdue")
                debt = "overdue" if late else "paid" if word in {"paid", "recovered"} else "billed"
            case "migrated" | "standing_changed" | "write_off_undone" as word:
                open_ = open_ or word == "migrated"
                debt = "overdue" if said["standing"] == "charged_off" else said["standing"]
            case word if word != "opened" and "." not in word:
                raise ValueError(kind)
        frozen, owes = bool(reasons) or closing, debt != "clear"
        yield "closed" if closed else "frozen" if frozen else debt if owes else "activated" if open_ else "pending"
