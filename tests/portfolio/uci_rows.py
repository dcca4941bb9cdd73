"""Files in the shape of the data set, with rows of our own: the project carries no data set."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

HEADER = ",".join(["ID", *(f"X{number}" for number in range(1, 24)), "Y"])
NOTHING = (0, 0, 0, 0, 0, 0)


def line(number, limit, balances=NOTHING, payments=NOTHING, late=NOTHING) -> str:
    """One row; months are April to September, as nobody but the file writes them backwards. Cells may be text."""
    cells = [number, limit, 2, 1, 1, 30, *late[::-1], *balances[::-1], *payments[::-1], 0]
    return ",".join(map(str, cells))


# Each shape that makes an import of the real file hard; the comment says what is odd.
ODD = (
    line(1, 50_000),  # nothing at all in six months
    line(2, "2.00E+05", ("1.00E+05", 90_000, 80_000, 70_000, 60_000, 0), (0, 10_000, 10_000, 10_000, 10_000, 60_000)),
    line(3, 80_000, (-500, -500, 1_000, 1_000, 0, 0), (0, 0, 0, 0, 1_000, 0)),  # opens in credit, spends it
    line(4, 30_000, (4_000, 4_000, -9_000, -9_000, 100, 0), NOTHING),  # refunds more than it ever bought
    line(5, 10_000, (25_000, 26_000, 27_000, 9_000, 10_001, 10_000), (0, 500, 500, 18_000, 0, 1)),  # over its limit
    line(6, 20_000, (3_000, 0, -700, -700, 300, 300), (1_000, 3_000, 700, 0, 0, 300)),  # pays too much
    line(7, 90_000, (40_000, 40_000, 40_000, 40_000, 39_000, 0), (0, 0, 0, 0, 1_000, 39_000), (0, 0, 2, 3, 4, 0)),
    line(8, "1.00E+06", ("8.00E+05",) * 6, ("5.00E+05", 0, 0, 0, 0, "8.00E+05")),  # an opening of 1,300,000
    line(9, 60_000, (100, 300, 50, 700, 690, 0), NOTHING),  # refunds reach back over several purchases
    line(10, 40_000, (-200, 0, 0, 0, 0, 0), (200, 0, 0, 0, 0, 0)),  # opens at exactly nothing, then pays
)


def many(count: int, seed: int = 5) -> Iterable[str]:
    """Rows by chance, numbered after the odd ones."""
    rng = Random(seed)
    for number in range(len(ODD) + 1, len(ODD) + 1 + count):
        balances = [rng.choice((0, rng.randint(-5_000, 90_000))) for _ in range(6)]
        payments = [rng.choice((0, rng.randint(0, 60_000))) for _ in range(6)]
        yield line(number, rng.randint(1, 60) * 10_000, tuple(balances), tuple(payments))


def write(folder: Path, lines: Sequence[str], end: str = "\r\n") -> Path:
    """A file with these rows under the header, its lines ended as the real one's."""
    file = folder / "cards.csv"
    file.write_bytes("".join(each + end for each in (HEADER, *lines)).encode())
    return file
