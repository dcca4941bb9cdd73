"""A question is written to a file and put to the command, as a person would; the answer is what it prints."""

import json

import pytest

from infra.cli import quote

LOAN = {"disbursed_on": "2026-01-15"}


@pytest.fixture
def schedule(tmp_path, capsys):
    """The quote of a loan: its schedule, and what it costs."""
    return lambda **loan: _answer(quote.schedule, LOAN | loan, tmp_path, capsys)


@pytest.fixture
def apr(tmp_path, capsys):
    """The percentage of a stream of payments."""
    return lambda **asked: _answer(quote.apr, asked, tmp_path, capsys)["apr_percent"]


@pytest.fixture
def instalments(tmp_path, capsys):
    """The instalment of each of many loans, by its id; each loan is a row of its table."""

    def asked(*rows):
        cases, out = tmp_path / "cases.csv", tmp_path / "out.csv"
        cases.write_text("\n".join(("case_id,principal,annual_rate,months,method,rounding", *rows)), encoding="utf-8")
        quote.loans(cases, out)
        capsys.readouterr()
        header, *written = out.read_text(encoding="utf-8").splitlines()
        assert header == "case_id,instalment"
        return {case: int(instalment) for case, instalment in (line.split(",") for line in written)}

    return asked


def _answer(command, asked, folder, capsys):
    file = folder / "question.json"
    file.write_text(json.dumps(asked), encoding="utf-8")
    command(file, as_json=True)
    return json.loads(capsys.readouterr().out)
