"""Where a command writes a table: a whole file or none."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path


def write_table(out: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write beside and rename, so that a reader sees the old file or the whole new one; a device is written to as it is.

    Raises OSError, and leaves nothing behind.
    """
    regular = out.is_file() or not out.exists()
    place = out.with_name(out.name + ".part") if regular else out
    try:
        with place.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        if regular:
            place.replace(out)
    except OSError:
        if regular:
            place.unlink(missing_ok=True)
        raise
