"""Figures of the benchmarks of servers, and `docs/scaling.md`, which is computed from them.

`python -m tests.benchmarks … --record` merges the figures of the parts that ran into `docs/scaling.json` and renders
the page; `python -m tests.benchmarks.scaling` renders it alone. No number of the page is typed by hand, except for the
assumptions below, which the page states.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, structs

from actitud_api.demo import service as demo
from actitud_api.platform.storage import postgresql
from tests.benchmarks.measure import Figures, machine
from tests.benchmarks.trial import SeriesCosts
from tests.benchmarks.visitors import Waits
from tests.support.figures import ROOT
from tests.support.figures import describe_run as describe_run

FOLDER: Final = ROOT / "docs"
LABELS: Final = {
    "document": "published document",
    "sheet": "JSON sheet",
    "list": "JSON list of 50",
    "badge": "badge",
    "card": "card",
    "frame": "frame",
    "organisation page": "page of an organisation",
    "ranking page": "page of the ranking",
}

MIX: Final = {
    "badge": 40,
    "organisation page": 20,
    "card": 10,
    "ranking page": 10,
    "sheet": 8,
    "frame": 5,
    "list": 5,
    "document": 2,
}
"""Assumption: of a hundred requests on the morning of a publication, so many are of each kind."""
FROM_MEMORY: Final = 0.9
"""Assumption: share of the requests that are answered from memory."""
BUSY: Final = 0.7
"""Assumption: share of a core that is busy at most, so that a short peak does not queue."""
CORES: Final = (1, 4, 16)
LINE: Final = 1e9
"""Assumption: bits per second of the line of the machine."""
HEAD: Final = 1_200
"""Assumption: bytes of the head of an answer, and of TCP around it."""
CODING: Final = "br"
"""Coding of the sizes on the line: that of browsers."""
EACH: Final = postgresql.CONNECTIONS
"""Connections to PostgreSQL that a process opens at most."""
CONNECTIONS: Final = 97
"""Those that PostgreSQL offers to ordinary users by default."""
PART_OF_DATABASE: Final = 0.25
"""Assumption: PostgreSQL has a quarter as many cores as the service, and at least one."""
REQUESTS_OF_READER: Final = 5
"""Assumption: requests of one reader in a minute, pictures and pages together."""


class Spread(Struct, frozen=True):
    """Least, median and greatest figure of all rounds."""

    least: float
    median: float
    most: float


class ReadSeries(Struct, frozen=True):
    """CPU seconds of a request of a series, and requests per second."""

    cpu: Spread
    rate: Spread


class ReadFigures(Struct, frozen=True):
    """Figures of a kind of read: its `Cache-Control`, its bytes by coding, its series, and ratios by their names."""

    read: str
    cache_control: str
    sizes: dict[str, int]
    series: dict[str, ReadSeries]
    ratios: dict[str, Spread]


class ReadsRun(Struct, frozen=True):
    """Figures of the part `reads`; `run` is its day and commit."""

    run: str
    rounds: int
    organisations: int
    reads: list[ReadFigures]


class GrowthFigures(Struct, frozen=True):
    """Figures of a kind of read at a size: CPU seconds of the service and of PostgreSQL for a request.

    `ratio` is the cost of the least size over that of this one; `scored` the number of organisations with a score.
    """

    kind: str
    read: str
    organisations: int
    scored: int
    service: Spread
    database: Spread
    rate: Spread
    ratio: Spread


class GrowthRun(Struct, frozen=True):
    """Figures of the part `growth`."""

    run: str
    rounds: int
    figures: list[GrowthFigures]


class ProcessFigures(Struct, frozen=True):
    """Figures of a kind of read by one process and by two, on PostgreSQL; `ratio` is two over one."""

    read: str
    service: Spread
    database: Spread
    two: Spread
    ratio: Spread


class ProcessesRun(Struct, frozen=True):
    """Figures of the part `processes`."""

    run: str
    rounds: int
    figures: list[ProcessFigures]


class FilesFigures(Struct, frozen=True):
    """Waits of other reads and of `/readyz` while files are asked for at once.

    `asked` says what is asked for, `outcomes` has the answers by status, `seconds` is the time until the last of them,
    and `size` the bytes of all.
    """

    asked: str
    outcomes: dict[str, int]
    seconds: float
    size: int
    reads: Waits
    readiness: Waits


class PublicationFigures(Struct, frozen=True):
    """Reads per second, each second, before, while and after an edition is published, which takes `seconds`.

    `ratio` is the mean of those meanwhile over the mean of those before; `reads` are the waits meanwhile.
    """

    kind: str
    seconds: float
    before: Spread
    during: Spread
    after: Spread
    ratio: float
    reads: Waits


class HourFigures(Struct, frozen=True):
    """Memory of a process, in bytes, during the requests of an hour in `seconds`.

    `requests` by who asks. `first`: the memory before the first request. `slope`: bytes a minute after the first third.
    `memory_bytes`: room of answers in memory. `from_memory`: share of the popular reads that came from there after the
    first third, whose waits are `popular`.
    """

    seconds: float
    requests: dict[str, int]
    outcomes: dict[str, int]
    first: int
    most: int
    slope: int
    memory_bytes: int
    from_memory: float
    popular: Waits


class BusyRun(Struct, frozen=True):
    """Figures of the part `busy`."""

    run: str
    organisations: int
    files: list[FilesFigures]
    publications: list[PublicationFigures]
    hour: HourFigures


class Scaling(Struct, frozen=True, omit_defaults=True):
    """All figures; None for a part that nobody has recorded. `machine` says what the last of them were taken on."""

    machine: str = ""
    reads: ReadsRun | None = None
    growth: GrowthRun | None = None
    processes: ProcessesRun | None = None
    busy: BusyRun | None = None


def summarise(figures: Figures) -> Spread:
    """Return the spread of figures, to four significant digits."""
    return Spread(*(float(f"{figure:.4g}") for figure in (figures.least, figures.median, figures.most)))


def summarise_costs(costs: SeriesCosts) -> ReadSeries:
    """Return the figures of a series."""
    return ReadSeries(summarise(costs.cpu), summarise(costs.rate))


def read_figures(folder: Path = FOLDER) -> Scaling:
    """Return the stored figures."""
    file = folder / "scaling.json"
    return msgspec.json.decode(file.read_bytes(), type=Scaling) if file.exists() else Scaling()


def record_figures(
    runs: Mapping[str, ReadsRun | GrowthRun | ProcessesRun | BusyRun], folder: Path = FOLDER, machine: str = ""
) -> None:
    """Replace the figures of the parts that ran, and write the page anew."""
    write_figures(structs.replace(read_figures(folder), machine=machine or describe_machine(), **runs), folder)


def write_figures(figures: Scaling, folder: Path = FOLDER) -> None:
    """Write the figures and the page."""
    text = msgspec.json.format(msgspec.json.encode(figures), indent=1)
    (folder / "scaling.json").write_bytes(text + b"\n")
    (folder / "scaling.md").write_text(render(figures), "utf-8")


def describe_machine() -> str:
    """Return the machine of the figures without its load."""
    return re.sub(r", load [\d.]+", "", machine())


def render(figures: Scaling) -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    if figures.reads is None:
        parts.append("No run has recorded the reads yet.\n")
    else:
        reads = {read.read: read for read in figures.reads.reads}
        parts += [_describe_costs(figures, figures.reads), _describe_capacity(reads, figures), _describe_cdn(reads)]
    parts.append(_describe_database(figures))
    if figures.growth is not None:
        parts.append(_describe_growth(figures.growth))
    if figures.busy is not None:
        parts.append(_describe_busy(figures.busy))
    return "\n".join(_wrap(part) for part in parts)


INTRODUCTION: Final = """\
# Scaling

