"""A thumb up or down: one a person and answer, taken back as easily."""

from sqlalchemy import Engine

from core.domain.result import Err, Ok
from core.ids import new_id
from core.services.verdicts import VerdictService
from tests.support.run_rows import keep, run_row


def test_each_person_has_one_word_on_an_answer(engine: Engine):
    run, other = run_row(), run_row()
    keep(engine, run, other)
    verdicts, ids = VerdictService(engine), [run.id, other.id]
    assert verdicts.give(run.id, "ada", is_good=True) == Ok(None)
    verdicts.give(run.id, "bo", is_good=False)
    assert (verdicts.of(ids, "ada"), verdicts.of(ids, "bo")) == ({run.id: True}, {run.id: False})
    verdicts.give(run.id, "ada", is_good=False)
    assert verdicts.of(ids, "ada") == {run.id: False}
    verdicts.give(run.id, "ada", is_good=None)
    assert (verdicts.of(ids, "ada"), verdicts.of(ids, "bo")) == ({}, {run.id: False})


def test_an_answer_that_is_gone_is_said(engine: Engine):
    refused = VerdictService(engine).give(new_id(), "ada", is_good=True)
    assert isinstance(refused, Err)
    assert refused.kind == "not_found"
