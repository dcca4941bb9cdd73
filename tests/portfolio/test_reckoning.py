"""The simulated people's own reckoning comes to the figures that the rulebook gives, without the domain."""

from datetime import date
from decimal import Decimal

import pytest

from domain.terms import CASH_LOAN, CASH_LOAN_BULLET, CASH_LOAN_EVEN, PAY_LATER, Terms
from infra.portfolio.ledger import Book, Bought, Disputed, Fact
from infra.portfolio.loans import lent
from infra.portfolio.plans import agreed, planned
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


def converted(known, amount, months, on, of="plan-1"):
    known.reach(day(on))
    rate = known.agreement.plan_fee[months]
    known.plans[of] = planned(day(on), amount, months, rate, known.money.oldest(amount))
    known.add(Fact(day(on), "conversion", of, amount))
    return known


def settled(known, on, amount=None, *, plan="plan-1", of="pay-9"):
    known.reach(day(on))
    known.add(Fact(day(on), "settlement", of, amount or known.money.to_settle(plan, day(on)), plan))
    return known


def coming(known, plan="plan-1"):
    """Instalments and fees that are to come."""
    return known.money.plans[plan].principals, known.money.plans[plan].fees


def died(known, on, learnt):
    known.reach(day(learnt))
    known.died(day(on))
    return known


def refunded(known, amount, on, of="buy-1"):
    known.reach(day(on))
    known.add(Fact(day(on), "refund", of, amount))
    return known


def left(known):
    """Principal billed, new and disputed; interest and fees of each; credit."""
    money = known.money
    new = money.principal - money.disputed - money.planned - (money.billed - sum(money.billed_charges.values()))
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


# What is paid in instalments


def test_the_last_instalment_takes_what_does_not_go_up():
    """Case 24."""
    known = converted(bought(book(), 99_999), 99_999, 12, "2-3")
    assert coming(known) == ((8_333,) * 11 + (8_336,), (733,) * 11 + (737,))
    assert left(known) == (0, 0, 0, (0, 0, 0, 0), 0)
    assert known.balance == 99_999


def test_an_instalment_is_demanded_in_full():
    """Case 25."""
    known = converted(bought(bought(book()), 76_543, "1-20", "buy-2"), 100_000, 3, "2-3")
    assert known.minimum_left == 10_000
    assert said(paid(known, 100_000, "2-10"), "3-1") == (34_166, 34_166)
    assert known.money.planned == 66_667


@pytest.mark.parametrize(
    ("back", "instalments", "credit"),
    [(50_000, ((20_000, 20_000, 10_000, 0, 0), (900, 900, 900, 0, 0)), 0), (120_000, None, 20_000)],
)
def test_a_refund_takes_the_last_instalments_and_their_fees(back, instalments, credit):
    """Case 26."""
    known = refunded(paid(converted(bought(book(), 120_000), 120_000, 6, "2-3"), 20_900, "3-5"), back, "3-20")
    assert (coming(known) if known.money.plans else None) == instalments
    assert known.credit == credit


def test_a_refund_takes_what_is_left_of_the_purchase_before_its_instalments():
    """Case 38."""
    known = refunded(converted(bought(book(), 200_000), 100_000, 3, "2-3"), 50_000, "2-5")
    assert left(known) == (50_000, 0, 0, (0, 0, 0, 0), 0)
    assert (known.money.planned, known.minimum_left) == (100_000, 0)
    assert said(known, "3-1") == (84_641, 39_641)
    assert (known.money.interest, known.money.late_fees) == (475, 0)


def test_a_refund_before_or_after_the_conversion_of_its_day():
    """Case 39 a and b."""
    known = converted(refunded(bought(book(), 200_000), 100_000, "2-3"), 100_000, 3, "2-3")
    assert (known.money.planned, said(known, "3-1")[0]) == (100_000, 34_166)
    known = refunded(converted(bought(book(), 200_000), 200_000, 3, "2-3"), 100_000, "2-3")
    assert coming(known) == ((66_666, 33_334, 0), (1_666, 1_666, 0))


