"""Where tables are printed for people: a terminal, or what they pipe the output into."""

import sys

from rich.console import Console

_WIDE = 10_000  # columns; a table takes what it needs of them


def screen(least: int = 0) -> Console:
    """A console as wide as the terminal, but not narrower than `least` columns.

    What is piped is read by a program or in a pager, so there a line stays a line and nothing of it is left out.
    """
    console = Console(highlight=False)
    return Console(highlight=False, width=max(console.width, least) if sys.stdout.isatty() else _WIDE)
