"""What changed between two states, with the derivation of each charge."""

from decimal import Decimal

from msgspec.structs import replace

from billing.rules.changes import allocation_changes, charge_changes, journal
from billing.rules.decision import Allocation, Charge
from tests.billing.rules.scripts import a_terms
from tests.billing.rules.stories import a_parties, day, drawn, receipt

TERMS = a_terms()


def test_a_penalty_charged_in_two_parts() -> None:
    tale = drawn(10_000_00).paid(10_00, 64).paid(10_00, 66, no=2)
    before, after = tale.state(TERMS, 65), tale.state(TERMS, 66)
    assert charge_changes(TERMS, before, after, day(66)) == (
        Charge(
            instalment_no=1,
            kind="penalty",
            amount_minor=12_00,
            from_on=day(60),
            to_on=day(66),
            base="overdue_principal",
            rate="0.0006",
            numerator=36_00 * 10**9,
            denominator=10**9,
            earlier_minor=0,
            charged_before_minor=24_00,
        ),
    )


def test_what_the_law_cut_off_is_told_with_the_charge() -> None:
    """10,000.00 past due for 6 nights at 0.0006: 36.00; the law allows 24 % a year, 39.45; 12 % 19.72."""
    for cap, charged, cut in ((None, 36_00, 0), ("0.24", 36_00, 0), ("0.12", 19_72, 16_28)):
        terms = replace(TERMS, cap_annual_rate=Decimal(cap) if cap else None)
        tale = drawn(10_000_00).paid(10_00, 66)
        (charge,) = charge_changes(terms, drawn(10_000_00).state(terms, 66), tale.state(terms, 66), day(66))
        assert (charge.kind, charge.amount_minor, charge.capped_minor) == ("penalty", charged, cut)
        assert charge.numerator == 36_00 * 10**9


def test_a_run_that_ends_on_this_day_is_explained_before_it_is_forgotten() -> None:
    """`our_mistake` on day 70 charges the nights 66 to 69, and the state begins a new run."""
    tale = drawn(10_000_00).paid(1_000_00, 66).reversed("our_mistake", 70)
    before, after = drawn(10_000_00).paid(1_000_00, 66).state(TERMS, 70), tale.state(TERMS, 70)
    (charge,) = charge_changes(TERMS, before, after, day(70))
    unpaid = 10_000_00 - (1_000_00 - 36_00 - 100_00)
    assert after.instalments[0].penalty.exact == 0
    assert charge.numerator == 36_00 * 10**9 + unpaid * 600_000 * 4
    assert (charge.amount_minor, charge.charged_before_minor) == (round(unpaid * Decimal("0.0024")), 36_00)
    assert charge.to_on == day(70)


def test_what_is_given_back_is_below_nothing() -> None:
    before = drawn(10_000_00).state(TERMS, 60)
    after = drawn(10_000_00).refunded(4_000_00, 60, "from_capture").state(TERMS, 60)
    (charge,) = charge_changes(TERMS, before, after, day(60))
    assert (charge.amount_minor, charge.numerator) == (-40_00, 60_00 * 10**9)


def test_allocations_follow_the_receipt() -> None:
    before = drawn(100_00).paid(60_00, 2, advance=True).state(TERMS, 3)
    after = drawn(100_00).paid(60_00, 2, advance=True).refunded(70_00, 3, "from_refund").state(TERMS, 3)
    assert allocation_changes(before, after) == (
        Allocation(receipt_id=receipt(1), instalment_no=1, component="principal", amount_minor=-30_00),
    )
    assert allocation_changes(after, after) == ()
    assert allocation_changes(None, after)[0].amount_minor == 30_00


def test_no_change_no_journal() -> None:
    state = drawn(100_00).state(TERMS, 3)
    assert journal("receipt", day(3), TERMS, a_parties(TERMS), state, state) == ()