You run an installation, or plan one, and want to know how many readers it carries, what gives way first, and when \
a CDN or a larger database helps. Every number here is computed from `scaling.json`, which this command \
writes on a quiet machine; do not edit the page.

```
make bench PART='reads growth processes busy' OPTIONS='--record --full'
```
"""


def _describe_costs(figures: Scaling, run: ReadsRun) -> str:
    rows = []
    for read in run.reads:
        cost = {name: _micro(series.cpu) for name, series in read.series.items()}
        rows.append(
            (
                LABELS[read.read],
                f"{read.sizes['identity']:,} / {read.sizes.get(CODING, read.sizes['identity']):,}",
                cost["hot"],
                cost["304"],
                cost["cold"],
                cost["plain"],
                cost.get("peer", "–"),
                _times(read.ratios["plain over hot"]),
                _times(read.ratios["peer over hot"]) if "peer over hot" in read.ratios else "–",
            )
        )
    noise = [read.ratios["plain over plain again: the noise"] for read in run.reads]
    return "\n".join(
        (
            "## The cost of a request\n",
            f"Microseconds of CPU of one process for a request, the median of {run.rounds} rounds in which all servers "
            f"took their turn (least to greatest in brackets). SQLite, {run.organisations:,} organisations, 16 "
            f"connections; {figures.machine}; {run.run}. *Hot*: the same address again and again; *cold*: each address "
            "once; *304*: the hot one with its `ETag`. *Plain*: a Litestar handler that returns the same bytes. "
            "*Peer*: FastAPI and SQLModel, returning the same data (`tests/benchmarks/peers`); it stores each sheet "
            "ready made in one language, of which the service keeps the signed figures and writes the sentences.\n",
            _tabulate(
                ("read", f"bytes / {CODING}", "hot", "304", "cold", "plain", "peer", "plain over hot", "peer over hot"),
                rows,
            ),
            "Plain over itself, measured twice, is "
            f"{min(one.median for one in noise):.2f} to {max(one.median for one in noise):.2f}: differences of that "
            "size mean nothing.\n",
        )
    )


def _describe_capacity(reads: Mapping[str, ReadFigures], figures: Scaling) -> str:
    hot, mixed = compute_cost(reads, 1.0), compute_cost(reads, FROM_MEMORY)
    cold = 1 - FROM_MEMORY * hot / mixed
    size = compute_size(reads)
    more = _find_process_factor(figures.processes)
    database = _find_database_cost(figures)
    rows = []
    for cores in CORES:
        factor = 1.0 if cores == 1 else more
        rate = cores * BUSY / (mixed * factor)
        rows.append(
            (
                f"{cores}",
                "SQLite or PostgreSQL, 1 process" if cores == 1 else f"PostgreSQL, {cores} processes",
                f"{cores * BUSY / (hot * factor):,.0f}",
                f"{rate:,.0f}",
                f"{60 * rate / REQUESTS_OF_READER:,.0f}",
                f"{8 * rate * size / 1e6:,.0f} Mbit/s",
                "–" if database is None else f"{rate * (1 - FROM_MEMORY) * database:.2f}",
                ", then ".join((*list_bottlenecks(cores, rate, size, database), "the cores of the service")),
            )
        )
    mix = ", ".join(f"{share} × {LABELS[read]}" for read, share in MIX.items())
    return "\n".join(
        (
            "## What 1, 4 and 16 cores carry\n",
            f"Assumed: of a hundred requests {mix}; {FROM_MEMORY:.0%} of the answers come from memory; a core is busy "
            f"for {BUSY:.0%} of the time; {REQUESTS_OF_READER} requests a minute for a reader; a line of "
            f"{LINE / 1e9:g} Gbit/s, answers in {CODING}, {HEAD:,} bytes of head. Several processes cost "
            f"{more:.2f} of one for a request"
            f"{' (assumed: nobody has recorded the part `processes`)' if figures.processes is None else ''}. The cores "
            "are those of the service; nginx has others, and so has PostgreSQL, "
            f"{PART_OF_DATABASE:.0%} as many and at least one.\n",
            _tabulate(
                (
                    "cores",
                    "installation",
                    "requests/s, all from memory",
                    "requests/s, as assumed",
                    "readers at a time",
                    "line",
                    "cores of PostgreSQL",
                    "gives way first",
                ),
                rows,
            ),
            f"A request as assumed costs {mixed * 1e6:,.0f} µs, one from memory {hot * 1e6:,.0f} µs: the "
            f"{1 - FROM_MEMORY:.0%} that are not there take {cold:.0%} of the work."
            + (" So give the memory of answers room before you add cores.\n" if cold > 1 / 3 else "\n"),
        )
    )


def _describe_cdn(reads: Mapping[str, ReadFigures]) -> str:
    shared = {read: find_shared_age(reads[read].cache_control) for read in MIX if read in reads}
    kept = [read for read, age in shared.items() if age]
    asked = [read for read, age in shared.items() if not age]
    share = sum(MIX[read] for read in kept) / sum(MIX[read] for read in shared)
    each = [read for read in kept if read not in ("list", "ranking page")]
    origin = sum(demo.ORGANISATIONS / shared[read] for read in each)
    left = sum(MIX[read] * reads[read].series["304"].cpu.median for read in asked) / sum(MIX[read] for read in shared)
    text = (
        f"A shared cache may keep {_enumerate(LABELS[read] for read in kept)}: {share:.0%} of the requests as assumed. "
        f"Each of the {demo.ORGANISATIONS:,} organisations with its {len(each)} addresses among them then reaches the "
        f"service at most once in the `s-maxage` of its answers, {origin:,.0f} requests a second in all, however many "
        "people read. "
    )
    if asked:
        text += (
            f"It has to ask again for {_enumerate(LABELS[read] for read in asked)} each time, and the service "
            f"answers 304: one core then carries {BUSY / left:,.0f} requests a second as assumed, most of which never "
            "reach it. "
        )
    rate = BUSY / compute_cost(reads, FROM_MEMORY)
    text += (
        f"It helps from about {rate:,.0f} requests a second on with one core, or where the line is full: "
        f"{LINE / 8 / compute_size(reads):,.0f} requests a second for one of {LINE / 1e9:g} Gbit/s. Below that it "
        "brings readers nearer and nothing else.\n"
    )
    return "\n".join(("## Where a CDN comes in\n", text))


def _describe_database(figures: Scaling) -> str:
    database = _find_database_cost(figures)
    text = (
        "The service reads and writes at one PostgreSQL, the primary. A replica is there to take over "
        "([a standby](../deploy/README.md#a-standby)); it takes no reads. What is in memory needs no database. "
        f"A process opens {EACH} connections at most, and PostgreSQL has {CONNECTIONS} unless `max_connections` is "
        f"raised: that is room for {CONNECTIONS // EACH} processes; {max(CORES)} take {max(CORES) * EACH} in all. "
    )
    if database is None:
        text += "No run has recorded the cost of reads on PostgreSQL yet.\n"
    else:
        rate = BUSY / database
        text += (
            f"A read that is not in memory costs PostgreSQL {database * 1e6:,.0f} µs of CPU, so one of its cores is "
            f"busy at {rate:,.0f} such reads a second, {rate / (1 - FROM_MEMORY):,.0f} requests a second as assumed. "
            "Replicas that take reads would come in beyond what the cores of the primary carry; more room for the "
            "memory of answers, or a CDN, is cheaper and comes first.\n"
        )
    return "\n".join(("## Where the database comes in\n", text))


def _describe_growth(run: GrowthRun) -> str:
    rows = [
        (
            figure.read,
            {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[figure.kind],
            f"{figure.organisations:,}",
            f"{figure.scored:,}",
            _micro(figure.service),
            _micro(figure.database) if figure.kind == "postgresql" else "–",
            _times(figure.ratio),
        )
        for figure in run.figures
    ]
    return "\n".join(
        (
            "## Growth\n",
            f"Microseconds of CPU for a request, each address asked once, median of {run.rounds} rounds; {run.run}. "
            "The last column is the cost at the least size over the cost at this one: 1 is no growth.\n",
            _tabulate(
                ("read", "database", "organisations", "with a score", "service", "PostgreSQL", "least over this"), rows
            ),
        )
    )


def _describe_busy(run: BusyRun) -> str:
    waits = [
        (figure.asked, what, *(f"{1e3 * wait:,.0f}" for wait in (one.p50, one.p99, one.most)), _count(one.outcomes))
        for figure in run.files
        for what, one in (("other reads", figure.reads), ("`/readyz`", figure.readiness))
    ]
    files = [
        f"{figure.asked.capitalize()}: {_count(figure.outcomes)}; the last of them ended after {figure.seconds:.1f} s, "
        f"{figure.size / 1e6:,.0f} MB in all."
        for figure in run.files
        if figure.outcomes
    ]
    rates = [
        (
            {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[figure.kind],
            f"{figure.seconds:,.0f}",
            f"{figure.before.median:,.0f}",
            f"{figure.during.median:,.0f}",
            f"{figure.during.least:,.0f}",
            f"{figure.after.median:,.0f}",
            f"{figure.ratio:.0%}",
            _count(figure.reads.outcomes),
        )
        for figure in run.publications
    ]
    hour = run.hour
    requests = sum(hour.requests.values())
    return "\n".join(
        (
            "## When it is busy\n",
            f"Milliseconds of one process on SQLite behind the nginx of `deploy/`, {run.organisations:,} organisations "
            f"with a score, while {sum(run.files[-1].outcomes.values())} files of whole tables are asked for at once; "
            f"{run.run}. A process makes two large files at a time, and refuses those that wait for longer "
            "([large answers](configuration.md#large-answers)).\n",
            _tabulate(("asked for", "read", "p50", "p99", "longest", "statuses"), waits),
            " ".join(files) + "\n",
            "Reads per second, medians of seconds, while an edition of so many organisations is published by the API. "
            "Last but one: the mean meanwhile over the mean before.\n",
            _tabulate(
                (
                    "database",
                    "seconds",
                    "before",
                    "meanwhile",
                    "least meanwhile",
                    "after",
                    "meanwhile over before",
                    "statuses meanwhile",
                ),
                rates,
            ),
            f"{requests:,} requests in {hour.seconds:,.0f} s, as many as an hour of {requests / 3600:,.0f} a second "
            f"({_count(hour.requests)}), the attack with addresses that nobody asks for twice: the process had "
            f"{hour.first / 2**20:,.0f} MiB before and {hour.most / 2**20:,.0f} MiB at most, "
            f"{hour.slope / 2**20:+,.1f} MiB a minute after the first third. Its answers in memory take "
            f"{hour.memory_bytes / 2**20:,.0f} MiB at most (`memory_bytes`). {hour.from_memory:.1%} of the popular "
            f"reads came from there, and 99 of 100 took {1e3 * hour.popular.p99:,.0f} ms at most.\n",
        )
    )


def compute_cost(reads: Mapping[str, ReadFigures], from_memory: float) -> float:
    """Return the CPU seconds of a request of `MIX`; `from_memory` is the share of hot ones."""
    costs = {
        read: from_memory * reads[read].series["hot"].cpu.median
        + (1 - from_memory) * reads[read].series["cold"].cpu.median
        for read in MIX
    }
    return sum(MIX[read] * cost for read, cost in costs.items()) / sum(MIX.values())


def compute_size(reads: Mapping[str, ReadFigures]) -> float:
    """Return the bytes of an answer of `MIX` on the line."""
    sizes = {read: HEAD + reads[read].sizes.get(CODING, reads[read].sizes["identity"]) for read in MIX}
    return sum(MIX[read] * size for read, size in sizes.items()) / sum(MIX.values())


def list_bottlenecks(processes: int, rate: float, size: float, database: float | None) -> list[str]:
    """Return what does not carry a rate of requests that the cores of the service carry, the least sufficient first.

    `size`: bytes of an answer. `database`: CPU seconds of PostgreSQL for a read that is not in memory; None if unknown.
    """
    uses = {"the line": 8 * rate * size / LINE}
    if processes > 1:
        uses["`max_connections` of PostgreSQL"] = processes * EACH / CONNECTIONS
    if processes > 1 and database is not None:
        cores = max(1, processes * PART_OF_DATABASE)
        uses[f"the {cores:g} cores of PostgreSQL"] = rate * (1 - FROM_MEMORY) * database / (BUSY * cores)
    return [name for name in sorted(uses, key=lambda name: -uses[name]) if uses[name] > 1]


def find_shared_age(cache_control: str) -> int:
    """Return the seconds for which a shared cache may answer without asking; 0 if it has to ask each time."""
    fields = {name.strip(): value for name, _, value in (part.partition("=") for part in cache_control.split(","))}
    if not {"no-cache", "no-store", "private"}.isdisjoint(fields):
        return 0
    return int(fields.get("s-maxage") or fields.get("max-age") or 0)


def _find_process_factor(run: ProcessesRun | None) -> float:
    """Return how many times as much CPU a request costs with several processes, at least 1."""
    return 1.0 if run is None else max(1.0, *(figure.ratio.median for figure in run.figures))


def _find_database_cost(figures: Scaling) -> float | None:
    """Return the CPU seconds of PostgreSQL for a read that is not in memory, the mean of the kinds; None if unknown."""
    if figures.processes is None:
        return None
    costs = [figure.database.median for figure in figures.processes.figures if figure.read.endswith("cold")]
    return sum(costs) / len(costs)


def _wrap(text: str) -> str:
    """Wrap the prose of a text to lines of 120 characters; tables and headings stay as they are."""
    return "\n".join(
        line
        if line.startswith(("|", "#"))
        else textwrap.fill(line, 120, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )


def _tabulate(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _micro(spread: Spread) -> str:
    return f"{_round(1e6 * spread.median)} ({_round(1e6 * spread.least)}–{_round(1e6 * spread.most)})"


def _times(spread: Spread) -> str:
    return f"{spread.median:.3g} ({spread.least:.3g}–{spread.most:.3g})"


def _round(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 10 else f"{figure:.2g}"


def _count(outcomes: Mapping[str, int]) -> str:
    return _enumerate(f"{number:,} × {outcome}" for outcome, number in outcomes.items())


def _enumerate(names: Iterable[str]) -> str:
    return ", ".join(names)


if __name__ == "__main__":
    write_figures(read_figures())
