"""Jobs are done step by step: nothing of them is lost and nothing done twice, whoever takes them up; both databases."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth import service as access
from actitud_api.platform.auth.queries import KEYS
from actitud_api.platform.http.problems import CONFLICT, UNAVAILABLE, Fault, ProblemError
from actitud_api.platform.jobs import queries, runner, service
from actitud_api.platform.jobs.queries import JOBS
from actitud_api.platform.jobs.runner import JobInterrupted, JobRun, LeaseLost
from actitud_api.platform.storage.database import Database, Unavailable, read_clock
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.suggestions.queries import SUGGESTIONS
from tests.support.databases import Kind, opened
from tests.support.toy_jobs import LEASE, Counting, build_runner, count, enqueue, read
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.serving


class Killed(BaseException):
    """Stands for the end of the process: no code of the runner catches it."""


def counted(database: Database) -> list[int]:
    """The numbers that were counted, by what the steps left."""
    with database.read() as session:
        return sorted(int(title) for title in session.execute(select(SUGGESTIONS.c.title)).scalars())


def change(database: Database, job: int, **values: Any) -> None:
    with database.write() as session:
        session.execute(update(JOBS).where(JOBS.c.id == job).values(values))


def expire(database: Database, job: int) -> None:
    """Lets the lease of a job be over."""
    change(database, job, lease_expires=datetime.now(UTC) - timedelta(seconds=1))


def kill_at(number: int) -> Any:
    def run(job: JobRun[Counting]) -> object:
        def kill(until: int) -> None:
            if until == number:
                raise Killed

        return count(job, within=kill)

    return run


@pytest.mark.both_databases
def test_a_job_is_done_in_steps_with_a_result_for_each_subject(database: Database) -> None:
    job = enqueue(database, to=5, by=2)
    assert build_runner(database).run_due() == 1
    status = read(database, job.id)
    record = status.record
    assert (record.state, record.done, record.total, record.attempts) == ("succeeded", 5, 5, 0)
    assert (record.result, record.cursor, record.problem) == ({"last": 5}, {"after": 5}, None)
    assert status.outcomes == {"even": 2, "odd": 3}
    assert counted(database) == [1, 2, 3, 4, 5]
    assert record.started is not None
    assert record.finished is not None
    assert record.created <= record.started <= record.finished
    assert record.lease is None
    with database.read() as session:
        items = queries.list_items(session, job.id, None, PageRange(limit=10))
    assert [(item.position, item.subject, item.detail) for item in items] == [
        (number, f"XX-T-{number}", {"number": number}) for number in range(1, 6)
    ]
    assert build_runner(database).run_due() == 0


def enqueue_and_fail(database: Database) -> None:
    with database.write() as session:
        service.enqueue_job(session, kind="toys.count", parameters=Counting(3), principal=None)
        raise Killed


def test_it_is_asked_for_only_if_the_session_commits(database: Database) -> None:
    with pytest.raises(Killed):
        enqueue_and_fail(database)
    assert build_runner(database).run_due() == 0


def test_jobs_are_taken_in_order_of_arrival_and_only_by_who_knows_their_kind(database: Database) -> None:
    jobs = [enqueue(database, to=number) for number in (1, 2)]
    order: list[int] = []
    other = runner.JobRunner(database, [runner.JobTask("others", Counting, count)])
    assert other.run_due() == 0
    build_runner(database, lambda job: order.append(job.id)).run_due()
    assert order == [job.id for job in jobs]


def test_a_job_waits_for_its_time(database: Database) -> None:
    with database.write() as session:
        later = datetime.now(UTC) + timedelta(hours=1)
        job = service.enqueue_job(session, kind="toys.count", parameters=Counting(1), principal=None, run_after=later)
    assert build_runner(database).run_due() == 0
    change(database, job.id, run_after=datetime.now(UTC))
    assert build_runner(database).run_due() == 1


@pytest.mark.both_databases
@pytest.mark.parametrize("number", [1, 3, 5])
def test_who_takes_up_the_job_of_a_killed_worker_goes_on_after_its_last_step(database: Database, number: int) -> None:
    job = enqueue(database)
    with pytest.raises(Killed):
        build_runner(database, kill_at(number)).run_due()
    assert counted(database) == list(range(1, number))
    assert build_runner(database).run_due() == 0, "its lease is not over"
    expire(database, job.id)
    assert build_runner(database).run_due() == 1
    status = read(database, job.id)
    assert status.record.state == "succeeded"
    assert status.outcomes == {"even": 2, "odd": 3}
    assert counted(database) == [1, 2, 3, 4, 5]


def test_the_process_that_serves_a_file_takes_up_what_one_before_it_left(database: Database) -> None:
    job = enqueue(database)
    with pytest.raises(Killed):
        build_runner(database, kill_at(2), owner="service").run_due()
    done = threading.Event()

    def finish(job: JobRun[Counting]) -> None:
        job.finish(count(job))
        done.set()

    successor = build_runner(database, finish, owner="service")
    successor.start()
    assert done.wait(PATIENCE)
    successor.stop()
    assert read(database, job.id).record.state == "succeeded"
    assert counted(database) == [1, 2, 3, 4, 5]


@pytest.mark.both_databases
def test_a_worker_that_has_lost_its_lease_stores_nothing_more(database: Database, kind: Kind) -> None:
    job = enqueue(database)
    raised: list[Exception] = []

    def lose(until: int) -> None:
        # Beside the open step, its run is taken for dead, and another one has the job. A file has one writer, so there
        # it happens between two steps.
        if until == (2 if kind == "sqlite" else 3):
            change(database, job.id, lease="another", lease_expires=datetime.now(UTC) + LEASE)

    def run(job: JobRun[Counting]) -> object:
        try:
            return count(job, within=lose) if kind == "postgresql" else count(job, between=lose)
        except LeaseLost as error:
            raised.append(error)
            raise

    build_runner(database, run).run_due()
    assert len(raised) == 1
    assert counted(database) == [1, 2]
    assert read(database, job.id).record.lease == "another"
    expire(database, job.id)
    build_runner(database).run_due()
    assert counted(database) == [1, 2, 3, 4, 5]


@pytest.mark.both_databases
def test_who_takes_a_job_twice_at_once_has_it_once(url: str, database: Database) -> None:
    """Several workers, each with a database of its own as another process has it."""
    jobs = [enqueue(database, to=3) for _ in range(12)]
    together = threading.Barrier(3)

    def work() -> None:
        with opened(url) as own:
            together.wait(PATIENCE)
            build_runner(own).run_due()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {read(database, job.id).record.state for job in jobs} == {"succeeded"}
    assert counted(database) == sorted([1, 2, 3] * len(jobs))


def test_the_heartbeat_keeps_a_lease_and_tells_who_has_lost_it(database: Database) -> None:
    job = enqueue(database, to=1)
    seen: list[object] = []

    def run(run: JobRun[Counting]) -> None:
        expire(database, job.id)
        busy.extend_leases()
        seen.append(build_runner(database).run_due())
        change(database, job.id, lease="another")
        busy.extend_leases()
        with pytest.raises(LeaseLost):
            run.check()

    busy = build_runner(database, run)
    busy.run_due()
    assert seen == [0], "its lease was extended"
    record = read(database, job.id).record
    assert (record.state, record.lease) == ("running", "another")


# --- the end ----------------------------------------------------------------------------------------------------


def cancel(database: Database, job: int) -> None:
    with database.write() as session:
        assert queries.request_cancellation(session, job, datetime.now(UTC)) is not None


def test_a_job_that_has_not_begun_is_cancelled_at_once(database: Database) -> None:
    job = enqueue(database)
    cancel(database, job.id)
    record = read(database, job.id).record
    assert (record.state, record.cancel_requested, record.done) == ("cancelled", True, 0)
    assert record.finished is not None
    assert build_runner(database).run_due() == 0


@pytest.mark.both_databases
def test_a_job_that_runs_is_cancelled_before_its_next_step_and_says_how_far_it_got(database: Database) -> None:
    job = enqueue(database)

    def run(job: JobRun[Counting]) -> object:
        for number in (1, 2):
            with job.step() as step:
                step.record(f"XX-T-{number}", "odd" if number % 2 else "even")
                step.advance(done=number, total=5)
        cancel(database, job.id)
        return count(job)

    build_runner(database, run).run_due()
    status = read(database, job.id)
    assert (status.record.state, status.record.done, status.record.total) == ("cancelled", 2, 5)
    assert status.outcomes == {"even": 1, "odd": 1}
    assert counted(database) == []


def test_a_long_computation_notices_that_it_is_cancelled(database: Database) -> None:
    job = enqueue(database)
    reached: list[int] = []

    def run(run: JobRun[Counting]) -> None:
        for number in range(1, 4):
            run._report_at = 0.0  # as if half a second had passed
            run.report(done=number, total=9)
            reached.append(number)
            cancel(database, job.id) if number == 2 else None

    build_runner(database, run).run_due()
    assert reached == [1, 2]
    record = read(database, job.id).record
    assert (record.state, record.done, record.total) == ("cancelled", 2, 9)


def test_a_job_of_a_dead_worker_can_be_cancelled(database: Database) -> None:
    job = enqueue(database)
    with pytest.raises(Killed):
        build_runner(database, kill_at(3)).run_due()
    cancel(database, job.id)
    expire(database, job.id)
    build_runner(database).run_due()
    assert read(database, job.id).record.state == "cancelled"
    assert counted(database) == [1, 2]


@pytest.mark.both_databases
def test_what_was_asked_for_is_kept_only_until_the_job_has_ended(database: Database) -> None:
    """It may quote what people wrote, which an erasure does not look for there."""
    done, failed, cancelled, abandoned = jobs = [enqueue(database) for _ in range(4)]
    cancel(database, cancelled.id)
    with database.write() as session:
        service.abandon_job(session, abandoned.id)

    def run(job: JobRun[Counting]) -> object:
        if job.id == failed.id:
            raise ProblemError(CONFLICT, Texts("Así no.", "Not like this."))
        return count(job)

    assert [read(database, job.id).record.parameters for job in (done, failed)] == [{"to": 5, "by": 1}] * 2
    build_runner(database, run).run_due()
    ended = [read(database, job.id).record for job in jobs]
    assert [record.state for record in ended] == ["succeeded", "failed", "cancelled", "cancelled"]
    assert [record.parameters for record in ended] == [{}] * 4


def test_a_problem_fails_a_job_in_both_languages_and_without_another_try(database: Database) -> None:
    fault = Fault("/to", "odd", "5", Texts("Es impar.", "It is odd."))

    def refuse(_job: JobRun[Counting]) -> None:
        raise ProblemError(CONFLICT, Texts("Así no.", "Not like this."), [fault])

    job = enqueue(database)
    build_runner(database, refuse).run_due()
    record = read(database, job.id).record
    assert (record.state, record.attempts) == ("failed", 1)
    assert record.problem is not None
    assert (record.problem.type, record.problem.status) == ("/problems/conflict", 409)
    assert record.problem.detail == {"es": "Así no.", "en": "Not like this."}
    assert [(one.pointer, one.rule, one.value, one.detail["es"]) for one in record.problem.faults] == [
        ("/to", "odd", "5", "Es impar.")
    ]


def run_until_final(database: Database, job: int, run: Any) -> int:
    """How often a job ran until it had ended, each pause left out."""
    runs = 0
    while not read(database, job).record.is_final:
        change(database, job, run_after=datetime.now(UTC))
        runs += build_runner(database, run).run_due()
    return runs


def test_an_exception_that_nobody_expects_is_tried_again_and_tells_no_internals(database: Database) -> None:
    def fail(_job: JobRun[Counting]) -> None:
        raise RuntimeError("secret of the house")

    job = enqueue(database)
    assert run_until_final(database, job.id, fail) == 3
    problem = read(database, job.id).record.problem
    assert problem is not None
    assert problem.type == "/problems/internal-error"
    assert "secret" not in str(problem)


@pytest.mark.parametrize("error", [Unavailable("gone"), ProblemError(UNAVAILABLE, UNAVAILABLE.description)])
def test_what_is_unavailable_is_tried_again_for_longer(database: Database, error: Exception) -> None:
    def fail(_job: JobRun[Counting]) -> None:
        raise error

    job, before = enqueue(database), datetime.now(UTC)
    build_runner(database, fail).run_due()
    first = read(database, job.id).record
    assert first.state == "queued"
    assert before < first.run_after <= datetime.now(UTC) + timedelta(seconds=1)
    assert run_until_final(database, job.id, fail) == 9
    assert read(database, job.id).record.state == "failed"


def test_each_committed_step_begins_a_new_count_of_tries(database: Database) -> None:
    def fail_often(job: JobRun[Counting]) -> object:
        with job.step() as step:
            step.advance(done=job.done + 1)
        if job.done < 9:
            raise RuntimeError
        return None

    job = enqueue(database)
    assert run_until_final(database, job.id, fail_often) == 9
    assert read(database, job.id).record.state == "succeeded"


def test_a_job_that_ends_its_process_each_time_fails(database: Database) -> None:
    job = enqueue(database)
    for _ in range(10):
        with pytest.raises(Killed):
            build_runner(database, kill_at(1)).run_due()
        expire(database, job.id)
    build_runner(database).run_due()
    record = read(database, job.id).record
    assert record.state == "failed"
    assert record.problem is not None
    assert record.problem.detail["en"].startswith("The job ends the process")


def test_a_step_that_finishes_the_job_does_so_with_what_it_stores(database: Database) -> None:
    def run(job: JobRun[Counting]) -> None:
        with job.step() as step:
            step.record("XX-T-1", "odd")
            step.advance(done=1, total=1)
            step.finish({"made": "/v1/things/1"})
        assert job.is_finished
        raise Killed

    job = enqueue(database)
    with pytest.raises(Killed):
        build_runner(database, run).run_due()
    record = read(database, job.id).record
    assert (record.state, record.result, record.lease) == ("succeeded", {"made": "/v1/things/1"}, None)
    assert build_runner(database).run_due() == 0


def test_parameters_that_no_longer_fit_fail_the_job(database: Database) -> None:
    job = enqueue(database)
    change(database, job.id, parameters={"until": "five"})
    build_runner(database).run_due()
    record = read(database, job.id).record
    assert record.state == "failed"
    assert record.problem is not None
    assert record.problem.status == 409


def test_the_jobs_of_a_revoked_key_do_not_run(database: Database) -> None:
    now = datetime.now(UTC)
    with database.write() as session:
        made = access.create_key(session, (), role="publisher", days=1, now=now).record
    principal = access.Principal(made.id, made.role, made.origin)
    job, kept = enqueue(database, principal=principal), enqueue(database, to=0)
    with database.write() as session:
        session.execute(update(KEYS).where(KEYS.c.id == made.id).values(revoked=now))
    build_runner(database).run_due()
    record = read(database, job.id).record
    assert (record.state, record.problem and record.problem.status) == ("failed", 403)
    assert read(database, kept.id).record.state == "succeeded"


def test_a_runner_that_stops_ends_before_the_next_step_and_the_next_one_goes_on(database: Database) -> None:
    job = enqueue(database)

    def run(job: JobRun[Counting]) -> object:
        with job.step() as step:
            step.advance(done=2, total=5)
        stopped.give_up()
        with pytest.raises(JobInterrupted):
            job.check()
        return count(job)

    stopped = build_runner(database, run)
    stopped.run_next()
    record = read(database, job.id).record
    assert (record.state, record.done, record.lease, record.attempts) == ("queued", 2, None, 0)
    assert build_runner(database).run_due() == 1
    assert counted(database) == [3, 4, 5]


# --- clocks -----------------------------------------------------------------------------------------------------


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves the clock by which jobs are judged."""
    offset = [timedelta()]

    def read_moved(session: Any) -> datetime:
        return read_clock(session) + offset[0]

    for module in (runner, service):
        monkeypatch.setattr(module, "read_clock", read_moved)
    return lambda by: offset.__setitem__(0, by)


