"""`credit contract`: what the HTTP interface promises, and whether a change would break it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from infra.cli import readme
from infra.faults import Fault

app = typer.Typer(no_args_is_help=True, add_completion=False, help="What the HTTP interface promises.")


@app.command()
def export(
    breaking: Annotated[bool, typer.Option("--breaking", help="Although clients may have to be changed.")] = False,
) -> None:
    """Write the description of the HTTP interface to its file, unless that would break what it promised."""
    from infra.http import contract
    from infra.http.app import described

    new = described()
    if contract.KEPT.exists() and (broken := contract.broken(contract.kept(), new)) and not breaking:
        raise Fault(f"It would break what was promised: {'; '.join(broken)}. Mend that, or say --breaking.")
    contract.KEPT.write_text(contract.text_of(new), encoding="utf-8")
    print(f"{contract.KEPT}: {sum(len(methods) for methods in new['paths'].values())} operations")


@app.command()
def check(
    against: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A description that clients were written to.")
    ] = None,
) -> None:
    """Exit with 1 unless the kept description is that of the code, and breaks nothing of another one."""
    import json

    from infra.http import contract
    from infra.http.app import described

    new = described()
    said = []
    if against is None and contract.text_of(new) != contract.KEPT.read_text(encoding="utf-8"):
        said = ["infra/http/openapi.json is old: run `credit contract export`"]
    if against is not None:
        said = contract.broken(json.loads(against.read_text(encoding="utf-8")), new)
    for line in said:
        print(line, file=sys.stderr)
    if said:
        raise typer.Exit(1)


@app.command()
def roles(
    write: Annotated[bool, typer.Option("--write", help="Put the table into README.md.")] = False,
    check_it: Annotated[bool, typer.Option("--check", help="Exit with 1 unless README.md shows this table.")] = False,
) -> None:
    """Print who may use which operation, as a table in Markdown."""
    from infra.http import who
    from infra.http.app import bare

    table = who.table(bare())
    if not (write or check_it):
        print(table)
        return
    readme.put("roles", "credit contract roles --write", table, write=write)
