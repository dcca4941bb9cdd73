"""Snapshots: a cache of the fold that is believed only when its shape is known."""

import pytest

from domain.account import Account
from domain.ledger import Ledger
from domain.slices import Layer, Slice
from domain.snapshot import SHAPE, dump, load
from tests.specification import BASE, advance, advanced, closure_requested, frozen, given, paid, refunded

BUSY = given(
    *BASE,
    advanced(to="2026-03-12"),
    paid(5_000, ref="a"),
    refunded("base", 3_000),
    frozen("customer_request"),
    closure_requested(),
)
# Whoever changes these raises SHAPE; snapshots of the old shape are then ignored instead of misread.
ACCOUNT_FIELDS = (
    "customer_id zone opened_on ledger base facts issued activated_on reported_from version billed_on rules access standing limit "
    "limit_before_closing close_kind autopay autopay_source frozen_since closed_on taken_over last_act_on "
    "noticed death original_charge_off recovered spared_due "
    "purchases refunds payments plans draws payouts disputes holds appeals report_disputes older held"
)
LEDGER_FIELDS = (
    "terms bill_days business_date buckets slices disputes plans layers statement_no untested agreement drawn_on bearing fen_days "
    "earlier_days rate_before coming_terms "
    "principal_fen_days interest_posted charges_posted plan_fees_posted settlement_fees_posted "
    "plan_interest_posted waived charged_off_due layers_charged_off regime died_on loans"
)


def test_a_snapshot_reads_back_as_the_account_it_was():
    read = load(dump(BUSY.account))
    assert read == BUSY.account
    assert list(read.ledger.slices.items()) == list(BUSY.account.ledger.slices.items())
    assert all(type(each) is Slice for each in read.ledger.slices.values())
    assert all(type(each) is Layer for each in read.ledger.layers)


def test_life_goes_on_from_a_snapshot_as_from_the_account():
    onward = given(*BASE)
    onward.account = load(dump(onward.account))
    onward.when(advance(to="2026-06-30"))
    told = given(*BASE).when(advance(to="2026-06-30"))
    assert onward.events == told.events
    assert onward.account == told.account


@pytest.mark.parametrize("shape", [SHAPE - 1, SHAPE + 1, SHAPE * 10])
def test_a_snapshot_of_another_shape_is_ignored(shape):
    head, body = dump(BUSY.account).split(b"\n", 1)
    assert head == str(SHAPE).encode()
    assert load(str(shape).encode() + b"\n" + body) is None


@pytest.mark.parametrize("damage", [b"", b"{}", b"null", b"{", b"\xff"], ids=repr)
def test_a_damaged_snapshot_is_ignored(damage):
    assert load(f"{SHAPE}\n".encode() + damage) is None
    assert load(damage) is None


def test_the_shape_is_the_one_that_its_number_stands_for():
    assert SHAPE == 13
    assert Account.__slots__ == tuple(ACCOUNT_FIELDS.split())
    assert Ledger.__slots__ == tuple(LEDGER_FIELDS.split())