def test_a_plan_stands_as_it_was_made_though_less_was_left_to_convert():
    """Case 39 c."""
    known = paid(converted(bought(book(), 200_000), 100_000, 3, "2-3"), 150_000, "2-6", counts="2-2")
    assert (known.money.planned, known.money.billed, known.credit) == (100_000, 0, 50_000)


def test_what_was_carried_into_the_statement_is_converted_first():
    """Case 40."""
    known = bought(paid(bought(book()), 12_346, "2-10"), 50_000, "2-20", "buy-2")
    converted(known, 50_000, 3, "3-3")
    assert (left(known)[0], known.minimum_left) == (111_111, 12_168)
    assert known.money.items["buy-1"].unpaid == 61_111
    assert said(known, "4-1") == (131_796, 41_797)
    assert known.money.interest == 1_056 + 1_547


def test_a_plan_that_is_settled_early_costs_the_fee_of_the_days_used():
    """Case 41; and once four were billed, for 19 of the 30 days of June 464 of 733."""
    known = converted(bought(book(), 100_000), 100_000, 12, "2-3")
    assert known.money.to_settle("plan-1", day("2-10")) == 100_197
    assert left(settled(known, "2-10")) == (0, 0, 0, (0, 0, 0, 0), 0)
    assert (known.money.plans, known.money.plan_fees, known.is_clear) == ({}, 197, True)
    known = converted(bought(book(), 100_000), 100_000, 12, "2-3")
    for month in range(3, 7):
        known.reach(day(f"{month}-1"))
        paid(known, known.money.billed, f"{month}-5", of=f"pay-{month}")
    assert known.money.to_settle("plan-1", day("6-20")) == 66_668 + 464


def test_a_settlement_that_was_returned_never_was():
    """The instalment of the bill day that passed meanwhile is owed with the next statement, and demanded in full."""
    known = settled(converted(bought(book(), 99_999), 99_999, 3, "2-3"), "2-20")
    known.reach(day("3-4"))
    assert known.said[day("3-1")].balance == 0
    known.never_counted("pay-9")
    assert left(known) == (0, 33_333, 0, (0, 0, 833, 0), 0)
    assert said(known, "4-1") == (68_332, 68_332)


def test_what_a_settlement_does_not_reach_is_owed_like_a_purchase():
    known = settled(converted(bought(book(), 99_999), 99_999, 3, "2-3"), "2-20", 90_000)
    assert left(known) == (0, 9_999, 0, (0, 0, 545, 0), 0)


def test_instalments_bear_interest_from_their_due_date_whatever_the_method():
    """Statement of 1 March: 33,333 and 833, never paid: a fee of 1,666.7, and 366.7 for the 22 days from 10 March on."""
    known = converted(bought(book(interest_method="from_posting"), 99_999), 99_999, 3, "2-3")
    assert said(known, "4-1")[0] == 34_166 + 1_667 + 367 + 34_166
    assert (known.money.interest, known.money.late_fees) == (367, 1_667)


def test_what_is_planned_is_part_of_a_loss_and_its_fees_are_not():
    known = converted(bought(bought(book()), 50_000, "1-20", "buy-2"), 50_000, 12, "2-3")
    known.reach(day("8-9"))
    assert known.lost
    assert (known.money.plans, known.money.principal, known.money.plan_fees) == ({}, 173_457, 6 * 366)
    assert left(known)[1] == 0


# Who died


def test_from_the_day_of_death_on_nothing_is_charged():
    """10 to 19 February are 10 days: 123,457 x 10 x 0.0005 = 617.3; the late fee of 11 February stays."""
    known = bought(book())
    assert said(known, "3-1") == (125_630, 25_631)
    died(known, "2-20", "3-5")
    assert left(known) == (PRICE, 0, 0, (1_000, 617, 0, 0), 0)
    known.reach(day("7-31"))
    assert (known.money.interest, known.money.late_fees, known.money.days_late) == (617, 1_000, 171)


@pytest.mark.parametrize(("on", "fees", "interest"), [("2-10", 0, 0), ("2-11", 1_000, 62), ("2-12", 1_000, 123)])
def test_the_day_of_death_bears_no_interest_and_its_late_fee_stays(on, fees, interest):
    known = died(bought(book()), on, "3-5")
    assert left(known) == (PRICE, 0, 0, (fees, interest, 0, 0), 0)


