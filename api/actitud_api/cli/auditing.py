"""`audit`: audit the index of an edition, as the operation `editions.audit` does, with the sensitivity of levels."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Final

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from actitud_api.cli.common import (
    NO_EDITION,
    CommandError,
    choose_language,
    load_settings,
    print_renderable,
    render_list,
)
from actitud_api.cli.readiness import open_ready_database
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.narration import words
from actitud_api.engine.scoring.group_differences import Grouping
from actitud_api.engine.scoring.level_sensitivity import Source
from actitud_api.platform.auth.service import Principal
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.scores import audit_schemas, audits
from actitud_api.resources.scores.computed import ComputationCache

_TITLE = Texts("Auditoría del índice de {edition}", "Audit of the index of {edition}")
_ABOUT = Texts(
    "Metodología {methodology}. Organizaciones con puesto: {count}.",
    "Methodology {methodology}. Ranked organisations: {count}.",
)
_SIMULATED = Texts(
    "Los datos son inventados: nada de esto prueba que el índice sea válido.",
    "The data are invented: nothing of this proves that the index is valid.",
)
_INDEX = Texts(
    "Índice: media {mean}, desviación {deviation}, alfa de Cronbach {alpha}.",
    "Index: mean {mean}, deviation {deviation}, Cronbach's alpha {alpha}.",
)
_REMARKS = Texts("Lo que un auditor señalaría", "What an auditor would point at")
_COLUMNS: Final = (
    Texts("Parte", "Part"),
    Texts("media", "mean"),
    Texts("en el mínimo", "at lowest"),
    Texts("en el máximo", "at highest"),
    Texts("cero por regla", "zero by rule"),
    Texts("correlación", "correlation"),
    Texts("peso", "weight"),
    Texts("peso efectivo", "effective weight"),
)
_COMPONENTS = Texts("Componentes principales de las dimensiones", "Principal components of the dimensions")
_COMPONENT = Texts(
    "valor propio {eigenvalue}, {share} de la varianza", "eigenvalue {eigenvalue}, {share} of the variance"
)
_COMPENSATION = Texts("Quién vive de la compensación", "Who lives from compensation")
_LOSS = Texts(
    "Con la media geométrica el índice baja {mean} puntos de media y {most} como mucho. De las organizaciones, el "
    "{levels} cambia de nivel y el {tenths} cambia de décima parte en la clasificación.",
    "With the geometric mean the index loses {mean} points on average and {most} at most. Of the organisations, "
    "{levels} change their level, and {tenths} their tenth of the ranking.",
)
_LOSER = Texts(
    "{organisation}: de {index} a {geometric}; lo más bajo, {dimension}",
    "{organisation}: from {index} to {geometric}; lowest in {dimension}",
)
_BY: Final[dict[Grouping, Texts]] = {
    "kind": Texts("Por tipo de organización", "By kind of organisation"),
    "band": Texts("Por tramo de tamaño", "By size band"),
}
_EXPLAINED = Texts("Explica el {share} de la varianza del índice.", "It explains {share} of the variance of the index.")
_GROUP = Texts("{group}: {count} organizaciones, media {mean}", "{group}: {count} organisations, mean {mean}")
_DIFFERENCE = Texts(
    "{indicator} difiere a igual índice: {share} de su varianza",
    "{indicator} differs at equal index: {share} of its variance",
)
_SENSITIVITY = Texts("De qué dependen los niveles", "What the levels depend on")
_CHANGES = Texts(
    "Si se sortean a la vez todas las decisiones y errores, cambia el {share} de los niveles: el {lost} se pierde, "
    "y el {far} pasa a otro a más de un nivel ({organisations} organizaciones, {draws} pares de sorteos).",
    "If all judgements and errors are drawn together, {share} of the levels change: {lost} are lost, and {far} "
    "change by more than one ({organisations} organisations, {draws} pairs of draws).",
)
_SOURCES: Final[dict[Source, Texts]] = {
    "gates": Texts("umbrales de las condiciones", "thresholds of gates"),
    "ladders": Texts("peldaños de las escalas", "steps of ladders"),
    "weights": Texts("pesos", "weights"),
    "goalposts": Texts("referencias puestas a juicio", "goalposts set by judgement"),
    "cap": Texts("tope de lo que no tiene prueba", "cap of what has no evidence"),
    "coding": Texts("errores al codificar", "errors of coding"),
    "sampling": Texts("azar de las muestras", "chance of the samples"),
}
_SOURCE_COLUMNS: Final = (Texts("Fuente", "Source"), Texts("sola", "alone"), Texts("con otras", "with others"))
_NOTHING: Final = "–"

OPERATOR: Final = Principal(key="", role="administrator", origin="")
"""Whoever runs the command has the database, and so may see every edition."""


def run_audit(options: argparse.Namespace, language: Language) -> int:
    """Run `audit`: print a statistical audit of the index of an edition, and return exit code 0.

    Raises:
        CommandError: The edition or the database does not exist.
    """
    chosen, settings = choose_language(options, language), load_settings(options)
    with open_ready_database(settings, chosen, writes=False) as database:
        try:
            examined = audits.examine_edition(
                database, ComputationCache(), options.edition, principal=OPERATOR, sensitivity=True
            )
        except UnknownEdition as error:
            raise CommandError(NO_EDITION.into(chosen).format(edition=options.edition)) from error
    audit = audit_schemas.build_audit(examined, chosen)
    if options.json:
        sys.stdout.write(msgspec.json.encode(audit).decode() + "\n")
    else:
        print_renderable(Group(*_AuditSheet(audit, chosen).render_parts()))
    return 0


class _AuditSheet:
    def __init__(self, audit: audit_schemas.EditionAudit, language: Language) -> None:
        self._audit = audit
        self._language = language

    def render_parts(self) -> Iterator[RenderableType]:
        """Yield the parts of the sheet from top to bottom."""
        statistics = self._audit.statistics
        yield Text(self._fill(_TITLE, edition=self._audit.edition), style="bold")
        count = words.format_number(statistics.index.organisations, self._language)
        yield Text(self._fill(_ABOUT, methodology=self._audit.methodology, count=count))
        if self._audit.simulated:
            yield Text(self._fill(_SIMULATED))
        index = statistics.index
        yield Text(
            self._fill(
                _INDEX,
                mean=self._number(index.mean),
                deviation=self._number(index.standard_deviation),
                alpha=self._number(index.alpha),
            )
        )
        yield from render_list(self._fill(_REMARKS), [remark.text for remark in statistics.remarks])
        yield self._render_nodes()
        yield from render_list(
            self._fill(_COMPONENTS),
            [
                self._fill(_COMPONENT, eigenvalue=self._number(one.eigenvalue), share=self._share(one.share))
                for one in self._audit.components
            ],
        )
        yield from self._render_compensation()
        yield from self._render_groups()
        yield from self._render_sensitivity()

    def _render_nodes(self) -> Table:
        table = Table(*(self._fill(column) for column in _COLUMNS), box=SIMPLE_HEAD, pad_edge=False)
        statistics = self._audit.statistics
        for node in (*statistics.dimensions, *statistics.indicators):
            zero = node.zero_by_rule if isinstance(node, audit_schemas.IndicatorStatistics) else None
            table.add_row(
                node.id,
                self._number(node.mean),
                *map(self._share, (node.floor, node.ceiling, zero)),
                self._number(node.correlation),
                *map(self._share, (node.weight, node.effective_weight)),
            )
        return table

    def _render_compensation(self) -> Iterator[RenderableType]:
        found = self._audit.compensation
        if found is not None:
            loss = self._fill(
                _LOSS,
                mean=self._number(found.loss_mean),
                most=self._number(found.loss_max),
                levels=self._share(found.level_changes),
                tenths=self._share(found.tenth_changes),
            )
            losers = [
                self._fill(
                    _LOSER,
                    organisation=one.organisation,
                    index=self._number(one.index),
                    geometric=self._number(one.geometric),
                    dimension=one.dimension,
                )
                for one in found.most
            ]
            yield from render_list(self._fill(_COMPENSATION), [loss, *losers])

    def _render_groups(self) -> Iterator[RenderableType]:
        for found in self._audit.groups:
            lines = [self._fill(_EXPLAINED, share=self._share(found.explained))]
            for group in found.groups:
                count = words.format_number(group.organisations, self._language)
                lines.append(self._fill(_GROUP, group=group.group, count=count, mean=self._number(group.mean)))
            lines += [
                self._fill(_DIFFERENCE, indicator=one.indicator, share=self._share(one.effect))
                for one in found.indicators
            ]
            yield from render_list(self._fill(_BY[found.by]), lines)

    def _render_sensitivity(self) -> Iterator[RenderableType]:
        found = self._audit.sensitivity
        if found is not None:
            changes = self._fill(
                _CHANGES,
                share=self._share(found.changes),
                lost=self._share(found.losses),
                far=self._share(found.far_changes),
                organisations=words.format_number(found.organisations, self._language),
                draws=str(found.draws),
            )
            yield from render_list(self._fill(_SENSITIVITY), [changes])
            table = Table(*(self._fill(column) for column in _SOURCE_COLUMNS), box=SIMPLE_HEAD, pad_edge=False)
            for source in found.sources:
                table.add_row(self._fill(_SOURCES[source.source]), self._share(source.first), self._share(source.total))
            yield table

    def _fill(self, text: Texts, **values: str) -> str:
        return text.into(self._language).format(**values)

    def _number(self, value: float | None) -> str:
        return _NOTHING if value is None else words.format_number(round(value, 2), self._language)

    def _share(self, value: float | None) -> str:
        return _NOTHING if value is None else words.format_share(value, self._language)
