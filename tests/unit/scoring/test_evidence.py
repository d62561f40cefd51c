"""Evidence: which documents count, what is wrong with the others, and the submission that follows."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec import structs

from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.methodology.requests.content import Answer, AssessmentContent, Evidence
from actitud_api.resources.assessments.evidence import (
    EvidenceContext,
    EvidenceFinding,
    build_context,
    check_documents,
    derive_submission,
    is_valid,
    parse_host,
)
from actitud_api.resources.assessments.evidence_narration import format_evidence_finding
from tests.support.assessing import example_a
from tests.unit.scoring.organisations import METHODOLOGY

TODAY = date(2027, 1, 20)
REFERENCE = date(2026, 12, 31)


def judged(*domains: str) -> EvidenceContext:
    return build_context(domains or ("ayto.example",), TODAY, REFERENCE)


def document(url: str = "https://ayto.example/guide.pdf", when: date = date(2026, 5, 4), **more: str) -> Evidence:
    return Evidence(url=url, date=when, **more)


# --- addresses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://ayto.example/guide.pdf", "ayto.example"),
        ("https://ayto.example", "ayto.example"),
        ("https://ayto.example?id=1", "ayto.example"),
        ("https://ayto.example#page=3", "ayto.example"),
        ("https://AYTO.Example/Guide.PDF", "ayto.example"),
        ("https://ayto.example/guide.pdf", "AYTO.example"),
        ("https://ayto.example./guide.pdf", "ayto.example"),
        ("https://ayto.example/guide.pdf", "ayto.example."),
        ("https://sede.ayto.example/guide.pdf", "ayto.example"),
        ("https://a.b.c.ayto.example/guide.pdf", "ayto.example"),
        ("https://ayto.example:8443/guide.pdf", "ayto.example"),
        ("https://ayto.example/@ana:x", "ayto.example"),
        ("https://españa.example/guía.pdf", "españa.example"),
        ("https://ESPAÑA.example/guía.pdf", "xn--espaa-rta.example"),
        ("https://xn--espaa-rta.example/guide.pdf", "España.example"),
        ("https://sede.españa.example/", "xn--espaa-rta.example"),
        ("https://espan\u0303a.example/", "españa.example"),  # n and a combining tilde
        ("https://ayto。example/", "ayto.example"),
        ("https://x9.ayto.example/", "ayto.example"),
        ("https://r3---sn.ayto.example/", "ayto.example"),  # as browsers do: IDNA 2008 alone forbids the hyphens
    ],
)
def test_an_address_of_the_organisation_counts(url: str, domain: str) -> None:
    assert is_valid(document(url), judged("other.example", domain))


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://other.example/guide.pdf", "ayto.example"),
        ("https://notayto.example/guide.pdf", "ayto.example"),
        ("https://ayto.example.evil.example/guide.pdf", "ayto.example"),
        ("https://example/guide.pdf", "ayto.example"),
        ("https://ayto.example/guide.pdf", "sede.ayto.example"),
        # Users, ports and back slashes: what is before them is not the host.
        ("https://ayto.example@evil.example/", "ayto.example"),
        ("https://ayto.example:443@evil.example/", "ayto.example"),
        ("https://ana@ayto.example/", "ayto.example"),
        ("https://ayto.example:80.evil.example/", "ayto.example"),
        ("https://ayto.example:/", "ayto.example"),
        ("https://ayto.example:123456/", "ayto.example"),
        ("https://evil.example\\@ayto.example/", "ayto.example"),
        ("https://evil.example\\.ayto.example/", "ayto.example"),
        ("https:///ayto.example/", "ayto.example"),
        ("https://.ayto.example/", "ayto.example"),
        ("https://evil..ayto.example/", "ayto.example"),
        ("https://%61yto.example/", "ayto.example"),
        ("https://a_b.ayto.example/", "ayto.example"),
        ("https://evil.example℀.ayto.example/", "ayto.example"),  # a/c, where UTS 46 would take it apart
        # Not https.
        ("http://ayto.example/guide.pdf", "ayto.example"),
        ("ftp://ayto.example/guide.pdf", "ayto.example"),
        ("//ayto.example/guide.pdf", "ayto.example"),
        # IP addresses, declared or not, in any spelling.
        ("https://192.0.2.7/", "192.0.2.7"),
        ("https://2.7/", "2.7"),
        ("https://3221225991/", "3221225991"),
        ("https://0xC0.0x0.0x2.0x7/", "0xc0.0x0.0x2.0x7"),
        ("https://192.0.2.7./", "192.0.2.7"),
        ("https://[2001:db8::1]/", "[2001:db8::1]"),
        ("https://１９２.0.2.7/", "192.0.2.7"),
        # A name that only a look or an older rule makes the same.
        ("https://аyto.example/", "ayto.example"),  # the first letter is Cyrillic
        ("https://straße.example/", "strasse.example"),
    ],
)
def test_no_other_address_counts(url: str, domain: str) -> None:
    assert not is_valid(document(url), judged(domain))
    (finding,) = check_documents(answered("D1.01", document(url)), judged(domain))
    assert (finding.rule, finding.severity) == ("undeclared_domain", "error")
    assert finding.pointer == "/answers/D1.01/evidence/0/url"


def test_without_domains_nothing_counts() -> None:
    assert not is_valid(document(), build_context((), TODAY, REFERENCE))
    assert parse_host("https://ayto.example/x") == "ayto.example"


# --- dates ----------------------------------------------------------------------------------------------------


def test_a_document_counts_from_its_day_on() -> None:
    assert is_valid(document(when=TODAY), judged())
    assert not is_valid(document(when=date(2027, 1, 21)), judged())


def test_a_date_that_has_not_come_is_an_error_and_one_after_the_reference_a_warning() -> None:
    content = answered(
        "D1.01",
        document(when=REFERENCE),
        document(when=date(2027, 1, 1)),
        document(when=date(2027, 1, 21)),
    )

    late, future = check_documents(content, judged())

    assert (late.rule, late.severity, late.pointer) == (
        "date_after_reference",
        "warning",
        "/answers/D1.01/evidence/1/date",
    )
    assert late.facts == {"date": "2027-01-01", "reference": "2026-12-31"}
    assert (future.rule, future.severity, future.pointer) == ("future_date", "error", "/answers/D1.01/evidence/2/date")
    assert future.facts == {"date": "2027-01-21"}
    assert late.indicators == future.indicators == ("D1.01",)


# --- the same document ----------------------------------------------------------------------------------------


def used(*documents: Evidence) -> list[EvidenceFinding]:
    names = [f"D1.0{number}" for number in range(1, 7)] + ["D2.01", "D2.02"]
    answers = {name: Answer(facts={}, evidence=(one,)) for name, one in zip(names, documents, strict=False)}
    return list(check_documents(AssessmentContent(profile={}, profile_evidence={}, answers=answers), judged()))


def test_a_document_of_more_than_five_indicators_is_remarked_once() -> None:
    assert used(*[document()] * 5) == []
    (finding,) = used(*[document()] * 6)
    assert (finding.rule, finding.severity, finding.pointer) == (
        "document_reused",
        "warning",
        "/answers/D1.01/evidence/0",
    )
    assert finding.indicators == ("D1.01", "D1.02", "D1.03", "D1.04", "D1.05", "D1.06")
    assert finding.facts == {"url": "https://ayto.example/guide.pdf", "count": 6}


def test_a_document_is_the_same_by_its_address_without_the_page_or_by_its_digest() -> None:
    pages = [document(f"https://ayto.example/guide.pdf#page={page}") for page in range(6)]
    copies = [document(f"https://ayto.example/{name}", sha256="0" * 64) for name in "abcde"]
    assert [finding.rule for finding in used(*pages)] == ["document_reused"]
    assert [finding.rule for finding in used(*copies, document("https://ayto.example/a"))] == ["document_reused"]
    assert used(*copies, document("https://ayto.example/f")) == []


def test_twice_in_one_answer_or_for_the_profile_is_not_reuse() -> None:
    content = AssessmentContent(
        profile={},
        profile_evidence=dict.fromkeys(("employees", "units", "languages"), (document(),)),
        answers={name: Answer(facts={}, evidence=(document(), document())) for name in ("D1.01", "D1.02", "D1.03")},
    )
    assert check_documents(content, judged()) == ()


# --- in words -------------------------------------------------------------------------------------------------


def test_what_is_wrong_is_said_in_both_languages() -> None:
    content = answered(
        "D1.01",
        document("https://sede.other.example/"),
        document("https://192.0.2.7/"),
        document(when=date(2027, 1, 5)),
        document(when=date(2027, 3, 1)),
    )
    (reused,) = used(*[document()] * 6)
    found = (*check_documents(content, judged()), reused)

    assert [format_evidence_finding(finding, METHODOLOGY, "es") for finding in found] == [
        "La evidencia no cuenta: sede.other.example no es un dominio declarado de la organización ni está por debajo "
        "de uno.",
        "La evidencia no cuenta: su dirección no nombra un dominio sin más (ni usuario, ni dirección IP).",
        "La evidencia es del 5 de enero de 2027, posterior a la fecha de referencia, 31 de diciembre de 2026.",
        "La evidencia no cuenta todavía: su fecha, 1 de marzo de 2027, está por llegar.",
        "El mismo documento, https://ayto.example/guide.pdf, sirve de evidencia a 6 indicadores, más de 5: "
        "«Plantilla con acceso a redes desde el puesto», «Pautas para la plantilla sobre el uso de redes», «Plantilla "
        "formada en uso público de redes», «Especialistas propios que intervienen en los canales», «Unidades que "
        "alimentan los canales» y «Participación de los equipos en la estrategia».",
    ]
    assert [format_evidence_finding(finding, METHODOLOGY, "en") for finding in found] == [
        "The evidence does not count: sede.other.example is neither a declared domain of the organisation nor below "
        "one.",
        "The evidence does not count: its address does not plainly name a domain (no user, no IP address).",
        "The evidence is of 5 January 2027, later than the reference date, 31 December 2026.",
        "The evidence does not count yet: its date, 1 March 2027, is still to come.",
        "The same document, https://ayto.example/guide.pdf, is evidence of 6 indicators, more than 5: "
        "“Staff with workplace access to social networks”, “Guidance for staff on network use”, “Staff trained in "
        "public use of networks”, “Specialists who take part in official channels”, “Units that feed the channels” and "
        "“Staff involvement in shaping the strategy”.",
    ]


# --- the submission -------------------------------------------------------------------------------------------


def answered(name: str, *documents: Evidence) -> AssessmentContent:
    answer = Answer(facts={"numerator": 160, "denominator": 320}, evidence=documents)
    return AssessmentContent(profile=example_a().profile, profile_evidence={}, answers={name: answer})


def test_an_answer_is_evidenced_by_one_document_that_counts() -> None:
    wrong, right = document("https://other.example/"), document()
    for documents, declared in (((), True), ((wrong,), True), ((wrong, right), False)):
        made = derive_submission(METHODOLOGY, answered("D1.01", *documents), judged())
        assert made.self_declared == ({"D1.01"} if declared else set())
        assert made.answers == {"D1.01": {"numerator": 160, "denominator": 320}}


def test_only_fields_that_need_evidence_are_self_declared_without_it() -> None:
    needed = {field.name for field in METHODOLOGY.document.profile if field.needs_evidence}
    assert len(needed) == 12

    bare = derive_submission(METHODOLOGY, answered("D1.01"), judged())
    some = structs.replace(
        answered("D1.01"),
        profile_evidence={"employees": (document(),), "units": (document("https://other.example/"),)},
    )

    assert bare.profile_self_declared == needed
    assert derive_submission(METHODOLOGY, some, judged()).profile_self_declared == needed - {"employees"}


def test_what_the_service_sets_has_its_default_and_then_stays() -> None:
    content = structs.replace(answered("D1.01"), answers={"D2.02": Answer(facts={"components": ("c1", "c2")})})

    first = derive_submission(METHODOLOGY, content, judged())
    reviewed = structs.replace(
        first,
        profile=first.profile | {"incidents": 3, "previous_level": 2},
        answers={"D2.02": {"components": ("c1", "c2"), "outside_remit": ("c9",)}},
        set_aside={"D2.02": "rejected", "D1.01": "stale"},
    )
    again = derive_submission(METHODOLOGY, content, judged(), reviewed)

    assert (first.profile["incidents"], first.profile["previous_level"], first.profile["integrity_case"]) == (
        0,
        None,
        False,
    )
    assert first.answers == {"D2.02": {"components": ("c1", "c2"), "outside_remit": ()}}
    assert (again.profile["incidents"], again.profile["previous_level"]) == (3, 2)
    assert again.answers == {"D2.02": {"components": ("c1", "c2"), "outside_remit": ("c9",)}}
    assert again.set_aside == {"D2.02": "rejected"}
    assert isinstance(again, Submission)


def test_what_an_organisation_states_replaces_what_it_stated() -> None:
    """Before, neither D2.02 nor what the service sets was there: both begin with their defaults."""
    content = structs.replace(answered("D1.01"), answers={"D2.02": Answer(facts={"components": ("c1",)})})
    before = Submission(profile={"employees": 1}, answers={})

    made = derive_submission(METHODOLOGY, content, judged(), before)

    assert made.profile["employees"] == content.profile["employees"] != 1
    assert (made.profile["incidents"], made.profile["integrity_case"]) == (0, False)
    assert made.answers == {"D2.02": {"components": ("c1",), "outside_remit": ()}}


def test_what_is_wrong_with_evidence_of_the_profile_is_no_indicator_s() -> None:
    content = structs.replace(
        answered("D1.01"), profile_evidence={"employees": (document(), document("https://other.example/"))}
    )
    assert check_documents(content, judged()) == (
        EvidenceFinding(
            rule="undeclared_domain",
            severity="error",
            pointer="/profile_evidence/employees/1/url",
            indicators=(),
            facts={"host": "other.example"},
        ),
    )


def test_today_is_not_in_the_future() -> None:
    (found,) = check_documents(answered("D1.01", document(when=TODAY)), judged())
    assert (found.rule, found.facts) == ("date_after_reference", {"date": "2027-01-20", "reference": "2026-12-31"})
