"""Reading the file: exact where it is as described, refused whole with line, column and value where it is not."""

import pytest

from infra.faults import Fault
from infra.portfolio.uci import UciImport
from infra.portfolio.uci_file import read
from tests.portfolio.uci_rows import HEADER, ODD, line, many, write


@pytest.fixture
def lines():
    return [*ODD, *many(10)]


def with_cell(lines, number, column, text):
    """The rows with another text in one cell."""
    cells = lines[number - 1].split(",")
    cells[HEADER.split(",").index(column)] = text
    return [*lines[: number - 1], ",".join(cells), *lines[number:]]


def test_months_are_read_in_the_order_of_time(tmp_path):
    (row,) = read(
        write(tmp_path, [line(1, 70_000, (1, 2, 3, 4, 5, 6), (11, 12, 13, 14, 15, 16), (-2, -1, 0, 1, 2, 8))])
    )
    assert (row.limit, row.balances, row.payments) == (70_000, (1, 2, 3, 4, 5, 6), (11, 12, 13, 14, 15, 16))
    assert row.late == (-2, -1, 0, 1, 2, 8)
    assert row.opening == 1 + 11
    assert row.net == (2 - (1 - 12), 3 - (2 - 13), 4 - (3 - 14), 5 - (4 - 15), 6 - (5 - 16))


def test_scientific_cells_are_exact(tmp_path):
    rows = read(write(tmp_path, ODD))
    assert (rows[1].limit, rows[1].balances[0]) == (200_000, 100_000)
    assert (rows[7].limit, rows[7].payments) == (1_000_000, (500_000, 0, 0, 0, 0, 800_000))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_both_ends_of_line_are_read(tmp_path, lines, end):
    assert len(read(write(tmp_path, lines, end), accounts=20)) == 20


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("X1", "1.5"),
        ("X1", "2.00E+07"),
        ("X12", "1.23E+05"),  # a rounded figure: 123,456 looks the same
        ("X12", "2E+05"),
        ("X12", "2.00e+05"),
        ("X12", "2.00E-05"),
        ("X13", "12 000"),
        ("X14", "1_000"),
        ("X15", '"400"'),
        ("X16", "+7"),
        ("X17", ""),
        ("X18", "nan"),
        ("X19", " 5"),
        ("X20", "0x10"),
        ("X21", "12345678901"),
        ("X3", "two"),
        ("ID", "8a"),
        ("Y", "1\r"),
        # whole, but not what the column may hold
        ("X1", "0"),
        ("X1", "-20000"),
        ("X6", "10"),
        ("X11", "-3"),
        ("X23", "-1"),
        ("Y", "2"),
        ("ID", "7"),  # a second time
        ("ID", "9"),  # 8 is missing
        ("ID", "0"),
        ("ID", "-8"),
    ],
)
def test_a_bad_cell_is_refused_with_its_line_column_and_value(tmp_path, lines, column, text):
    shown = repr(text) if not text.lstrip("-").isdigit() else repr(str(int(text)))
    with pytest.raises(Fault) as refused:
        UciImport(write(tmp_path, with_cell(lines, 8, column, text)))
    assert f"line 9, column {column}, value {shown if len(text) < 41 else ''}" in str(refused.value)
    assert "Nothing was imported" in str(refused.value)


@pytest.mark.parametrize(
    ("cut", "where"),
    [
        (lambda text: text[: text.rindex(b",")], "line 21, column Y, value ''"),
        (lambda text: text[: text.rindex(b",") + 1], "line 21, column Y, value ''"),
        (lambda text: text[: text.rindex(b"20,")] + b"20,200", "line 21, column X2, value ''"),
        (lambda text: text[: text.index(b"\n") + 1], "line 2, column ID, value ''"),
        (lambda text: text[:10], "line 1, column ID, value 'ID,X1,X2,X'"),
        (lambda _: b"", "line 1, column ID, value ''"),
        (lambda text: text + b"\r\n", "line 22, column ID, value ''"),
        (lambda text: text.replace(b"\r\n3,", b"\r\n\r\n3,"), "line 4, column ID, value ''"),
        (lambda text: text.replace(b"\r\n3,", b",9\r\n3,"), "line 3, column after Y, value '9'"),
        (lambda text: text.replace(b"\r\n3,", b"\r\n4,"), "line 4, column ID, value '4'"),
        (lambda text: text.replace(b"X23", b"X32"), "line 1, column ID, value 'ID,X1"),
        (lambda text: b"\xef\xbb\xbf" + text, "line 1, column ID, value '0xef'"),
        (lambda text: text.replace(b"\r\n3,80000,", b"\r\n3,8\xc30000,"), "line 4, column X1, value '0xc3'"),
    ],
)
def test_a_cut_or_mixed_up_file_is_refused_where_it_breaks(tmp_path, lines, cut, where):
    file = write(tmp_path, lines)
    file.write_bytes(cut(file.read_bytes()))
    with pytest.raises(Fault) as refused:
        UciImport(file)
    assert where in str(refused.value)


def test_a_row_that_was_left_out_is_found(tmp_path, lines):
    with pytest.raises(Fault, match="line 6, column ID, value '6': this id comes where 5 is missing"):
        read(write(tmp_path, [*lines[:4], *lines[5:]]))


def test_a_file_cut_between_two_rows_is_found_by_who_knows_how_many_there_must_be(tmp_path, lines):
    with pytest.raises(Fault, match="line 16, column ID, value '15': the last account must be 20"):
        read(write(tmp_path, lines[:15]), accounts=20)
    assert not UciImport(write(tmp_path, lines[:15])).complete


def test_a_file_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(Fault, match="cannot be read: No such file"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(Fault, match="cannot be read"):
        read(tmp_path)