def test_what_was_bought_after_it_never_counted_unless_it_was_authorised_before():
    known = bought(bought(book(), 40_000, "2-12", "after"), 30_000, "2-12", "held")
    known.purchases["held"].authorised = day("2-8")
    died(known, "2-10", "2-20")
    assert left(known) == (0, 30_000, 0, (0, 0, 0, 0), 0)
    known.lives_on()
    assert left(known) == (0, 70_000, 0, (0, 0, 0, 0), 0)


def test_no_plan_fee_is_posted_after_it():
    known = died(converted(bought(book(), 99_999), 99_999, 3, "2-3"), "2-20", "3-10")
    assert left(known) == (33_333, 0, 0, (0, 0, 0, 0), 0)
    assert known.money.to_settle("plan-1", day("3-20")) == 66_666


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


# Loans


def loan(terms=CASH_LOAN, on="1-15", amount=1_000_000, months=12):
    known = Book(day("1-5"), 1, agreement_of(terms))
    known.line.access, known.begins = "open", day("1-5")
    known.money = known.reckoned_from_the_start()
    return drawn(known, on, amount, months)


def drawn(known, on, amount, months, of="loan-1"):
    known.reach(day(on))
    known.plans[of] = lent(day(on), amount, months, known.agreement.annual_rate, known.agreement.schedule)
    known.add(Fact(day(on), "draw", of, amount))
    return known


def prepaid(known, principal, on, of="pay-8"):
    known.reach(day(on))
    amount = known.money.to_prepay("loan-1", principal, day(on))
    known.add(Fact(day(on), "prepayment", of, amount, "loan-1", principal=principal))
    return known


def anew(known, months, on, of="agreement-1"):
    known.reach(day(on))
    owed, whose = known.money.to_agree_on()
    dated = known.agreement.product == "cash_loan"
    known.plans[of] = agreed(day(on), owed, months, Decimal(0), whose, dated=dated)
    known.add(Fact(day(on), "restructuring", of, sum(owed.values())))
    return known


def due(known, of="loan-1"):
    return [(each.due, each.principal, each.interest) for each in known.money.plans[of].instalments]


def test_an_annuity():
    """4.5: 89,975 a month, the last one 89,980."""
    schedule = due(loan())
    assert schedule[0] == (day("2-15"), 77_975, 12_000)
    assert schedule[-1] == (date(2027, 1, 15), 88_913, 1_067)
    assert sum(interest for _, _, interest in schedule) == 79_705
    assert {principal + interest for _, principal, interest in schedule[:-1]} == {89_975}


def test_even_principal_from_the_last_day_of_a_month_and_all_of_it_at_the_end():
    """Case 23; and the month's interest alone."""
    even = due(loan(CASH_LOAN_EVEN, "1-31", months=3))
    assert [(on, principal + interest) for on, principal, interest in even] == [
        (day("2-28"), 344_533),
        (day("3-31"), 341_600),
        (day("4-30"), 337_334),
    ]
    assert [each[1:] for each in due(loan(CASH_LOAN_BULLET, months=3))] == [
        (0, 12_400), (0, 11_200), (1_000_000, 12_400),
    ]  # fmt: skip


def test_an_instalment_is_billed_three_days_before_it_is_due():
    assert said(loan(), "2-12") == (89_975, 89_975)
    known = drawn(loan(), "1-17", 300_000, 3, of="loan-2")
    assert said(known, "2-14") == (192_385, 192_385)
    known.reach(day("2-16"))
    assert [(each.due, each.amount) for each in known.money.demands] == [(day("2-15"), 89_975), (day("2-17"), 102_410)]
    assert (known.money.days_late, known.money.untested) == (1, [day("2-17")])


def test_the_penalty_is_a_running_total():
    """4.5: five payments of 10,001, postings that make 342 with what has run up by 2 March."""
    known = paid(loan(), 12_000, "2-13")
    posted = []
    for number in range(16, 21):
        before = known.money.interest
        paid(known, 10_001, f"2-{number}", of=f"pay-{number}")
        posted.append(known.money.interest - before)
    known.reach(day("3-2"))
    assert (posted, known.money.accrued) == ([47, 41, 34, 29, 23], 168)