def test_a_clock_that_is_set_back_keeps_no_job_waiting(database: Database, moved: Any) -> None:
    moved(timedelta(days=365))
    waiting, dead = enqueue(database, to=1), enqueue(database, to=1)
    with pytest.raises(Killed):
        build_runner(database, kill_at(1)).run_next(dead.id)
    moved(timedelta())
    assert build_runner(database).run_due() == 2
    for job in (waiting, dead):
        status = read(database, job.id)
        assert status.record.state == "succeeded"
        assert status.rate is None or status.rate > 0


@pytest.mark.both_databases
def test_a_clock_that_is_set_forward_does_nothing_twice(database: Database, moved: Any) -> None:
    """The lease seems to be over while its worker goes on: another takes the job, and the first one stores no more."""
    job = enqueue(database)

    def run(job: JobRun[Counting]) -> object:
        with job.step() as step:
            step.advance(done=2, total=5)
        moved(timedelta(days=1))
        assert build_runner(database).run_due() == 1
        return count(job)

    build_runner(database, run).run_next()
    assert read(database, job.id).record.state == "succeeded"
    assert counted(database) == [3, 4, 5]


def test_old_jobs_are_forgotten_with_their_results(database: Database) -> None:
    old, new = enqueue(database), enqueue(database)
    build_runner(database).run_due()
    queued = enqueue(database)
    for job in (old, queued):
        change(database, job.id, created=datetime.now(UTC) - timedelta(days=91))
    change(database, old.id, finished=datetime.now(UTC) - timedelta(days=91))
    assert service.forget_old_jobs(database) == 1
    with database.read() as session:
        assert queries.get_job(session, old.id) is None
        assert queries.count_outcomes(session, [old.id, new.id]) == {new.id: {"even": 2, "odd": 3}}
        assert queries.get_job(session, queued.id) is not None
