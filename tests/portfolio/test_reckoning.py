"""The simulated people's own reckoning comes to the figures that the rulebook gives, without the domain."""

from datetime import date

import pytest

from domain.terms import PAY_LATER, Terms
from infra.portfolio.ledger import Book, Bought, Disputed, Fact
from infra.portfolio.simulator import agreement_of

PRICE = 123_457


def day(text):
    month, number = text.split("-")
    return date(2026, int(month), int(number))


def book(**terms):
    known = Book(day("1-5"), 1, agreement_of(Terms(version="test", **terms) if terms else PAY_LATER))
    known.line.access, known.begins = "open", day("1-5")
    known.money = known.reckoned_from_the_start()
    return known


def bought(known, amount=PRICE, on="1-10", of="buy-1"):
    known.reach(day(on))
    known.purchases[of] = Bought(day(on), amount, day(on))
    known.add(Fact(day(on), "purchase", of, amount))
    return known


def paid(known, amount, on, *, counts=None, of="pay-1"):
    known.reach(day(on))
    known.add(Fact(day(counts or on), "payment", of, amount))
    return known


def disputed(known, amount, on, *, of="buy-1", dispute="dispute-1"):
    known.reach(day(on))
    known.disputes[dispute] = Disputed(of, amount)
    known.add(Fact(day(on), "dispute", of, amount, dispute))
    return known


def rejected(known, on, *, of="buy-1", dispute="dispute-1"):
    known.reach(day(on))
    known.disputes[dispute].open = 0
    known.add(Fact(day(on), "rejection", of, 0, dispute))
    return known


def upheld(known, on, *, dispute="dispute-1"):
    known.reach(day(on))
    known.never_bought(dispute)
    return known


def refunded(known, amount, on, of="buy-1"):
    known.reach(day(on))
    known.add(Fact(day(on), "refund", of, amount))
    return known


def left(known):
    """Principal billed, new and disputed; interest and fees of each; credit."""
    money = known.money
    new = money.principal - money.disputed - (money.billed - sum(money.billed_charges.values()))
    charges = (*money.billed_charges.values(), *money.new_charges.values())
    return money.billed - sum(money.billed_charges.values()), new, money.disputed, charges, money.credit


def said(known, on):
    known.reach(day(on))
    return known.said[day(on)][:2]


def test_nothing_was_paid():
    """Case 5, example A."""
    known = bought(book())
    assert said(known, "2-1") == (PRICE, 12_346)
    assert said(known, "3-1") == (125_630, 25_631)


def test_the_minimum_was_paid():
    """Case 6, example B."""
    assert said(paid(bought(book()), 12_346, "2-10"), "3-1") == (112_167, 12_168)


@pytest.mark.parametrize(
    ("price", "minimum", "fee"), [(8_050, 1_000, 1_000), (620, 620, 620), (5_000_000, 500_000, 25_000)]
)
def test_late_fees(price, minimum, fee):
    """Case 2."""
    known = bought(book(), price)
    assert said(known, "2-1") == (price, minimum)
    known.reach(day("2-11"))
    assert known.money.late_fees == fee


@pytest.mark.parametrize(
    ("on", "left"),
    [("5-11", (81_395, {"fees": 0, "interest": 0})), ("5-12", (73_457, {"fees": 3_000, "interest": 4_938}))],
)
def test_from_ninety_one_days_late_principal_comes_first(on, left):
    """Cases 8 and 9."""
    known = paid(bought(book()), 50_000, on)
    assert (known.money.principal, known.money.billed_charges) == left
    assert known.money.new_charges["fees"] == 1_000
    assert known.minimum_left == 396


@pytest.mark.parametrize(("on", "fees", "balance"), [("2-13", 0, 0), ("2-14", 1_000, 1_247)])
def test_three_days_of_grace(on, fees, balance):
    """Case 13."""
    known = paid(bought(book(grace_days=3)), PRICE, on)
    assert known.money.late_fees == fees
    assert said(known, "3-1")[0] == balance


def test_a_payment_that_is_learnt_late_counts_from_its_day_and_what_was_printed_stands():
    """Case 14."""
    known = bought(book())
    assert said(known, "3-1") == (125_630, 25_631)
    paid(known, 12_346, "3-5", counts="2-9")
    money = known.money
    assert (money.principal, money.minimum, money.days_late, money.accrued) == (111_111, 12_168, 0, 222)
    assert (money.interest, money.late_fees) == (1_056, 0)
    assert known.said[day("3-1")][:2] == (125_630, 25_631)


def test_two_are_learnt_late():
    """Case 15."""
    known = paid(bought(book()), 12_346, "3-5", counts="2-9")
    paid(known, 5_000, "3-5", counts="2-20", of="pay-2")
    money = known.money
    assert (money.interest, money.principal, money.minimum, money.accrued) == (1_033, 106_111, 11_645, 212)


