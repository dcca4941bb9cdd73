"""What a credit account is and may do: pure code that reads no clock, no file, no database and no broker.

Reading order: money, calendar, identity, refusals, terms; then events and commands; then lifecycle, account,
allocation, statement; last decisions. `codec`, `chain` and `recorded` say how a fact is written down for ever.
"""
