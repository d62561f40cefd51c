"""The options of the command ``count``, checked before the first file is read."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from actitud.cli.common import CommandError, Session, tell
from actitud.counting.answers import InvalidProfile, read_profile
from actitud.counting.counts import CountPlan
from actitud.counting.coverage import NetworkAccount
from actitud.counting.definitions import TextPair, UnknownVersion, list_counted_versions, load_definitions
from actitud.counting.networks import NETWORKS, WITHOUT_FILE, identify_network
from actitud.counting.options import describe_misspelt_network, normalise_account
from actitud.counting.profile_limits import (
    find_contradictions,
    find_invalid_values,
    list_foreign_fields,
    load_profile_limits,
)
from actitud.counting.report_texts import get_language
from actitud.counting.runs import CountFiles, StatedPeriod
from actitud.counting.windows import Days, UnknownTimeZone, list_window_days, load_zone, read_edition_days

MANIFEST: Final = "manifest.json"
ANSWERS: Final = "answers.json"
FORM: Final = "answers.xlsx"
_NEWEST: Final = "2027.1"
_HTTPS: Final = re.compile(r'https://[^\x00-\x20\x7f-\xa0<>"\\^`{|}]+')
"""Addresses that the service takes as those of documents."""


class CountInputs(NamedTuple):
    """Inputs of a count besides its files.

    ``plan``: plan of the count. ``periods``: days that files cover, as a person states them. ``profile``: profile
    fields that a person states, by name.
    """

    plan: CountPlan
    periods: Sequence[StatedPeriod]
    profile: Mapping[str, Any]


class CountOptions:
    """Checked options of one run of the command ``count``.

    ``files``: files to read. ``aliases``: other names that files give to each account.

    Raises CommandError if an account names no network, or two options name one account.
    """

    def __init__(self, session: Session) -> None:
        self._options = session.options
        self._words = session.words
        self._language = get_language(session.words)
        self.files: CountFiles = CountFiles(
            tuple(map(Path, self._options.files)),
            tuple(map(Path, self._options.mapping)),
            tuple(map(Path, self._options.coded)),
        )
        self.aliases: dict[NetworkAccount, list[str]] = {}
        for text in self._options.account:
            account, aliases = self._split_account("--account", text)
            self.aliases.setdefault(account, []).extend(aliases)
        self._check_names()

    def read(self) -> CountInputs:
        """Return the inputs of the count.

        Raises:
            CommandError: If an option has an invalid value, or two options contradict each other.
        """
        self._check_outputs()
        version, windows = self._read_windows()
        profile = self._read_profile(version)
        try:
            load_zone(self._options.time_zone)
        except UnknownTimeZone as error:
            wrong = self._words("no hay ninguna zona horaria con ese nombre", "there is no time zone of that name")
            raise CommandError(f"{self._options.time_zone}: {wrong} (Europe/Madrid)") from error
        plan = CountPlan(
            methodology=version,
            windows=windows,
            time_zone=self._options.time_zone,
            seed=self._options.seed,
            population=self._choose_population(profile),
            main=self._find_main(),
            accounts=tuple(sorted(self.aliases)),
            date_order=self._options.date_order,
            samples=self._read_samples(version),
        )
        return CountInputs(plan, list(self._read_periods(windows)), profile)

    # --- accounts -------------------------------------------------------------------------------------------------

    def _split_account(self, option: str, text: str) -> tuple[NetworkAccount, list[str]]:
        """Return the account in ``platform:name=alias=alias``, and its aliases."""
        platform, colon, rest = text.partition(":")
        name, *aliases = rest.split("=")
        if not colon or not platform.strip() or not name.strip():
            wrong = self._words("se espera red:nombre, como x:ayto", "platform:name is expected, such as x:ayto")
            raise CommandError(f"{text}: {wrong}")
        network = identify_network(platform)
        if network.likely is not None:
            wrong = describe_misspelt_network(network.name, network.likely).into(self._language)
            raise CommandError(f"{option} {text}: {wrong}")
        if not network.is_read:
            known = ", ".join(name for name in NETWORKS if name not in WITHOUT_FILE)
            self._tell(
                f"{option} {text}: de «{network.name}» no se lee ningún fichero; sus mensajes solo se cuentan si "
                f"están en un registro con esa red. Se leen ficheros de: {known}",
                f"{option} {text}: no file of “{network.name}” is read; its messages count only if they are in a log "
                f"with this network. Files are read of: {known}",
            )
        return NetworkAccount(network.name, name), aliases

    def _check_names(self) -> None:
        """Raise CommandError if a name or an alias stands for two accounts of a network."""
        owners: dict[tuple[str, str], NetworkAccount] = {}
        for account, aliases in self.aliases.items():
            for name in (account.name, *aliases):
                owner = owners.setdefault((account.platform, normalise_account(name)), account)
                if owner != account:
                    raise self._refuse(
                        f"--account: «{name}» es a la vez {owner} y {account}; deje uno, o ponga otro nombre",
                        f"--account: “{name}” is both {owner} and {account}; leave one, or give another name",
                    )

    def _find_main(self) -> NetworkAccount | None:
        """Return the main account in the spelling of ``--account``."""
        if self._options.main is None:
            return None
        main, _ = self._split_account("--main", self._options.main)
        wanted = normalise_account(main.name)
        for account, aliases in self.aliases.items():
            if account.platform == main.platform and wanted in map(normalise_account, (account.name, *aliases)):
                return account
        if self.aliases:
            listed = ", ".join(map(str, sorted(self.aliases)))
            raise self._refuse(
                f"--main {self._options.main}: no es ninguna de las cuentas de --account, que son {listed}",
                f"--main {self._options.main}: it is none of the accounts of --account, which are {listed}",
            )
        return main

    # --- days -----------------------------------------------------------------------------------------------------

    def _read_windows(self) -> tuple[str, dict[str, Days]]:
        """Return the methodology version, and the days of each of its windows by name."""
        options = self._options
        days: dict[str, Days] = {}
        version: str | None = options.methodology
        if options.edition is not None:
            try:
                days, named = read_edition_days(Path(options.edition).read_bytes(), electoral=options.electoral)
            except msgspec.MsgspecError as error:
                spanish = "no es una edición como la da GET /v1/editions/{edition}"
                wrong = self._words(spanish, "it is no edition as GET /v1/editions/{edition} has it")
                raise CommandError(f"{options.edition}: {wrong}") from error
            version = version or named
        version = version or _NEWEST
        try:
            rules = load_definitions(version).windows
        except UnknownVersion as error:
            known = ", ".join(list_counted_versions())
            wrong = self._words(f"la metodología {version} no se cuenta; ", f"methodology {version} is not counted; ")
            raise CommandError(wrong + self._words(f"se cuentan: {known}", f"counted are: {known}")) from error
        if options.year is not None:
            days = {**list_window_days(rules, options.year, electoral=options.electoral), **days}
        chosen: dict[str, Days] = {}
        for text in options.window:
            name, _, span = text.partition("=")
            if name not in rules:
                known = ", ".join(sorted(rules))
                raise self._refuse(
                    f"--window {text}: no hay ningún periodo «{name}»; son {known}",
                    f"--window {text}: there is no window “{name}”; they are {known}",
                )
            self._choose_once(chosen, name, self._split_days(span), f"--window {text}")
        days |= chosen
        if not rules.keys() <= days.keys():
            raise self._refuse(
                "diga el año que se mide con --year, o la edición con --edition",
                "say the year that is measured by --year, or the edition by --edition",
            )
        return version, {name: days[name] for name in sorted(rules)}

    def _read_periods(self, windows: Mapping[str, Days]) -> Iterator[StatedPeriod]:
        first, last = min(days.first for days in windows.values()), max(days.last for days in windows.values())
        stated: dict[str, Days] = {}
        for text in self._options.period:
            name, _, span = text.rpartition("=")
            days = self._split_days(span)
            if days.last < first or days.first > last:
                raise self._refuse(
                    f"--period {text}: ninguno de esos días se cuenta; se cuentan los de {first}/{last}",
                    f"--period {text}: none of these days is counted; counted are those of {first}/{last}",
                )
            self._choose_once(stated, name, days, f"--period {text}")
            yield StatedPeriod(Path(name).name if name else None, days)

    def _choose_once(self, chosen: dict[str, Days], name: str, days: Days, option: str) -> None:
        """Set the days of a window or file. Raise CommandError if another option sets other days."""
        first, last = chosen.setdefault(name, days)
        if (first, last) != days:
            raise self._refuse(
                f"{option}: otra opción dice {first}/{last}; deje una",
                f"{option}: another option says {first}/{last}; leave one",
            )

    def _split_days(self, text: str) -> Days:
        first, _, last = text.partition("/")
        try:
            days = Days(date.fromisoformat(first), date.fromisoformat(last))
        except ValueError:
            days = None
        if days is None or days.number < 1:
            wrong = self._words(
                "se esperan dos fechas, como 2027-01-01/2027-12-31", "two dates are expected: 2027-01-01/2027-12-31"
            )
            raise CommandError(f"{text}: {wrong}")
        return days

    def _read_samples(self, version: str) -> dict[str, int]:
        """Return the size of each sample of which more is coded than the methodology version asks for."""
        least = {name: frame.size for name, frame in load_definitions(version).frames.items() if frame.size is not None}
        samples: dict[str, int] = {}
        for text in self._options.sample:
            name, _, number = text.partition("=")
            # A sheet of a workbook takes no more than a million rows.
            if name not in least or not re.fullmatch("[0-9]{1,6}", number) or int(number) < least[name]:
                listed = ", ".join(f"{frame}={size}" for frame, size in least.items())
                raise self._refuse(
                    f"--sample {text}: se espera una muestra y cuántos se codifican, como mínimo: {listed}",
                    f"--sample {text}: a sample and how many are coded are expected, at least: {listed}",
                )
            samples[name] = int(number)
        return samples

    # --- the profile ----------------------------------------------------------------------------------------------

    def _read_profile(self, version: str) -> dict[str, Any]:
        """Return the further profile fields, without those that the methodology version does not ask for."""
        file = self._options.profile
        if file is None:
            return {}
        try:
            profile = read_profile(Path(file).read_bytes(), version)
        except InvalidProfile as error:
            wrong = self._words(
                f"no es un perfil, ni un cuestionario guardado de la metodología {version}",
                f"it is no profile, nor a saved questionnaire of methodology {version}",
            )
            raise CommandError(f"{file}: {wrong}") from error
        limits = load_profile_limits(version)
        problems = find_invalid_values(profile, limits)
        problems = problems or [contradiction.detail for contradiction in find_contradictions(profile, limits)]
        if problems:
            for problem in problems:
                tell(f"{file}: {problem.into(self._language)}")
            raise self._refuse(
                f"{file}: corrija el perfil; no se ha leído ningún otro fichero",
                f"{file}: correct the profile; no other file was read",
            )
        for name in list_foreign_fields(profile, limits):
            self._tell(
                f"{file}: la metodología {version} no pide {name}; no se usa",
                f"{file}: methodology {version} does not ask for {name}; it is not used",
            )
            del profile[name]
        return profile

    def _choose_population(self, profile: Mapping[str, Any]) -> int | None:
        """Return the people served, which the option or the profile may say."""
        option: int | None = self._options.population
        stated: int | None = profile.get("population_served")
        if option is not None and stated is not None and option != stated:
            raise self._refuse(
                f"--population {option}: en {self._options.profile} population_served es {stated}; tiene que ser "
                "el mismo número",
                f"--population {option}: in {self._options.profile} population_served is {stated}; it has to be "
                "the same number",
            )
        return stated if option is None else option

    # --- outputs --------------------------------------------------------------------------------------------------

    def _check_outputs(self) -> None:
        """Check where results will go, so that a long count is not lost at its end, nor a file that it reads."""
        options = self._options
        if options.evidence is not None and not _HTTPS.fullmatch(options.evidence):
            wrong = self._words(
                "la dirección tiene que empezar por https:// y no llevar espacios",
                "the address has to begin with https:// and have no spaces",
            )
            raise CommandError(f"{options.evidence}: {wrong}")
        if options.evidence is None and options.evidence_date is not None:
            self._tell(
                "--evidence-date: no se usa, porque falta la dirección del manifiesto (--evidence)",
                "--evidence-date: it is not used, because the address of the manifest is missing (--evidence)",
            )
        folder = Path(options.output)
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
        chosen = [Path(name) for name in (options.rows, options.html) if name is not None]
        for path in chosen:
            if not path.parent.is_dir() and path.parent.resolve() != folder.resolve():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        read = [*self.files.exports, *self.files.mappings, *self.files.workbooks]
        read += [Path(name) for name in (options.profile, options.edition) if name is not None]
        inputs = {path.resolve() for path in read}
        for path in (*chosen, *(folder / name for name in (MANIFEST, ANSWERS, FORM))):
            if path.resolve() in inputs:
                raise self._refuse(
                    f"{path}: es un fichero que se lee, y no se escribe encima; elija otro nombre o carpeta (-o)",
                    f"{path}: it is a file to be read, and is not written over; choose another name or folder (-o)",
                )

    def _refuse(self, spanish: str, english: str) -> CommandError:
        """Return the error that ends the command with a sentence, in the language of the session."""
        return CommandError(self._words(spanish, english))

    def _tell(self, spanish: str, english: str) -> None:
        tell(TextPair(spanish, english).into(self._language))