@pytest.mark.parametrize(
    ("drawn_on", "paid_on", "on", "payoff"),
    [
        ("1-15", ("2-13", "3-13", "4-13"), "5-2", 776_079),
        ("1-15", (), "1-20", 1_002_000),
        ("1-15", (), "2-13", 1_021_220),
        ("1-15", ("2-13",), "2-14", 931_245),
        ("1-31", ("2-26",), "3-27", 941_940),
        ("1-31", ("2-26",), "3-31", 941_520),
    ],
)
def test_what_it_takes_to_pay_a_loan_off(drawn_on, paid_on, on, payoff):
    """4.6."""
    known = loan(on=drawn_on)
    for number, each in enumerate(paid_on):
        paid(known, 89_975, each, of=f"pay-{number}")
    known.reach(day(on))
    assert known.money.to_settle("loan-1", day(on)) == payoff
    settled(known, on, plan="loan-1")
    assert (known.money.owed, known.money.credit, known.money.plans) == (0, 0, {})


def test_a_part_is_paid_early_and_returned():
    """400,000 with ten days of them, 1,600, and 1 %; the rest is 50,942 on the same dates."""
    known = prepaid(paid(loan(), 89_975, "2-13"), 400_000, "2-25")
    assert known.facts[-1].amount == 405_600
    assert due(known)[0] == (day("3-15"), 44_678, 6_264)
    assert (len(due(known)), known.money.planned, known.money.credit) == (11, 522_025, 0)
    known.reach(day("2-27"))
    known.never_counted("pay-8")
    assert (due(known)[0], known.money.owed) == ((day("3-15"), 78_911, 11_064), 922_025)


def test_a_loan_that_is_never_paid_is_a_loss_after_120_days():
    known = loan()
    known.reach(day("6-15"))
    assert known.lost
    assert known.money.principal == known.money.billed - known.money.billed_charges["interest"] == 1_000_000
    assert known.money.days_late == 120


def test_an_agreement_on_a_line_is_broken_by_a_missed_instalment():
    """123,457, interest of 1,173 and of four days more, a fee: of twelve months the first is missed on 11 April."""
    known = anew(bought(book()), 12, "3-5")
    assert (known.money.owed, known.money.billed, known.money.minimum, known.money.days_late) == (125_877, 0, 0, 0)
    assert known.money.planned_charges == {"fees": 1_000, "interest": 1_420}
    assert said(known, "4-1") == (10_489, 10_489)
    known.reach(day("4-11"))
    assert known.money.billed_charges == {"fees": 1_000, "interest": 1_420}
    assert (known.money.billed, known.money.minimum, known.money.days_late) == (125_877, 125_877, 60)
    assert known.money.new_charges["fees"] == 1_000


def test_an_agreement_on_a_loan_is_kept():
    """Penalty of 655 and 16 days of the second month, 5,901, are carried with the 12,000 that were billed."""
    known = anew(loan(), 2, "3-1")
    assert due(known, "agreement-1") == [(day("4-1"), 500_000, 0), (day("5-1"), 500_000, 0)]
    assert known.money.planned_charges == {"fees": 0, "interest": 18_556}
    assert said(known, "3-29") == (509_278, 509_278)
    paid(known, 509_278, "4-1")
    paid(known, 509_278, "5-1", of="pay-2")
    known.reach(day("5-2"))
    assert (known.money.owed, known.money.anew, known.money.days_late) == (0, None, 0)


def test_what_pays_interest_of_a_later_loan_first_is_in_time():
    """Of the 89,975 paid on 15 February 3,600 are interest due on the 17th: so much principal is due then, and bears nothing."""
    known = paid(drawn(loan(), "1-17", 300_000, 3, of="loan-2"), 89_975, "2-15")
    known.reach(day("2-17"))
    assert (known.money.days_late, known.money.accrued, known.money.minimum) == (0, 0, 102_410)
    paid(known, 102_410, "2-17", of="pay-2")
    known.reach(day("2-20"))
    assert (known.money.billed, known.money.accrued) == (0, 0)
