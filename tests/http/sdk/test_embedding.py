"""The code that embeds a score is that of the service itself."""

from __future__ import annotations

from datetime import date
from typing import Final, get_args

import pytest
from justhtml import JustHTML

from actitud import AsyncClient, Client
from actitud.embedding import EmbedForm, EmbedTheme
from actitud_api.engine.i18n import Language
from actitud_api.web.embeds.addresses import Addresses
from actitud_api.web.embeds.pictures import THEMES
from actitud_api.web.embeds.service import EmbedStanding
from actitud_api.web.embeds.snippets import list_snippets
from actitud_api.web.embeds.texts import describe_standing

STANDING: Final = EmbedStanding(
    edition="2026",
    period_to=date(2026, 12, 31),
    organisation="ES-DIR3-L01280796:x",
    name="Ayuntamiento de Ñora & <Hijos>",
    index=44.03,
    status="complete",
    level=3,
    provisional=False,
    coverage=0.955,
    dimensions={},
    methodology="2026.1",
    simulated=False,
    superseded_by=None,
)


@pytest.mark.parametrize("theme", get_args(EmbedTheme))
@pytest.mark.parametrize("lang", ["es", "en"])
@pytest.mark.parametrize("edition", ["2026", "latest"])
def test_the_code_is_that_of_the_service(edition: str, lang: Language, theme: EmbedTheme) -> None:
    base = "https://madurez.example"
    addresses = Addresses(base, edition, STANDING.organisation, lang, theme)
    said = describe_standing(STANDING, lang, addresses.explanation)
    theirs = {snippet.form: snippet for snippet in list_snippets(said, addresses)}
    assert theirs.keys() == set(get_args(EmbedForm))
    for client in (Client(base_url=base, lang=lang), AsyncClient(base_url=base, lang=lang)):
        for form in get_args(EmbedForm):
            ours = client.embed(edition, STANDING.organisation, name=STANDING.name, form=form, theme=theme)
            assert ours.html == theirs[form].code
            assert (ours.policy, ours.explanation) == (theirs[form].policy, addresses.explanation)


def test_the_themes_are_those_of_the_service() -> None:
    assert get_args(EmbedTheme) == THEMES


@pytest.mark.parametrize("form", get_args(EmbedForm))
def test_whatever_is_in_a_name_or_an_id_stays_text(form: EmbedForm) -> None:
    evil = '"><script>alert(1)</script>'
    client = Client(base_url="http://service.test:8000/api")
    embedded = client.embed(evil, evil, name=evil, form=form)
    document = JustHTML(embedded.html, fragment=True, strict=True, sanitize=False)
    scripts = document.query("script")
    sources = [str((script.attrs or {})["src"]).rpartition("/")[0] for script in scripts]
    assert sources == (["http://service.test:8000/api/embed"] if form == "element" else [])
    assert document.query("img, iframe, a")
    assert embedded.explanation.startswith("http://service.test:8000/api/portal/%22%3E%3Cscript%3E")


def test_spanish_is_what_a_client_without_language_gets() -> None:
    said = Client().embed("latest", "x", name="Villa")
    assert 'alt="Índice de Madurez 2.0: Villa"' in said.html
    assert said.explanation == "http://127.0.0.1:8000/portal/latest/x"
    assert Client().embed("latest", "x", name="Villa", lang="gl").explanation.endswith("/x?lang=gl")


def test_forms_and_languages_that_there_are_not_are_refused() -> None:
    with pytest.raises(ValueError, match="'banner' is none of the forms"):
        Client().embed("2026", "x", name="Villa", form="banner")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ValueError, match="language tag"):
        Client().embed("2026", "x", name="Villa", lang='"es"')
