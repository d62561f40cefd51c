"""The documents to the byte: canonical, and the same wherever they are made."""

from __future__ import annotations

import gzip
import json
import zlib
from datetime import UTC, datetime
from itertools import islice

import msgspec
import pytest
import rfc8785

from actitud_api.demo.simulator import simulate
from actitud_api.engine.i18n import WRITTEN
from actitud_api.engine.methodology.digests import canonicalize, hash_bytes
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.narration.narrated import narrate
from actitud_api.engine.scoring.explain import explain, explain_evaluation
from actitud_api.engine.scoring.result import Score
from actitud_api.platform.audit_log.signing import Jws
from actitud_api.resources.publications import documents
from actitud_api.resources.publications.documents import (
    BundleKey,
    PublishedOrganisation,
    ScoreLine,
    build_header,
    build_score_document,
    count_scores,
    digest_score,
    pack_document,
    pack_line,
    parse_score,
    rank_scores,
    unpack_line,
)
from actitud_api.resources.reviews.replies.service import CountedReply, CountedVerdict, OverallRemark, ReviewOutcome
from tests.support.publishing import BARE, BIG, EDITION, METHODOLOGY, SMALL, submissions

DESCRIBED = {
    BIG: PublishedOrganisation(
        id=BIG, name="Ávila", kind="MUN", population=57_000, band="P4", province="05", region="07", simulated=False
    ),
    SMALL: PublishedOrganisation(
        id=SMALL,
        name="Ministerio de 𝔐uestras",
        kind="MIN",
        population=None,
        band="E5",
        province=None,
        region=None,
        simulated=False,
    ),
    BARE: PublishedOrganisation(
        id=BARE, name='La "Nada"', kind="UNI", population=None, band="E3", province=None, region=None, simulated=False
    ),
}


REVIEW = ReviewOutcome(
    state="final",
    overall=OverallRemark(max_level=3, reason="Dos cuentas sin titular.", at=datetime(2027, 4, 2, 9, 30, tzinfo=UTC)),
    verdicts=(
        CountedVerdict(
            indicator="D1.01",
            verdict="capped",
            level=1,
            reason="No se ve.",
            rule="V21",
            at=datetime(2027, 4, 1, 8, tzinfo=UTC),
        ),
    ),
    replies=(
        CountedReply(indicator="D1.01", text="Sí se ve: «aquí».", at=datetime(2027, 5, 3, 10, 0, 0, 5, tzinfo=UTC)),
    ),
)
PUBLISHED = {
    BIG: "sha256:4b0a941cfca5b66ed73cbb30eb9f21d53ef27b42cb1bb6108f7a02ed8da9292c",
    SMALL: "sha256:2b8a510b435c5243e1f6b3f9882dba96ac3ca98fc0dd04e46b0cc11306aabf18",
    BARE: "sha256:5715f5f8496526b78a77401b0a91f8583307d85ac128dcca28d07032dfae1716",
}
"""The digests of these documents where nobody has reviewed anything; a change of them changes what was published."""
REVIEWED = "sha256:32c7bc2e223b0e095a9cc0c93512f05d742a2eb3af37376fed4acedbd8a8bb4f"
"""That of the first one with the review above."""
NOTHING = ReviewOutcome(state="final", overall=None, verdicts=(), replies=())
SAID = {
    "state": "final",
    "overall": {"max_level": 3, "reason": "Dos cuentas sin titular.", "at": "2027-04-02T09:30:00Z"},
    "verdicts": [
        {
            "indicator": "D1.01",
            "verdict": "capped",
            "level": 1,
            "reason": "No se ve.",
            "rule": "V21",
            "at": "2027-04-01T08:00:00Z",
        }
    ],
    "replies": [{"indicator": "D1.01", "text": "Sí se ve: «aquí».", "at": "2027-05-03T10:00:00.000005Z"}],
}

UNSAID: dict[str, object] = {"state": "final", "overall": None, "verdicts": [], "replies": []}


def made(name: str, review: ReviewOutcome = NOTHING) -> documents.ScoreDocument:
    sent = submissions()[name]
    return build_score_document(EDITION, DESCRIBED[name], sent, explain(METHODOLOGY, sent), review)


@pytest.mark.parametrize(("review", "said"), [(REVIEW, SAID), (NOTHING, UNSAID)])
def test_it_says_what_its_review_came_to_and_else_the_same(review: ReviewOutcome, said: dict[str, object]) -> None:
    form = pack_document(made(BIG, review))
    told = json.loads(form.text)
    assert told == {**json.loads(pack_document(made(BIG)).text), "review": said}
    assert rfc8785.dumps(told) == form.text
    assert parse_score(form.text) == made(BIG, review)


def test_it_has_the_digest_that_it_always_had() -> None:
    assert {name: pack_document(made(name)).digest for name in PUBLISHED} == PUBLISHED
    assert pack_document(made(BIG, REVIEW)).digest == REVIEWED


@pytest.mark.parametrize("broken", ["format", "review"])
def test_what_is_of_another_format_or_lacks_its_review_is_not_read(broken: str) -> None:
    told = json.loads(pack_document(made(BIG, REVIEW)).text)
    other = {name: member for name, member in told.items() if name != broken}
    with pytest.raises(msgspec.ValidationError):
        parse_score(rfc8785.dumps(other | ({"format": 2} if broken == "format" else {})))