def test_a_returned_payment_never_was():
    """Case 16."""
    known = paid(bought(book()), PRICE, "2-10")
    known.reach(day("2-14"))
    known.never_counted("pay-1")
    money = known.money
    assert (money.principal, money.late_fees, money.days_late, money.accrued) == (PRICE, 1_000, 4, 247)


@pytest.mark.parametrize(
    ("terms", "amount", "interest", "balance"),
    [
        ({}, 100_000, 2_136, (25_593, 4_482)),
        ({}, PRICE, 0, (0, 0)),
        ({"tolerance": 1_000}, 122_457, 10, (1_010, 1_000)),
    ],
)
def test_interest_from_posting(terms, amount, interest, balance):
    """Cases 17 and 43, example C."""
    known = paid(bought(book(interest_method="from_posting", **terms)), amount, "2-10")
    assert said(known, "3-1") == balance
    assert known.money.interest == interest


def test_what_exceeds_the_cap_is_given_up():
    """Case 19."""
    known = bought(book(), 30_000)
    assert said(known, "3-1") == (30_986, 6_686)
    assert known.money.waived == 299


def test_more_than_the_cap_allows_was_paid_and_becomes_credit():
    """Case 36."""
    known = paid(bought(book(), 30_000), 31_000, "2-11")
    known.reach(day("3-1"))
    assert (known.money.waived, known.credit, known.money.owed) == (384, 369, 0)


# What became a loss


def test_who_never_pays_is_charged_off_and_nothing_grows_after_it():
    """Case 29."""
    known = bought(book())
    known.reach(day("8-8"))
    assert not known.lost
    known.reach(day("8-9"))
    assert left(known) == (PRICE, 0, 0, (5_861, 11_111, 0, 0), 0)
    assert (known.minimum_left, known.money.days_late) == (140_429, 180)
    known.reach(day("9-15"))
    assert (known.balance, known.money.accrued, known.money.days_late) == (140_429, 0, 217)
    assert max(known.said) == day("8-1")


def test_a_charge_off_stands_though_a_payment_is_learnt_that_came_before_it():
    """Case 42."""
    known = bought(book())
    paid(known, 60_000, "8-20", counts="7-20")
    assert left(known) == (63_457, 0, 0, (5_748, 10_511, 0, 0), 0)
    assert known.lost
    known.reach(day("9-15"))
    assert known.balance == 79_716


def test_a_payment_that_would_have_been_in_time_leaves_a_loss_a_loss():
    """As case 42, but everything was paid in January: only what was owed then is a loss, which is nothing."""
    known = bought(book())
    paid(known, PRICE, "8-20", counts="2-5")
    assert (known.lost, known.balance, known.money.days_late) == (True, 0, 0)


def test_no_loss_is_made_on_a_day_gone_by():
    """The payment that had kept it alive is returned after the day: it is charged off on the morning after."""
    known = paid(bought(book()), 50_000, "8-5")
    known.reach(day("8-20"))
    assert known.money.days_late < 180
    known.never_counted("pay-1")
    assert (known.lost, known.money.days_late) == (False, 191)
    known.reach(day("8-21"))
    assert (known.lost, known.money.days_late) == (True, 192)


def test_what_is_recovered_pays_principal_first():
    known = paid(bought(book()), 130_000, "10-8")
    assert left(known) == (0, 0, 0, (5_861, 4_568, 0, 0), 0)


def test_a_loss_by_decision_is_posted_that_far():
    """The interest of 1 to 4 March too, 123,457 x 4 days x 0.0005 = 246.9; days past due go on, charges do not."""
    known = bought(book())
    known.reach(day("3-5"))
    known.add(Fact(day("3-5"), "write_off", "2026-02-10", 0))
    assert left(known) == (PRICE, 0, 0, (1_000, 1_420, 0, 0), 0)
    known.reach(day("12-31"))
    assert (known.balance, known.money.days_late) == (125_877, 324)


# What is disputed


def test_what_is_disputed_is_not_billed_and_rejected_it_is_as_if_bought_that_day():
    known = disputed(bought(book()), PRICE, "2-5")
    assert left(known) == (0, 0, PRICE, (0, 0, 0, 0), 0)
    assert said(known, "3-1") == (0, 0)
    rejected(known, "3-5")
    assert left(known) == (0, PRICE, 0, (0, 0, 0, 0), 0)
    assert said(known, "4-1") == (PRICE, 12_346)
    assert known.money.interest == known.money.late_fees == 0


