"""Conditions of the surroundings that a person must mend."""


class Fault(Exception):  # noqa: N818 - it names a condition to be mended, not an error of the program
    """An expected condition outside the program: a port taken, no rights, a silent broker, a missing download.

    Its text is one sentence saying what is wrong and what to do about it; further lines may quote a server's log.
    The command line prints it without a traceback and exits with 1.
    """


class ReadOnly(Fault):
    """The store takes no writes for now: a standby, a full disk, a role without the right. What it holds can be read."""
