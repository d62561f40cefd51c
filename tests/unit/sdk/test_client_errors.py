"""Problems become errors that say everything and can be carried to another process."""

from __future__ import annotations

import copy
import pickle

import msgspec
import pytest

from actitud import (
    ActitudError,
    ApiProblem,
    ConnectionFailed,
    FieldError,
    InvalidRequest,
    NoAnswer,
    NotFound,
    NotModified,
    Problem,
    RequestRefused,
    Score,
    ScoreHasErrors,
    ServiceFailed,
    TimedOut,
    UnexpectedResponse,
    Unverifiable,
)
from actitud.errors import PROBLEM_TYPES
from tests.unit.sdk.support import Answers, Mode, fetched, finding, problem, score, using


def failure(mode: Mode, status: int, slug: str, **members: object) -> ApiProblem:
    with pytest.raises(ApiProblem) as caught:
        fetched(using(mode, Answers(problem(status, slug, **members)), max_retries=0))
    return caught.value


@pytest.mark.parametrize(("slug", "kind"), PROBLEM_TYPES.items())
def test_each_type_of_problem_has_its_class(mode: Mode, slug: str, kind: type[ApiProblem]) -> None:
    assert type(failure(mode, 418, slug)) is kind
    assert type(failure(mode, 418, f"https://example.org/problems/{slug}")) is kind


@pytest.mark.parametrize(
    ("status", "kind"), [(401, RequestRefused), (499, RequestRefused), (500, ServiceFailed), (503, ServiceFailed)]
)
def test_an_unknown_type_falls_back_to_the_class_of_its_status(mode: Mode, status: int, kind: type[ApiProblem]) -> None:
    assert type(failure(mode, status, "something-new")) is kind


def test_all_field_errors_are_there_at_once(mode: Mode) -> None:
    errors = [
        {
            "pointer": "/answers/D1.01/numerator",
            "rule": "type",
            "value": '"5"',
            "detail": "Expected a number.",
            "suggestion": None,
        },
        {
            "pointer": "/answers/D1.1",
            "rule": "additionalProperties",
            "value": "{}",
            "detail": "Unknown indicator.",
            "suggestion": "D1.01",
        },
    ]
    error = failure(mode, 400, "invalid-request", request_id="r-1", errors=errors)
    assert isinstance(error, InvalidRequest)
    assert [one.pointer for one in error.errors] == ["/answers/D1.01/numerator", "/answers/D1.1"]
    assert error.errors[1].suggestion == "D1.01"
    assert str(error) == (
        "Title: Detail [request r-1]\n"
        "  /answers/D1.01/numerator: Expected a number.\n"
        "  /answers/D1.1: Unknown indicator. (did you mean 'D1.01'?)"
    )


def test_a_suggestion_that_the_detail_states_is_not_asked_again() -> None:
    """Of a list of values the detail states all, so the nearest one is still a help."""
    counted = FieldError(pointer="", rule="unsettled", detail="Assessments in hearing: 2.", suggestion="2")
    listed = FieldError(
        pointer="/verdict",
        rule="enum",
        detail="Must be one of: accepted, stale.",
        suggestion="accepted",
        allowed=("accepted", "stale"),
    )
    assert str(counted) == "/: Assessments in hearing: 2."
    assert str(listed) == "/verdict: Must be one of: accepted, stale. (did you mean 'accepted'?)"


def test_an_error_without_a_place_does_not_say_the_sentence_of_the_problem_again(mode: Mode) -> None:
    state = {"pointer": "", "rule": "state", "value": "draft", "detail": "Detail", "suggestion": None}
    assert str(failure(mode, 409, "conflict", errors=[state])) == "Title: Detail"
    other = {**state, "detail": "Another sentence."}
    assert str(failure(mode, 409, "conflict", errors=[state, other])) == "Title: Detail\n  /: Another sentence."


def test_a_bare_problem_still_reads_well(mode: Mode) -> None:
    error = failure(mode, 404, "not-found", title="", detail=None)
    assert str(error) == "status 404"
    assert str(failure(mode, 404, "not-found", title="Gone", detail="Gone")) == "Gone"


FIELD = FieldError(pointer="", rule="required")
PROBLEM = Problem(type="/problems/not-found", title="Not found", errors=(FIELD,))
SCORE = msgspec.convert(score(finding("error")), Score)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionFailed("GET /v1/x: refused"),
        TimedOut("GET /v1/x: slow", sent=False),
        UnexpectedResponse("odd", 502, "r-1"),
        ScoreHasErrors(SCORE),
        Unverifiable({"es": "no es nada", "en": "it is nothing"}),
        Unverifiable({"es": "no es nada", "en": "it is nothing"}, "ledger"),
        Unverifiable({"es": "no es nada", "en": "it is nothing"}, "checkpoint"),
        NotModified('"one"'),
        NotFound(PROBLEM, 404, "r-2", 3.0),
        *(kind(PROBLEM, 400) for kind in PROBLEM_TYPES.values()),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling_and_copying(error: ActitudError) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)


def test_one_root_catches_everything() -> None:
    kinds = {ConnectionFailed, TimedOut, UnexpectedResponse, ScoreHasErrors, *PROBLEM_TYPES.values()}
    assert all(issubclass(kind, ActitudError) for kind in kinds)
    assert {kind for kind in kinds if issubclass(kind, NoAnswer)} == {ConnectionFailed, TimedOut}
    assert str(FIELD) == "/: required"
