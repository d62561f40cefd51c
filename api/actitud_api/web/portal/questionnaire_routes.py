"""The page with the questionnaire of a methodology.

Answers stay in the browser until the user sends them: to be scored without being stored, or, with an API key,
to be saved as a draft or as replies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec
from litestar import Controller, Response
from litestar.params import FromPath

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import Methodology, UnknownMethodology, list_versions, load_methodology
from actitud_api.engine.methodology.model import IndicatorText
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database
from actitud_api.resources.reviews.replies.schemas import TEXT_MAX
from actitud_api.resources.reviews.verdict_names import VERDICT_NAMES
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.portal.layout import Crumb, build_links, read_parameters, render_missing_page, render_portal_page
from actitud_api.web.workbooks.layout import AnswerInput, HeadingRow, build_layout, describe_fact

_UNKNOWN = Texts("No hay ninguna metodología con ese nombre.", "There is no methodology of that name.")
_TITLE = Texts("Cuestionario", "Questionnaire")
_ID_MAX = 100


@dataclass(slots=True)
class Question:
    """An indicator of the questionnaire: its texts, the periods that it asks about, and its input fields.

    `windows`: the periods as text. `inputs`: the fields that organisations fill in. `of_review`: the fields that
    reviewers fill in.
    """

    id: str
    text: IndicatorText
    windows: list[str]
    inputs: list[AnswerInput] = field(default_factory=list)
    of_review: list[AnswerInput] = field(default_factory=list)


@dataclass(slots=True)
class QuestionnaireSection:
    """A section of the questionnaire: a dimension and its questions."""

    id: str
    name: str
    questions: list[Question] = field(default_factory=list)


class QuestionnaireController(Controller):
    """The route of the page with the questionnaire of a methodology version."""

    path = "/portal/questionnaires"
    include_in_schema = False

    @get_page(
        "/{version:str}",
        operation_id="portal.questionnaire",
        access=ANYBODY,
        parameters=("edition", "organisation"),
    )
    def questionnaire(
        self, request: ApiRequest, version: FromPath[str], database: Database, language: Language
    ) -> Response[bytes]:
        """Show every question of a methodology version, and what counts as evidence for its answer.

        A script shows the score while the user types. An unknown version gets the 404 page.
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
        sections = _list_sections(methodology, language)
        edition, organisation = (clean_text(parameters.get(name, ""))[:_ID_MAX] for name in ("edition", "organisation"))
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
                "told": lambda text, answer_input: describe_fact(text, answer_input.pointer.rpartition("/")[2]),
                "asked": sum(bool(question.inputs) for section in sections for question in section.questions),
                "verdicts": {name: text.into(language) for name, text in VERDICT_NAMES.items()},
                "reply_max": TEXT_MAX,
                "short": _find_short_form(methodology),
                "windows": _list_named_windows(methodology, language),
                "draft_edition": edition,
                "draft_organisation": organisation if edition else "",
            },
            section="questionnaire",
            trail=(Crumb(_TITLE.into(language)),),
        )


def _find_short_form(methodology: Methodology) -> str | None:
    """Return the newest active version that estimates the index of this one; None if there is none."""
    margins = {version: load_methodology(version).document.margin for version in list_versions("active")}
    short = [version for version, margin in margins.items() if margin and margin.of == methodology.version]
    return short[-1] if short else None


def _list_named_windows(methodology: Methodology, language: Language) -> list[str]:
    """List the periods that texts of questions and profile name by their code, which readers have to look up."""
    texts = methodology.texts[language]
    said = msgspec.json.encode([texts.profile, texts.indicators]).decode()
    return [window for window in methodology.document.windows if re.search(rf"\b{window}\b", said)]


def _list_sections(methodology: Methodology, language: Language) -> list[QuestionnaireSection]:
    """List the questions in one section per dimension, in the order of the methodology."""
    texts = methodology.texts[language]
    root = methodology.document.root.id
    sections = [QuestionnaireSection(root, texts.groups[root].name)]
    for row in build_layout(methodology.version, language).indicators:
        if isinstance(row, AnswerInput):
            question = sections[-1].questions[-1]
            (question.of_review if row.set_by_service else question.inputs).append(row)
        elif isinstance(row, HeadingRow) and row.indicator is None:
            sections.append(QuestionnaireSection(row.code, texts.groups[row.code].name))
        elif row.indicator is not None:
            windows = [texts.windows[window] for window in row.indicator.windows]
            sections[-1].questions.append(Question(row.code, texts.indicators[row.code], windows))
    return [section for section in sections if section.questions]
