"""The command line `credit`."""


def main() -> None:
    """Run the command line."""