def test_what_is_not_disputed_of_a_purchase_bears_interest_and_is_demanded():
    """23,457 x 19 days x 0.0005 = 222.8; the minimum 12,346 fell by more than itself; 223 + a tenth of 23,457."""
    known = disputed(bought(book()), 100_000, "2-5")
    assert known.minimum_left == 0
    assert said(known, "3-1") == (23_680, 2_569)
    assert known.money.late_fees == 0


def test_only_what_is_unpaid_is_set_aside():
    known = disputed(paid(bought(book()), 100_000, "2-3"), 60_000, "2-5")
    assert left(known) == (0, 0, 23_457, (0, 0, 0, 0), 0)


def test_what_is_disputed_still_makes_room_for_charges_under_the_cap():
    """Case 19 with 20,000 of it disputed: a fee of 1,000 and interest of 95, of which 986 may be charged.

    The minimum is the missed 1,000, those 986, and a tenth of the other 9,000.
    """
    known = disputed(bought(book(), 30_000), 20_000, "1-20")
    assert said(known, "3-1") == (10_986, 2_886)
    assert known.money.waived == 109


def test_upheld_it_never_was():
    known = bought(book())
    assert said(known, "3-1") == (125_630, 25_631)
    upheld(disputed(known, PRICE, "3-5"), "3-20")
    assert left(known) == (0, 0, 0, (0, 0, 0, 0), 0)
    assert (known.money.interest, known.money.late_fees) == (0, 0)


def test_what_was_paid_of_it_is_credit():
    known = disputed(paid(bought(book()), 12_346, "2-10"), PRICE, "2-15")
    assert left(upheld(known, "2-20")) == (0, 0, 0, (0, 0, 0, 0), 12_346)


def test_upheld_in_part_all_follows_as_if_only_the_rest_had_been_bought():
    """Of 100,000: minimum 10,000 missed, fee 1,000, interest 19 days 950. March demands 1,950 + 9,000; missed, 1,000."""
    known = bought(book())
    known.reach(day("3-1"))
    upheld(disputed(known, 23_457, "3-5"), "3-20")
    assert left(known) == (100_000, 0, 0, (1_000, 950, 1_000, 0), 0)
    assert (known.minimum_left, known.money.days_late) == (20_950, 38)


def test_a_refund_takes_what_is_disputed_first():
    known = refunded(disputed(bought(book()), 100_000, "2-5"), 30_000, "2-6")
    assert left(known) == (23_457, 0, 70_000, (0, 0, 0, 0), 0)
    assert left(rejected(known, "2-7")) == (23_457, 70_000, 0, (0, 0, 0, 0), 0)
    assert left(refunded(known, 80_000, "2-8")) == (0, 13_457, 0, (0, 0, 0, 0), 0)


def test_credit_pays_for_what_was_disputed_without_reason():
    known = paid(disputed(bought(book()), PRICE, "2-5"), 130_000, "2-8")
    assert left(rejected(known, "3-5")) == (0, 0, 0, (0, 0, 0, 0), 6_543)


def test_what_is_disputed_is_no_part_of_a_loss_until_it_is_rejected():
    """As case 29, but the cap, which counts the 50,000 too, leaves all six late fees."""
    known = disputed(bought(bought(book()), 50_000, "1-20", "other"), 50_000, "1-25", of="other")
    known.reach(day("8-9"))
    assert left(known) == (PRICE, 0, 50_000, (6_000, 11_111, 0, 0), 0)
    assert known.minimum_left == 140_568
    rejected(known, "9-20", of="other")
    assert left(known) == (PRICE + 50_000, 0, 0, (6_000, 11_111, 0, 0), 0)


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        # Set aside 60,000; the payment finds 63,457.
        (disputed, paid, (0, 0, 60_000, 16_543)),
        # Paid 80,000; the dispute finds 43,457.
        (paid, disputed, (0, 0, 43_457, 0)),
    ],
)
def test_what_is_said_after_a_dispute_of_the_day_counts_after_it(first, then, expected):
    amounts = {disputed: 60_000, paid: 80_000}
    known = bought(book())
    for do in (first, then):
        do(known, amounts[do], "2-5")
    billed, new, aside, _, credit = left(known)
    assert (billed, new, aside, credit) == expected
    # A late fact that changes nothing but the way it is reckoned: from the start, in the order of the day.
    paid(known, 1, "2-20", counts="2-19", of="late")
    assert left(known)[4] == expected[3] + 1


def test_what_is_bought_after_a_payment_of_the_day_is_paid_as_if_bought_before():
    """From 91 days late new principal comes before new charges, so the fee of 1,000 of 11 May stays unpaid."""
    known = paid(bought(book()), 131_395 + 500, "5-20")
    assert known.money.new_charges["fees"] == 500
    bought(known, 700, "5-20", "buy-2")
    assert left(known)[1] == 200
    assert known.money.new_charges["fees"] == 1_000
