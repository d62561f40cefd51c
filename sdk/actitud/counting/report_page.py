"""The report of a count as one HTML page that loads no other files.

It has numbers and the names of the organisation's accounts, but neither texts nor persons, so that it can be published
beside the manifest.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Final

from actitud._html import Words
from actitud.counting.bar_charts import Bar, draw_columns, draw_rows, escape_text
from actitud.counting.counts import FactCount, FactCounter
from actitud.counting.definitions import FactRule, TextPair
from actitud.counting.report import DELAY_HOURS, CountReport
from actitud.counting.report_texts import (
    BASES,
    describe_export,
    format_value,
    get_language,
    join_reasons,
    list_missing_texts,
)

_STYLE: Final = """
:root { color-scheme: light dark; --ground: #fbfaf7; --ink: #16242d; --edge: #cfc8b8; --bar: #1f5f80; --soft: #7b7466; }
@media (prefers-color-scheme: dark) { :root { --ground: #12212b; --ink: #f4f1ea; --edge: #3b4f5c; --bar: #7cc0e0;
  --soft: #a9b5bd; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); border-top: 6px solid var(--bar); }
main { max-width: 48rem; margin: 1.5rem auto; padding: 0 1rem; overflow-wrap: anywhere;
  font: 1rem/1.6 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1, h2, h3 { line-height: 1.25; }
h1 { font-size: 1.75rem; margin: 0 0 .5rem; }
h2 { font-size: 1.35rem; margin: 2.2rem 0 .6rem; border-top: 1px solid var(--edge); padding-top: 1.2rem; }
h3 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
figure { margin: 1rem 0; }
svg { display: block; overflow: visible; }
.bar { fill: var(--bar); }
.unknown { fill: var(--soft); }
.axis { stroke: var(--edge); }
.label { fill: var(--ink); font-size: 12px; }
figcaption, .how { font-size: .9em; }
.how { display: block; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding: .4rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .5rem .35rem 0; border-bottom: 1px solid var(--edge); }
tbody th { font-weight: 400; }
tbody th[scope=rowgroup] { font-weight: 600; padding-top: 1rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; padding: .35rem 0 .35rem .5rem; white-space: nowrap; }
thead .number { white-space: normal; }
a { color: var(--bar); }
a:focus-visible { outline: 3px solid var(--bar); outline-offset: 2px; }
@media print {
  body { border: 0; }
  main { max-width: none; margin: 0; font-size: 9pt; line-height: 1.4; }
  th, td { padding-top: .1rem; padding-bottom: .1rem; }
  .bar, .unknown { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2, h3, caption { break-after: avoid; }
  figure, tr, li { break-inside: avoid; }
}
"""
_POLICY: Final = (
    "default-src 'none'; img-src data:; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
_MONTHS: Final = tuple(
    TextPair(*names)
    for names in (
        ("enero", "January"),
        ("febrero", "February"),
        ("marzo", "March"),
        ("abril", "April"),
        ("mayo", "May"),
        ("junio", "June"),
        ("julio", "July"),
        ("agosto", "August"),
        ("septiembre", "September"),
        ("octubre", "October"),
        ("noviembre", "November"),
        ("diciembre", "December"),
    )
)
_MINUTE: Final = 60_000_000
_LABEL_HOURS: Final = 6
"""Hours from one label of the hours of the day to the next."""
_MOST_PEAKS: Final = 3
"""Hours with the same highest number that are named; of more, none stands out."""
_LABEL_WEEKS: Final = 4
"""Weeks whose bars are, on a small screen, as wide as the name of a month."""


def render_report(counter: FactCounter, report: CountReport, manifest: str, words: Words) -> bytes:
    """Render the report of a count as an HTML page. Equal counts give equal bytes.

    Args:
        counter: The count.
        report: Contents of the report, from `collect_report`.
        manifest: The SHA-256 of the manifest of the count, in hexadecimal.
        words: The words of the language of the page.
    """
    return _ReportPage(counter, report, manifest, words).render().encode()


class _ReportPage:
    def __init__(self, counter: FactCounter, report: CountReport, manifest: str, words: Words) -> None:
        self._counter, self._report, self._manifest, self._words = counter, report, manifest, words
        self._language = get_language(words)

    def render(self) -> str:
        """Return the whole page."""
        title = self._words("Recuento de mensajes en redes sociales", "Count of messages on social networks")
        rhythm, rhythm_table = self._render_rhythm()
        delays, delays_table = self._render_delays()
        hours, hours_table = self._render_hours()
        figures = self._words("Las cifras de los gráficos", "The figures of the charts")
        sections = (
            self._render_head(title),
            rhythm,
            delays,
            hours,
            self._render_facts(),
            self._render_missing(),
            f"<h2>{figures}</h2>\n{rhythm_table}{delays_table}{hours_table}",
            self._render_check(),
        )
        return (
            f'<!doctype html>\n<html lang="{self._language}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
            f"<title>{escape_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
            f"<body>\n<main>\n{''.join(sections)}</main>\n</body>\n</html>\n"
        )

    # --- sections -------------------------------------------------------------------------------------------------

    def _render_head(self, title: str) -> str:
        words, counter = self._words, self._counter
        known = sum(fact.value is not None for fact in self._report.facts.values())
        total = len(self._report.facts)
        texts = [
            words(
                f"De los {total} datos que se cuentan para la metodología {counter.definitions.methodology} se conocen "
                f"{known}. Los demás quedan sin saber, que no es lo mismo que cero.",
                f"Of the {total} figures that are counted for methodology {counter.definitions.methodology}, {known} "
                "are known. The others are unknown, which is not the same as zero.",
            ),
            words(
                f"Mensajes leídos: {len(counter.table)}. Ficheros: {len(counter.sources)}. "
                f"Horas de {counter.plan.time_zone}.",
                f"Messages read: {len(counter.table)}. Files: {len(counter.sources)}. "
                f"Times of {counter.plan.time_zone}.",
            ),
        ]
        if counter.accounts:
            names = ", ".join(map(str, counter.accounts))
            texts.append(words(f"Cuentas del organismo: {names}.", f"Accounts of the organisation: {names}."))
        return f"<h1>{escape_text(title)}</h1>\n{_render_paragraphs(texts)}"

    def _render_facts(self) -> str:
        words, definitions = self._words, self._counter.definitions
        groups = [(words("Perfil", "Profile"), [(name, rule) for name, rule in definitions.profile.items()])]
        groups += (
            (
                f"{code} · {rules.name.into(self._language)}",
                [(f"{code}.{fact}", rule) for fact, rule in rules.facts.items()],
            )
            for code, rules in definitions.indicators.items()
            if rules.facts
        )
        body = "".join(
            f'<tbody>\n<tr><th scope="rowgroup" colspan="2">{escape_text(name)}</th></tr>\n'
            f"{''.join(self._render_fact(rule, self._report.facts[code]) for code, rule in rules)}</tbody>\n"
            for name, rules in groups
        )
        return (
            f"<h2>{words('Lo que se ha contado', 'What was counted')}</h2>\n"
            f"<table>\n<caption>{words('Cada dato, con su valor', 'Each figure, with its value')}</caption>\n"
            f'<thead><tr><th scope="col">{words("Dato", "Figure")}</th>'
            f'<th scope="col" class="number">{words("Valor", "Value")}</th></tr></thead>\n{body}</table>\n'
        )

    def _render_fact(self, rule: FactRule, fact: FactCount) -> str:
        if fact.value is None:
            value = self._words("no se sabe", "unknown")
            how = join_reasons(fact.reasons, self._words, most=1)
        else:
            value = format_value(fact.value, self._words)
            how = BASES[fact.basis].into(self._language)
        # A list of names needs several lines, a number must not break.
        kind = "" if isinstance(fact.value, tuple) else ' class="number"'
        return (
            f'<tr><th scope="row">{escape_text(rule.name.into(self._language))}'
            f'<span class="how">{escape_text(how)}</span></th><td{kind}>{escape_text(value)}</td></tr>\n'
        )

    def _render_missing(self) -> str:
        words, report = self._words, self._report
        title = words("Qué falta y qué exportar ahora", "What is missing, and what to export next")
        if not report.missing:
            nothing = words("No falta nada de lo que se cuenta.", "Nothing that is counted is missing.")
            return f"<h2>{title}</h2>\n{_render_paragraphs([nothing])}"
        parts = [f"<h2>{title}</h2>\n", _render_list("ul", list_missing_texts(report.missing, words))]
        for advice in report.exports:
            parts.append(f"<h3>{escape_text(describe_export(advice, words))}</h3>\n")
            parts.append(_render_list("ol", [step.into(self._language) for step in advice.guide.steps]))
        return "".join(parts)

    def _render_rhythm(self) -> tuple[str, str]:
        words, report = self._words, self._report
        bars = [
            Bar(self._label_month(position), week.posts, week.monday in report.unknown_weeks)
            for position, week in enumerate(report.weeks)
        ]
        finding = self._describe_rhythm()
        about = words(
            f"Gráfico de barras con las publicaciones propias de cada semana. {finding}. "
            "Las cifras están en una tabla al final.",
            f"Bar chart of the own posts of each week. {finding}. The figures are in a table at the end.",
        )
        caption = words(
            f"Publicaciones propias por semana completa, de lunes a domingo, del {self._format_days()}.",
            f"Own posts by full week, Monday to Sunday, {self._format_days()}.",
        )
        if report.unknown_weeks:
            caption += words(
                " Rayadas, las semanas que los ficheros no cubren enteras: pudo haber más.",
                " Hatched are the weeks that the files do not cover as a whole: there may have been more.",
            )
        rows = [(self._format_date(week.monday), self._format_posts(week.monday, week.posts)) for week in report.weeks]
        heads = words("Semana del lunes", "Week of Monday"), words("Publicaciones", "Posts")
        name = words("Publicaciones por semana", "Posts by week")
        return (
            self._render_figure("rhythm", finding, draw_columns(bars, about), caption),
            _render_figures("rhythm", name, heads, rows),
        )

    def _render_delays(self) -> tuple[str, str]:
        words, report = self._words, self._report
        limits = [
            words("hasta 1 hora", "up to 1 hour"),
            *(
                words(f"más de {low} y hasta {high} horas", f"over {low} and up to {high} hours")
                for low, high in pairwise(DELAY_HOURS)
            ),
            words(f"más de {DELAY_HOURS[-1]} horas", f"over {DELAY_HOURS[-1]} hours"),
        ]
        bars = [Bar(name, number) for name, number in zip(limits, report.delays, strict=True)]
        bars.append(Bar(words("sin respuesta en los ficheros", "no answer in the files"), report.unanswered, True))
        finding = self._describe_delays()
        about = words(
            f"Gráfico de barras con los mensajes según lo que tardó la primera respuesta. {finding}. "
            "Las cifras están en una tabla al final.",
            f"Bar chart of the messages by the time until the first answer. {finding}. The figures are in a table "
            "at the end.",
        )
        caption = words(
            f"Mensajes recibidos del {self._format_days()}, según las horas hasta la primera respuesta en la misma "
            "conversación. Cuentan todos, también los que no pedían nada.",
            f"Messages received {self._format_days()}, by the hours until the first answer in the same conversation. "
            "All count, also those that asked for nothing.",
        )
        if report.unknown_conversations:
            caption += " " + words(
                "Los ficheros no traen las conversaciones enteras, así que puede haber más mensajes y más respuestas.",
                "The files do not have the whole conversations, so that there may be more messages and more answers.",
            )
        rows = [(bar.label, str(bar.number)) for bar in bars]
        if report.median_delay is not None:
            rows.append(
                (words("Mediana de las respuestas", "Median of the answers"), self._format_delay(report.median_delay))
            )
        heads = words("Primera respuesta", "First answer"), words("Mensajes", "Messages")
        name = words("Mensajes según la primera respuesta", "Messages by the first answer")
        return (
            self._render_figure("delays", finding, draw_rows(bars, about), caption),
            _render_figures("delays", name, heads, rows),
        )

    def _render_hours(self) -> tuple[str, str]:
        words, report = self._words, self._report
        names = (
            words("Publicaciones propias", "Own posts"),
            words("Mensajes recibidos", "Messages received"),
            words("Respuestas", "Replies"),
        )
        parts: list[str] = []
        for name, numbers in zip(names, zip(*report.hours, strict=True), strict=True):
            bars = [Bar("" if hour % _LABEL_HOURS else f"{hour} h", number) for hour, number in enumerate(numbers)]
            peak = self._describe_peak(numbers)
            about = words(
                f"Gráfico de barras por horas del día. {name}: {peak}. Las cifras están en una tabla al final.",
                f"Bar chart by hours of the day. {name}: {peak}. The figures are in a table at the end.",
            )
            parts.append(f"<h3>{escape_text(name)}</h3>\n{draw_columns(bars, about)}")
        zone = self._counter.plan.time_zone
        caption = words(
            f"Mensajes del {self._format_days()}, según la hora del día en que se escribieron, en {zone}. No están "
            "aquellos de los que solo se conoce el día.",
            f"Messages {self._format_days()}, by the hour of the day at which they were written, in {zone}. Those of "
            "which only the day is known are left out.",
        )
        if report.unknown_weeks or report.unknown_conversations:
            caption += " " + words(
                "Los ficheros no lo cubren todo: puede haber más.",
                "The files do not cover everything: there may be more.",
            )
        heads = words("Hora del día", "Hour of the day"), *names
        rows = [(_format_hour(hour), *map(str, numbers)) for hour, numbers in enumerate(report.hours)]
        table = words("Mensajes según la hora del día", "Messages by the hour of the day")
        return (
            self._render_figure("hours", self._describe_hours(), "\n".join(parts), caption),
            _render_figures("hours", table, heads, rows),
        )

    def _render_check(self) -> str:
        words = self._words
        how = words(
            "Los números salen de los ficheros de las plataformas con las reglas de la metodología. Quien tenga los "
            "mismos ficheros obtiene los mismos números con «actitud count --check» y el manifiesto.",
            "The numbers come from the files of the platforms by the rules of the methodology. Whoever has the same "
            "files gets the same numbers by “actitud count --check” and the manifest.",
        )
        which = words(
            "Este informe acompaña al manifiesto con SHA-256", "This report goes with the manifest of SHA-256"
        )
        return (
            f"<h2>{words('Cómo comprobarlo', 'How to check it')}</h2>\n<p>{escape_text(how)}</p>\n"
            f"<p>{escape_text(which)} <code>{escape_text(self._manifest)}</code>.</p>\n"
        )

    def _render_figure(self, table: str, finding: str, chart: str, caption: str) -> str:
        """Render a chart below its finding, with a link to the table of its figures."""
        link = self._words("Las cifras, en una tabla", "The figures in a table")
        return (
            f"<h2>{escape_text(finding)}</h2>\n<figure>\n{chart}\n<figcaption>{escape_text(caption)} "
            f'<a href="#{table}">{link}</a>.</figcaption>\n</figure>\n'
        )

    # --- findings and words ---------------------------------------------------------------------------------------

    def _describe_rhythm(self) -> str:
        """Return the title of the weekly rhythm, from the weeks that the files cover as a whole."""
        words = self._words
        known = [week for week in self._report.weeks if week.monday not in self._report.unknown_weeks]
        if not known:
            return words("De ninguna semana se sabe cuánto se publicó", "Of no week it is known how much was published")
        highest = max(week.posts for week in known)
        if not highest:
            return words("En las semanas que se conocen no se publicó", "Nothing was published in the weeks known")
        active = sum(week.posts > 0 for week in known)
        if len(known) == 1:
            return words(
                f"Publicaciones en la única semana conocida: {highest}", f"Posts in the only week known: {highest}"
            )
        return words(
            f"Se publicó en {active} de {len(known)} semanas conocidas, con un máximo de {highest} en una semana",
            f"There were posts in {active} of {len(known)} weeks known, at most {highest} in a week",
        )

    def _describe_delays(self) -> str:
        words, report = self._words, self._report
        answered = sum(report.delays)
        total = answered + report.unanswered
        if not total:
            return words(
                "Los ficheros no traen mensajes recibidos en el periodo", "The files have no messages of the period"
            )
        if report.median_delay is None:
            return words(
                f"Mensajes recibidos: {total}; en los ficheros ninguno tiene respuesta",
                f"Messages received: {total}; in the files none has an answer",
            )
        delay = self._format_delay(report.median_delay)
        return words(
            f"La mitad de las respuestas llegó en {delay} o menos; mensajes con respuesta: {answered} de {total}",
            f"Half of the answers came within {delay}; messages with an answer: {answered} of {total}",
        )

    def _describe_hours(self) -> str:
        """Return the title of the hours of the day, with the hour at which most messages of each kind were written."""
        words = self._words
        starts = (
            words("se publica más", "most posts"),
            words("se recibe más", "most messages received"),
            words("se responde más", "most replies"),
        )
        series = list(zip(*self._report.hours, strict=True))
        peaks = [
            f"{start}: {self._describe_peak(numbers)}"
            for start, numbers in zip(starts, series, strict=True)
            if any(numbers)
        ]
        if not peaks:
            return words("De ningún mensaje se conoce la hora", "Of no message the time of day is known")
        text = "; ".join(peaks)
        return text[0].upper() + text[1:]

    def _describe_peak(self, numbers: Sequence[int]) -> str:
        """Return the hours of the day with the highest number."""
        highest = max(numbers)
        if not highest:
            return self._words("ninguno", "none")
        peaks = [_format_hour(hour) for hour, number in enumerate(numbers) if number == highest]
        if len(peaks) > _MOST_PEAKS:
            return self._words("ninguna hora destaca", "no hour stands out")
        return self._words(" y ", " and ").join(peaks)

    def _format_delay(self, delay: int) -> str:
        """Format a delay in whole minutes below an hour, else in hours; rounded up, so that “within” holds."""
        minutes = max(1, -(-delay // _MINUTE))
        if minutes < 60:
            unit = self._words("minuto", "minute") if minutes == 1 else self._words("minutos", "minutes")
            return f"{minutes} {unit}"
        tenths = -(-delay * 10 // (60 * _MINUTE))
        number = self._words.number(tenths / 10, 1 if tenths % 10 else 0)
        unit = self._words("hora", "hour") if tenths == 10 else self._words("horas", "hours")
        return f"{number} {unit}"

    def _format_posts(self, monday: date, posts: int) -> str:
        if monday not in self._report.unknown_weeks:
            return str(posts)
        if not posts:
            return self._words("no se sabe", "unknown")
        return self._words(f"al menos {posts}", f"at least {posts}")

    def _format_date(self, day: date) -> str:
        month = _MONTHS[day.month - 1]
        return self._words(f"{day.day} de {month.es} de {day.year}", f"{day.day} {month.en} {day.year}")

    def _format_days(self) -> str:
        first, last = map(self._format_date, self._report.days)
        return self._words(f"{first} al {last}", f"from {first} to {last}")

    def _label_month(self, position: int) -> str:
        """Return the short name of a month below its first week, else an empty text.

        A month of which the period has but the last weeks has no room for its name.
        """
        months = [week.monday.month for week in self._report.weeks]
        month = months[position]
        is_first = not position or months[position - 1] != month
        if not is_first or any(other != month for other in months[position : position + _LABEL_WEEKS]):
            return ""
        return _MONTHS[month - 1].into(self._language)[:3]


def _render_paragraphs(texts: Iterable[str]) -> str:
    return "".join(f"<p>{escape_text(text)}</p>\n" for text in texts)


def _render_list(tag: str, texts: Iterable[str]) -> str:
    items = "".join(f"<li>{escape_text(text)}</li>\n" for text in texts)
    return f"<{tag}>\n{items}</{tag}>\n"


def _format_hour(hour: int) -> str:
    return f"{hour}–{hour + 1} h"


def _render_figures(name: str, caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Render the table of a chart, to which its name leads: a label in the first column, numbers in the others."""
    parts: list[str] = []
    for label, *values in rows:
        cells = "".join(f'<td class="number">{escape_text(value)}</td>' for value in values)
        parts.append(f'<tr><th scope="row">{escape_text(label)}</th>{cells}</tr>\n')
    numbers = "".join(f'<th scope="col" class="number">{head}</th>' for head in heads[1:])
    return (
        f'<table id="{name}">\n<caption>{escape_text(caption)}</caption>\n'
        f'<thead><tr><th scope="col">{heads[0]}</th>{numbers}</tr></thead>\n'
        f"<tbody>\n{''.join(parts)}</tbody>\n</table>\n"
    )
