"""How a figure came about: reckoned again from the account's recorded events and terms, step by step.

A second opinion, not an echo: nothing of the ledger is asked. Reading order: steps (what an explanation is), curve
(balances by day), pieces, schedules, plans and the book they make (what is owed, with who caused it), reading and carried
(events into the book), then a module for each kind of figure, and figures, their table of contents.
"""
