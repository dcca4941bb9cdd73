"""What each view knows: the fold of events into rows. Pure: no clock, no database, no broker.

A view is a module with `key(recorded)`, `step(row, recorded)` and `as_of(row, day)`; the views do not know each other.
Nothing in a row depends on today: days past due and the open report month are reckoned when somebody asks.
"""
