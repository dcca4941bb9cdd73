"""Both state machines over their whole space: every trigger in every state, as the rulebook's tables have it."""

from itertools import product

import pytest

from domain.events import PUBLIC_TRANSITIONS, Access, Standing
from domain.lifecycle import (
    _ACCESS,
    _STANDING,
    ACCESS_MACHINE,
    ACCESS_STATES,
    ACCESS_TABLE,
    STANDING_MACHINE,
    STANDING_STATES,
    STANDING_TABLE,
    Impossible,
    headline,
    move_access,
    move_standing,
)
from domain.refusals import Refused

# Written from the rulebook's sections 7 and 6: a state to go to, `none` (accepted, no event), `never` (cannot arise),
# or after a dash the reason of the refusal.
ACCESS = """
trigger                  pending         open            frozen          closing         closed
activate                 open            none            -no_such_move   -no_such_move   -no_such_move
migrate                  open            none            -no_such_move   -no_such_move   -no_such_move
decline                  closed          -no_such_move   -no_such_move   -no_such_move   none
freeze                   -not_activated  frozen          frozen          closing         closed
freeze_by_system         -not_activated  frozen          frozen          closing         none
freeze_again             never           never           none            none            none
lift                     never           never           frozen          closing         closed
lift_last                never           never           open            closing         closed
lift_absent              -not_activated  -not_frozen     -not_frozen     -not_frozen     -not_frozen
request_closure          -not_activated  closed          closed          none            none
request_closure_blocked  -not_activated  closing         closing         none            none
withdraw_closure         -no_such_move   -no_such_move   -no_such_move   open            -account_closed
withdraw_closure_frozen  -no_such_move   -no_such_move   -no_such_move   frozen          -account_closed
obstacles_gone           never           never           never           closed          never
recover                  never           never           closed          closed          none
force_close              -no_such_move   closed          closed          closed          none
reinstate                -no_such_move   -no_such_move   -no_such_move   -no_such_move   open
reinstate_frozen         -no_such_move   -no_such_move   -no_such_move   -no_such_move   frozen
"""
STANDING = """
trigger         clear    billed   paid     overdue  charged_off
issue           billed   billed   billed   overdue  never
settle          never    paid     none     never    never
miss            never    overdue  never    overdue  none
cure            never    none     none     billed   none
convert_away            -nothing_billed   clear             -nothing_billed   -overdue          -charged_off
restructure             -nothing_billed   billed            -nothing_billed   billed            -charged_off
write_off_by_dpd        never             never             never             charged_off       none
write_off               charged_off       charged_off       charged_off       charged_off       none
recover                 never             never             never             never             paid
undo_write_off          -not_charged_off  -not_charged_off  -not_charged_off  -not_charged_off  clear
undo_write_off_billed   -not_charged_off  -not_charged_off  -not_charged_off  -not_charged_off  billed
undo_write_off_overdue  -not_charged_off  -not_charged_off  -not_charged_off  -not_charged_off  overdue
reopen                  billed            none              billed            none              none
reopen_charged_off      never             never             charged_off       never             none
reopen_overdue          overdue           overdue           overdue           none              none
"""
HEADLINE = """
access   clear      billed   paid    overdue  charged_off
pending  pending    billed   paid    overdue  overdue
open     activated  billed   paid    overdue  overdue
frozen   frozen     frozen   frozen  frozen   frozen
closing  frozen     frozen   frozen  frozen   frozen
closed   closed     closed   closed  closed   closed
"""


def read(table):
    """The cells of a written table: (row, column) -> cell."""
    head, *rows = (line.split() for line in table.strip().splitlines())
    return {(row[0], column): cell for row in rows for column, cell in zip(head[1:], row[1:], strict=True)}


def outcome(move, trigger, state):
    """What a move answers, in the words of the written tables."""
    try:
        return move(trigger, state) or "none"
    except Impossible:
        return "never"
    except Refused as refused:
        return f"-{refused.reason}"


SPACES = [
    pytest.param(ACCESS, move_access, ACCESS_TABLE, ACCESS_STATES, id="access"),
    pytest.param(STANDING, move_standing, STANDING_TABLE, STANDING_STATES, id="standing"),
]


@pytest.mark.parametrize(("trigger", "state"), read(ACCESS))
def test_access_moves_exactly_as_the_rulebook_has_it(trigger, state):
    assert outcome(move_access, trigger, state) == read(ACCESS)[trigger, state]


@pytest.mark.parametrize(("trigger", "state"), read(STANDING))
def test_standing_moves_exactly_as_the_rulebook_has_it(trigger, state):
    assert outcome(move_standing, trigger, state) == read(STANDING)[trigger, state]


@pytest.mark.parametrize(("written", "move", "declared", "states"), SPACES)
def test_the_written_tables_cover_the_whole_space(written, move, declared, states):
    assert read(written).keys() == set(product([row.trigger for row in declared], states))


@pytest.mark.parametrize(
    ("machine", "table", "answers"),
    [(ACCESS_MACHINE, ACCESS_TABLE, _ACCESS), (STANDING_MACHINE, STANDING_TABLE, _STANDING)],
    ids=["access", "standing"],
)
def test_the_lookup_answers_as_the_machine_does_over_the_whole_space(machine, table, answers):
    states = list(machine.states)
    assert answers.keys() == set(product([row.trigger for row in table], states))
    for trigger, state in answers:
        destinations = [each.dest for each in machine.get_transitions(trigger, state)]
        assert destinations == ([answers[trigger, state]] if answers[trigger, state] in states else [])


@pytest.mark.parametrize(("machine", "table"), [(ACCESS_MACHINE, ACCESS_TABLE), (STANDING_MACHINE, STANDING_TABLE)])
def test_a_model_that_is_really_driven_lands_where_the_lookup_says(machine, table):
    class Model:
        state: str

    for row in table:
        for source, dest in zip(machine.states, row.outcomes, strict=True):
            if dest in machine.states:
                model = Model()
                machine.add_model(model, initial=source)
                try:
                    assert model.trigger(row.trigger)  # type: ignore[attr-defined] # given by the machine
                    assert model.state == dest
                finally:
                    machine.remove_model(model)
    assert not machine.models


@pytest.mark.parametrize(("access", "standing"), read(HEADLINE))
def test_the_headline_is_the_first_word_that_holds(access: Access, standing: Standing):
    assert headline(access, standing) == read(HEADLINE)[access, standing]


def test_a_refused_move_says_in_which_state_it_was_refused():
    with pytest.raises(Refused) as refused:
        move_access("withdraw_closure", "closed")
    assert (refused.value.reason, refused.value.numbers) == ("account_closed", {"access": "closed"})


def test_every_state_is_reached_and_every_row_says_what_it_means():
    reached = set(read(ACCESS).values()) & set(ACCESS_STATES)
    assert reached == set(ACCESS_STATES) - {"pending"}
    assert all(row.meaning for row in ACCESS_TABLE + STANDING_TABLE)


def test_the_six_public_transitions_are_the_six_words_of_the_brief():
    assert [each.TYPE.removeprefix("account.") for each in PUBLIC_TRANSITIONS] == [
        "activated", "billed", "paid", "overdue", "frozen", "closed",
    ]  # fmt: skip
