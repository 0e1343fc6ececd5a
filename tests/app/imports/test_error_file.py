"""Refused rows as a file that a table program opens and computes nothing of."""

from __future__ import annotations

from app.imports.error_file import BOM, error_file
from tenants.imports import RefusedRow


def test_what_was_wrong_stands_before_the_row() -> None:
    row = RefusedRow(3, "at", "not_a_time", {"value": "20.2.", "expected": "2027-03-01"}, ["A1", "20.2."])
    head, line = error_file(["no", "at"], [row], "en")
    assert head == f"{BOM}row,column,code,message,no,at\r\n"
    assert line.startswith('3,at,not_a_time,"20.2. is no time like 2027-03-01.')
    assert line.endswith(",A1,20.2.\r\n")
    assert "20.2. 不是形如" in next(iter([*error_file(["no", "at"], [row], "zh-CN")][1:]))


def test_a_formula_is_text() -> None:
    row = RefusedRow(1, None, "cell_empty", {}, ['=HYPERLINK("x")', "-1", "+1", "@a", "plain, with comma"])
    *_, line = error_file(["a", "b", "c", "d", "e"], [row], "en")
    assert '"\'=HYPERLINK(""x"")",\'-1,\'+1,\'@a,"plain, with comma"' in line
