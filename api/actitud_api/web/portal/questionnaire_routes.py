"""The page with the questionnaire of a methodology.

Answers stay in the browser until the user sends them: to be scored without being stored, or, with an API key,
to be saved as a draft or as replies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, NamedTuple
from urllib.parse import quote

import msgspec
from litestar import Controller, Response
from litestar.params import FromPath
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.answer_inputs import AnswerInput, describe_fact
from actitud_api.engine.methodology.derived_facts import find_derived_facts
from actitud_api.engine.methodology.loader import Methodology, UnknownMethodology, list_versions, load_methodology
from actitud_api.engine.methodology.model import IndicatorText
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.narration import words
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.scope import ApiRequest, read_parameters
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments.evidence_narration import get_evidence_sentence
from actitud_api.resources.editions.service import EditionRecord, UnknownEdition
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.service import IdentifierIsAlias, UnknownOrganisation
from actitud_api.resources.reviews.verdict_names import VERDICT_NAMES
from actitud_api.resources.scores.service import UnknownScore
from actitud_api.web.embeds import service as embeds
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.portal.layout import (
    Crumb,
    build_links,
    render_missing_page,
    render_portal_page,
    select_edition_title,
)
from actitud_api.web.portal.short_form import find_short_form
from actitud_api.web.portal.unpublished_editions import UnpublishedEdition, list_unpublished_editions
from actitud_api.web.workbooks.layout import HeadingRow, build_layout

_UNKNOWN = Texts("No hay ninguna metodología con ese nombre.", "There is no methodology of that name.")
_TITLE = Texts("Cuestionario", "Questionnaire")
_ID_MAX = 100

SCRIPTS: Final = (
    "numbers.js",
    "questionnaire-facts.js",
    "questionnaire-page.js",
    "questionnaire-evidence.js",
    "questionnaire-answers.js",
    "questionnaire-score.js",
    "questionnaire-steps.js",
    "questionnaire-memory.js",
    "questionnaire-blank.js",
    "questionnaire-files.js",
    "questionnaire-published.js",
    "questionnaire-draft.js",
    "questionnaire.js",
)
"""The scripts of the page, in the order in which they build on each other."""

SET_ASIDE: Final[Mapping[str, Texts]] = {
    "withdrawn": Texts(
        "La organización retiró su respuesta: no está entre las publicadas.",
        "The organisation took its answer back: it is not among the published ones.",
    ),
    "rejected": Texts(
        "La revisión rechazó la respuesta publicada, así que aquí falta.",
        "The review rejected the published answer, so it is missing here.",
    ),
    "stale": Texts(
        "El documento de la respuesta publicada era demasiado antiguo, así que aquí falta.",
        "The document of the published answer was too old, so it is missing here.",
    ),
}
"""Why an answer that was sent does not count, by the code of the reason."""

_PARTS: Final = Texts(
    "El índice tiene {all} indicadores: {asked} se preguntan y {rest} salen del perfil. Las preguntas que no se "
    "aplican a su entidad se quitan solas, así que puede ver menos.",
    "The index has {all} indicators: {asked} are asked and {rest} come from the profile. Questions that do not apply "
    "to your body go away by themselves, so you may see fewer.",
)
_ALL: Final = Texts(
    "El índice tiene {all} indicadores, y se preguntan todos. Las preguntas que no se aplican a su entidad se quitan "
    "solas, así que puede ver menos.",
    "The index has {all} indicators, and all are asked. Questions that do not apply to your body go away by "
    "themselves, so you may see fewer.",
)
_NO_EDITION: Final = Texts(
    "No hay ninguna edición «{edition}», así que las respuestas no se guardarán en ninguna.",
    "There is no edition “{edition}”, so the answers will be kept in none.",
)
_NO_ORGANISATION: Final = Texts(
    "No conocemos la organización «{organisation}», así que sus respuestas no se guardarán en la edición.",
    "We do not know the organisation “{organisation}”, so its answers will not be kept in the edition.",
)
_ORGANISATION_MISSING: Final = Texts(
    "A la dirección le falta la organización, así que las respuestas no se guardarán en la edición «{edition}»: pida "
    "a quien la organiza la dirección completa.",
    "The address lacks the organisation, so the answers will not be kept in the edition “{edition}”: ask "
    "whoever runs it for the complete address.",
)
_EDITION_MISSING: Final = Texts(
    "A la dirección le falta la edición, así que las respuestas de «{organisation}» no se guardarán en ninguna: pida a "
    "quien organiza la edición la dirección completa.",
    "The address lacks the edition, so the answers of “{organisation}” will be kept in none: ask whoever runs the "
    "edition for the complete address.",
)
_IN_REVIEW: Final = Texts(
    "Las respuestas de esta edición se están revisando: solo puede guardar y presentar si le han devuelto las suyas. "
    "Cargue el borrador para ver en qué estado está.",
    "The answers of this edition are in review: you can save and submit only if yours were returned. Load the draft to "
    "see its state.",
)
_NO_SCORE: Final = Texts(
    "La organización «{organisation}» no tiene ningún resultado publicado en esa edición: empieza en blanco.",
    "The organisation “{organisation}” has no published result in that edition: it begins blank.",
)
_ANOTHER_VERSION: Final = Texts(
    "Esa edición se hizo con la metodología {version}, y este cuestionario es de la {own}.",
    "That edition was made with methodology {version}, and this questionnaire is of {own}.",
)


@dataclass(slots=True)
class Question:
    """An indicator of the questionnaire: its texts, the periods that it asks about, and its input fields.

    Attributes:
        id: Id of the indicator.
        text: Texts of the indicator.
        windows: Periods that the indicator asks about, as text.
        inputs: Fields that organisations fill in, or that follow from the profile.
        of_review: Fields that reviewers fill in.
        is_asked: False if the organisation has no field to fill in.
    """

    id: str
    text: IndicatorText
    windows: list[str]
    inputs: list[AnswerInput] = field(default_factory=list)
    of_review: list[AnswerInput] = field(default_factory=list)
    is_asked: bool = False


@dataclass(slots=True)
class QuestionnaireSection:
    """A section of the questionnaire: a dimension and its questions."""

    id: str
    name: str
    questions: list[Question] = field(default_factory=list)


class Step(NamedTuple):
    """A step of the questionnaire, which users fill in step by step.

    `anchor` is the id of its heading in the page.
    """

    id: str
    anchor: str
    name: str


class Context(Struct, frozen=True, kw_only=True):
    """The assessment that a questionnaire is about, as the address of the page names it.

    Attributes:
        kind: `draft` if answers can be saved with a key, `published` if the questionnaire begins with the published
            answers, None if it is about no assessment.
        edition: Id of the edition.
        organisation: Id of the organisation.
        name: Name of the organisation.
        title: Title of the edition.
        domains: Domains on which the documents of a draft count as evidence.
        last_day: Last day to submit a draft, as text.
        reference: Last day of the period of the edition; documents of a later day get a warning. None without a draft.
        published: URL path of the published answers.
        notice: Reason why the questionnaire is not about the requested assessment, or why a draft can hardly be saved;
            empty if there is none.
        elsewhere: Methodology version of the requested assessment if it is not the version of the questionnaire, else
            None.
        record: The edition of published answers, else None.
    """

    kind: Literal["draft", "published"] | None = None
    edition: str = ""
    organisation: str = ""
    name: str = ""
    title: str = ""
    domains: tuple[str, ...] = ()
    last_day: str = ""
    reference: date | None = None
    published: str = ""
    notice: str = ""
    elsewhere: str | None = None
    record: EditionRecord | None = None


class QuestionnaireController(Controller):
    """The route of the page with the questionnaire of a methodology version."""

    path = "/portal/questionnaires"
    include_in_schema = False

    @get_page(
        "/{version:str}",
        operation_id="portal.questionnaire",
        access=ANYBODY,
        has_clean_address=True,
        parameters=("edition", "organisation"),
    )
    def questionnaire(
        self, request: ApiRequest, version: FromPath[str], database: Database, language: Language
    ) -> Response[bytes]:
        """Show every question of a methodology version, and the evidence that its answer needs.

        A script shows the score while the user types. For an unknown version, show the 404 page.
        """
        try:
            methodology = load_methodology(version)
        except UnknownMethodology:
            to = build_links(request)
            instead = [
                Crumb(f"{_TITLE.into(language)} {known}", to("questionnaires", known))
                for known in reversed(list_versions())
            ]
            return render_missing_page(request, database, _UNKNOWN, instead=instead)
        rows = build_layout(version, language)
        parameters = dict(read_parameters(request))
        edition, organisation = (clean_text(parameters.get(name, ""))[:_ID_MAX] for name in ("edition", "organisation"))
        context = _find_context(database, version, edition, organisation, language)
        sections = _list_sections(methodology, language)
        margin = methodology.document.margin
        formulas = find_derived_facts(methodology.document)
        asked = sum(question.is_asked for section in sections for question in section.questions)
        to = build_links(request)
        trail = [Crumb(_TITLE.into(language))]
        if context.kind == "published":
            sheet = Crumb(context.name, to(context.edition, context.organisation))
            trail = [Crumb(context.title, to(context.edition)), sheet, *trail]
        return render_portal_page(
            request,
            "questionnaire.html",
            _TITLE.into(language),
            {
                "methodology": methodology,
                "texts": methodology.texts[language],
                "fields": [answer_input for answer_input in rows.profile if not answer_input.set_by_service],
                "of_review": [answer_input for answer_input in rows.profile if answer_input.set_by_service],
                "dimensions": sections,
                "steps": _list_steps(sections, language),
                "formulas": {pointer: json.dumps(formula) for pointer, formula in formulas.items()},
                "constant": {pointer for pointer, formula in formulas.items() if "constant" in formula},
                "samples": {pointer for pointer, formula in formulas.items() if "least" in formula},
                "is_share": lambda given: given.form == "number" and given.maximum == 1,
                "told": lambda text, answer_input: describe_fact(text, answer_input.pointer.rpartition("/")[2]),
                "proving": {field.name for field in methodology.document.profile if field.needs_evidence},
                "asked": asked,
                "count_text": _count_questions(methodology, asked, language),
                "verdicts": {name: text.into(language) for name, text in VERDICT_NAMES.items()},
                "set_aside": {name: text.into(language) for name, text in SET_ASIDE.items()},
                "document_fault": lambda rule: get_evidence_sentence(rule, language),
                "short": find_short_form(version),
                "open_editions": []
                if context.kind
                else _list_open_editions(database, language, version if margin is None else margin.of),
                "windows": _list_named_windows(methodology, language),
                "profile_windows": _list_profile_windows(methodology, language),
                "versions": [known for known in list_versions() if known != version],
                "context": context,
                "scripts": SCRIPTS,
            },
            section="questionnaire",
            edition=context.record,
            trail=trail,
        )


def _list_open_editions(database: Database, language: Language, methodology: str) -> list[UnpublishedEdition]:
    """List the editions with a methodology version that take answers, newest first."""
    listed = list_unpublished_editions(database, language)
    return [edition for edition in listed if edition.is_open and edition.methodology == methodology]


def _find_context(database: Database, version: str, edition: str, organisation: str, language: Language) -> Context:
    """Find the assessment of an organisation in an edition; the ids are as the user sent them, or empty."""
    if not edition:
        notice = _EDITION_MISSING.fill(organisation=organisation).into(language) if organisation else ""
        return Context(notice=notice)
    try:
        record = embeds.find_edition(database, edition)
    except UnknownEdition:
        return Context(notice=_NO_EDITION.fill(edition=edition).into(language))
    if record.methodology != version:
        text = _ANOTHER_VERSION.fill(version=record.methodology, own=version)
        return Context(
            edition=record.id, organisation=organisation, notice=text.into(language), elsewhere=record.methodology
        )
    if not organisation:
        return Context(notice=_ORGANISATION_MISSING.fill(edition=record.id).into(language))
    title = select_edition_title(record, language)
    if record.state != "published":
        try:
            registered = _find_organisation(database, organisation)
        except UnknownOrganisation:
            return Context(notice=_NO_ORGANISATION.fill(organisation=organisation).into(language))
        return Context(
            kind="draft",
            edition=record.id,
            organisation=registered.id,
            name=clean_text(registered.name) or registered.id,
            title=title,
            domains=registered.domains,
            last_day=words.format_day(record.calendar.submission.end, language),
            reference=record.period_to,
            notice="" if record.state == "open" else _IN_REVIEW.into(language),
        )
    try:
        standing = embeds.find_named_standing(database, record.id, organisation)
    except (UnknownScore, UnknownOrganisation):
        return Context(notice=_NO_SCORE.fill(organisation=organisation).into(language))
    parts = (quote(part, safe="") for part in (record.id, standing.organisation))
    return Context(
        kind="published",
        edition=record.id,
        organisation=standing.organisation,
        name=clean_text(standing.name) or standing.organisation,
        title=title,
        published="/v1/editions/{}/publications/latest/scores/{}".format(*parts),
        record=record,
    )


def _find_organisation(database: Database, organisation: str) -> organisations.OrganisationRecord:
    """Find an organisation, which may be named by an alias; raise `UnknownOrganisation` if there is none."""
    try:
        return organisations.get(database, organisation)
    except IdentifierIsAlias as alias:
        return organisations.get(database, alias.organisation)


def _count_questions(methodology: Methodology, asked: int, language: Language) -> str:
    """Say how many indicators there are, how many are asked, and why a body may see fewer."""
    count = len(list(walk_indicators(methodology.document.root)))
    text = _ALL if asked == count else _PARTS
    return text.fill(all=count, asked=asked, rest=count - asked).into(language)


def _list_steps(sections: list[QuestionnaireSection], language: Language) -> list[Step]:
    """List the steps of the questionnaire: the profile, each section, the end."""
    profile, end = Texts("Perfil", "Profile"), Texts("Terminar", "Finish")
    return [
        Step("profile", "profile", profile.into(language)),
        *(Step(section.id, section.id, section.name) for section in sections),
        Step("finish", "finish", end.into(language)),
    ]


def _list_named_windows(methodology: Methodology, language: Language) -> list[str]:
    """List the periods that texts of questions and profile name by their code, which readers have to look up."""
    texts = methodology.texts[language]
    said = msgspec.json.encode([texts.profile, texts.indicators]).decode()
    return [window for window in methodology.document.windows if re.search(rf"\b{window}\b", said)]


def _list_profile_windows(methodology: Methodology, language: Language) -> list[str]:
    """List the periods that the endings of profile fields name, such as that of `own_posts_w90`, as text.

    Questions state their periods themselves; the profile comes before all of them.
    """
    endings = {field.name.rpartition("_")[2].upper() for field in methodology.document.profile}
    texts = methodology.texts[language]
    return [texts.windows[window] for window in methodology.document.windows if window in endings]


def _list_sections(methodology: Methodology, language: Language) -> list[QuestionnaireSection]:
    """List the questions in one section per dimension, in the order of the methodology."""
    texts = methodology.texts[language]
    root = methodology.document.root.id
    formulas = find_derived_facts(methodology.document)
    sections = [QuestionnaireSection(root, texts.groups[root].name)]
    for row in build_layout(methodology.version, language).indicators:
        if isinstance(row, AnswerInput):
            question = sections[-1].questions[-1]
            (question.of_review if row.set_by_service else question.inputs).append(row)
            question.is_asked |= not row.set_by_service and row.pointer not in formulas
        elif isinstance(row, HeadingRow) and row.indicator is None:
            sections.append(QuestionnaireSection(row.code, texts.groups[row.code].name))
        elif row.indicator is not None:
            windows = [texts.windows[window] for window in row.indicator.windows]
            sections[-1].questions.append(Question(row.code, texts.indicators[row.code], windows))
    return [section for section in sections if section.questions]
