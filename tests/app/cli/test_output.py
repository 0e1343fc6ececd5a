"""What a person sees of an answer that is more than a table."""

from datetime import date
from uuid import UUID

import pytest

from app.cli.output import show
from billing.explanations import Explained, Explanation
from billing.rules.derivation import product, rounded, total
from billing.schemas.explanations import explanation_body
from kernel.ids import encode
from tests.support.tenants import Workspace

pytestmark = pytest.mark.db


def test_an_explanation_is_a_tree(tenant: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    night = product("nights.interest", 1_000_000, 500_000, 20, (date(2027, 1, 1), date(2027, 1, 21)))
    charged = total("charged.interest", rounded("interest", (night,), 10**9, "half_up"))
    found = Explanation(
        currency="CNY",
        as_of=date(2027, 1, 21),
        amounts=(Explained(drawdown_id=UUID(int=1), instalment_no=1, kind="interest", derivation=charged),),
    )
    drawdown_id = encode("drw", UUID(int=1))
    show(explanation_body(tenant.ctx(), drawdown_id, found), as_json=False)
    lines = [line.strip("└─│ ") for line in capsys.readouterr().out.splitlines()]
    assert lines[-4:] == [
        "1 interest",
        "Interest charged: 100.00 CNY",
        "Interest of these nights, rounded once: 100.00 CNY",
        "Principal × contract rate × nights: 10,000.00 CNY × 0.0005 × 20  (2027-01-01 – 2027-01-21)",
    ]
    show(explanation_body(tenant.ctx(), "rcp_1", found), as_json=False)
    assert f"{drawdown_id} 1 interest" in capsys.readouterr().out