@pytest.mark.parametrize("name", PUBLISHED)
def test_its_bytes_are_the_canonical_form_of_what_they_say(name: str) -> None:
    text = pack_document(made(name)).text
    assert rfc8785.dumps(json.loads(text)) == text
    assert canonicalize(parse_score(text)) == text


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_digest_of_its_score_is_that_of_the_score_alone(name: str) -> None:
    text = pack_document(made(name, REVIEW)).text
    assert digest_score(text) == hash_bytes(rfc8785.dumps(json.loads(text)["score"]))


def test_it_says_who_what_and_how_and_nothing_that_a_correction_of_others_would_change() -> None:
    told = json.loads(pack_document(made(BIG)).text)
    assert set(told) == {"kind", "format", "edition", "organisation", "submission", "score", "review"}
    assert (told["kind"], told["format"], told["edition"]) == ("score", 1, "2026")
    assert told["organisation"]["name"] == "Ávila"
    assert told["submission"]["answers"]["D1.01"] == {"numerator": 160, "denominator": 320}
    assert told["score"]["index"] == 44.03
    assert set(told["submission"]) == {
        "profile",
        "answers",
        "self_declared",
        "profile_self_declared",
        "set_aside",
        "level_caps",
        "max_level",
    }


def test_whole_numbers_are_written_alike_however_they_were_sent() -> None:
    sent = submissions()[BIG]
    floats = msgspec.structs.replace(
        sent, answers={**sent.answers, "D1.01": {"numerator": 160.0, "denominator": 320.0}}
    )
    document = build_score_document(EDITION, DESCRIBED[BIG], floats, explain(METHODOLOGY, sent), NOTHING)
    assert pack_document(document).digest == PUBLISHED[BIG]


def _listed(organisation: str, index: float | None, status: str = "complete", level: int | None = 1) -> ScoreLine:
    line = {"organisation": organisation, "document": "", "status": status, "level": level, "index": index}
    return msgspec.convert({**line, "rank": None}, ScoreLine)


def test_ties_share_the_best_rank_and_the_next_is_skipped() -> None:
    lines = rank_scores(
        [
            _listed("e", 10, "insufficient_evidence", None),
            _listed("d", 50.5, level=2),
            _listed("Z", 95),
            _listed("c", 90, "sufficient", 4),
            _listed("a", 50.5, "sufficient", 2),
            _listed("b", None, "not_rateable", None),
        ]
    )
    assert [(line.organisation, line.rank) for line in lines] == [
        ("Z", 4),
        ("a", 2),
        ("b", None),
        ("c", 1),
        ("d", 2),
        ("e", None),
    ]
    told = count_scores(lines)
    assert (told.organisations, told.ranked) == (6, 4)
    assert told.statuses == {"complete": 2, "sufficient": 2, "insufficient_evidence": 1, "not_rateable": 1}
    assert told.levels == {"none": 2, "1": 1, "2": 2, "4": 1}


def test_what_only_estimates_has_no_rank() -> None:
    provisional = msgspec.structs.replace(_listed("a", 90), standing="provisional")
    lines = rank_scores([provisional, _listed("b", 50)])
    assert [(line.organisation, line.rank) for line in lines] == [("a", None), ("b", 1)]
    assert count_scores(lines).ranked == 1


def test_members_one_after_another_are_a_gzip_file_of_their_lines() -> None:
    assert gzip.decompress(pack_line(b"one") + pack_line(b"two")) == b"one\ntwo\n"
    assert pack_line(b"one")[4:8] == bytes(4), "no time, so that it is always the same"
    assert unpack_line(pack_line("dos\\ñ".encode())) == "dos\\ñ".encode()
    with pytest.raises(zlib.error):
        unpack_line(b"one")


def test_a_bundle_begins_with_who_signed_and_with_which_keys() -> None:
    form = pack_document(made(BIG))
    keys = [
        BundleKey(x="b", kid="two", created=datetime(2026, 1, 1, tzinfo=UTC)),
        BundleKey(
            x="a",
            kid="one",
            created=datetime(2025, 1, 1, tzinfo=UTC),
            retired=datetime(2026, 1, 1, 1, 2, 3, 4000, tzinfo=UTC),
        ),
    ]
    assert unpack_line(build_header(form, Jws("p", "s"), "note\n", keys)).decode() == (
        '{"checkpoint":"note\\n","digest":"' + PUBLISHED[BIG] + '","format":1,"jws":{"protected":"p","signature":"s"},'
        '"keys":{"keys":['
        '{"alg":"EdDSA","created":"2026-01-01T00:00:00Z","crv":"Ed25519","kid":"two","kty":"OKP","use":"sig","x":"b"},'
        '{"alg":"EdDSA","created":"2025-01-01T00:00:00Z","crv":"Ed25519","kid":"one","kty":"OKP",'
        '"retired":"2026-01-01T01:02:03.004000Z","use":"sig","x":"a"}]},"kind":"bundle"}'
    )


def test_what_is_read_from_a_document_is_told_in_the_same_words() -> None:
    """RFC 8785 puts facts in the order of their names; sentences have them in that of the methodology."""
    newest = load_methodology("2027.1")
    demonstrated = (
        explain_evaluation(simulated.evaluation, simulated.submission)
        for simulated in islice(simulate(newest), 0, 200, 5)
    )
    by_hand = (explain(METHODOLOGY, submission) for submission in submissions().values())
    for methodology, scores in ((newest, demonstrated), (METHODOLOGY, by_hand)):
        for score in scores:
            read = msgspec.json.decode(canonicalize(score), type=Score)
            for language in WRITTEN:
                assert narrate(read, methodology, language) == narrate(score, methodology, language)


def test_the_digest_is_the_sha256_of_the_bytes() -> None:
    assert hash_bytes(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
