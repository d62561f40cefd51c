"""Make worlds: `make_world(seed)` is the same town hall, to the second and the letter, whenever it is called."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.support.worlds import identifiers, personal, words
from tests.support.worlds.model import Account, Entry, Medium, Person, Proposal, Release, World

ZONES: Final = ("Europe/Madrid", "Europe/Madrid", "Atlantic/Canary")
LANGUAGES: Final = ("es", "es", "es", "ca")
ASKED_IN: Final = ("es", "es", "es", "ca", "en")


@dataclass(frozen=True, slots=True)
class Platform:
    """What happens on a platform. `media` is drawn from for each post."""

    media: tuple[tuple[str, ...], ...] = ()
    publishes: bool = True
    answers: bool = False
    private: bool = False
    reposts: bool = False
    quotes: bool = False
    continues: bool = False
    wall_clock: bool = False
    """True if one of its formats has times without an offset, which the hour that comes twice makes ambiguous."""


PLATFORMS: Final = {
    "facebook": Platform(
        (("photo",), ("photo",), ("video",), ("live",), ("link",), ()),
        answers=True,
        private=True,
        reposts=True,
        wall_clock=True,
    ),
    "instagram": Platform(
        (("photo",), ("video",), ("photo", "photo", "photo")), answers=True, private=True, wall_clock=True
    ),
    "x": Platform(
        ((), ("photo",), ("photo", "photo"), ("video",), ("link",)),
        answers=True,
        private=True,
        reposts=True,
        quotes=True,
        continues=True,
    ),
    "youtube": Platform((("video",), ("video",), ("live",)), answers=True),
    "mastodon": Platform(
        ((), ("photo",), ("photo", "photo"), ("video",), ("poll",)),
        answers=True,
        private=True,
        reposts=True,
        continues=True,
    ),
    "tiktok": Platform((("video",),), answers=True),
    "linkedin": Platform((("photo",), ("video",), ("link",), ()), answers=True),
    "telegram": Platform(((), ("photo",), ("video",), ("poll",)), private=True, reposts=True),
    "whatsapp": Platform(publishes=False, private=True),
}
ACCOUNTS: Final = (
    ("facebook", "main"),
    ("facebook", "culture"),
    ("instagram", "main"),
    ("x", "main"),
    ("x", "tourism"),
    ("youtube", "main"),
    ("mastodon", "main"),
    ("tiktok", "main"),
    ("linkedin", "main"),
    ("telegram", "main"),
    ("whatsapp", "main"),
)
DORMANT: Final = {"tourism", "culture"}
SUFFIXES: Final = {"main": "", "culture": "_cultura", "tourism": "_turismo"}
NAMES: Final = {"main": "Ayuntamiento de {}", "culture": "Cultura {}", "tourism": "Turismo de {}"}


def make_world(seed: int, *, size: float = 1.0, personal_data: int = 0) -> World:
    """Return the world of a seed.

    `size` multiplies posts and conversations; at 1 a world has about 1,500 messages. With `personal_data` at least that
    many names, handles, addresses and numbers of private persons stand in what they and the town hall write.
    """
    random = Random(f"world {seed}")
    zone = ZoneInfo(random.choice(ZONES))
    year = random.choice((2024, 2025))  # a leap year whose window starts on a Sunday, and one where it is a Monday
    town = random.choice(words.TOWNS)
    # Five data of each; some of them write only what they take away again.
    people = [personal.make_person(random, number) for number in range(max(20, personal_data // 5 * 11 // 10))]
    addresses = {person.number: personal.make_addresses(random, person) for person in people} if personal_data else {}
    releases = _make_releases(random, zone, year)
    story = _Story(
        seed=seed, size=size, zone=zone, year=year, town=town, people=people, addresses=addresses, releases=releases
    )
    accounts = tuple(story.make_account(platform, part) for platform, part in ACCOUNTS)
    proposals = _make_proposals(random, zone, year, people)
    planted: list[str] = []
    if personal_data:
        kept = (entry for account in accounts for entry in account.entries if not entry.deleted)
        written = {entry.person.number for entry in kept if entry.person and entry.person.name in entry.text}
        for person in people:
            if person.number in written:
                planted += [person.name, person.handle, *addresses[person.number]]
    return World(
        seed=seed,
        town=town,
        zone=zone,
        year=year,
        exported=datetime(year + 1, 1, 12, 9, 30, tzinfo=UTC),
        accounts=accounts,
        releases=releases,
        proposals=proposals,
        planted=tuple(planted),
    )


class _Story:
    """The accounts of one town hall, told from the seed."""

    def __init__(
        self,
        *,
        seed: int,
        size: float,
        zone: ZoneInfo,
        year: int,
        town: str,
        people: Sequence[Person],
        addresses: dict[int, tuple[str, str, str]],
        releases: Sequence[Release],
    ) -> None:
        self.seed, self.size, self.zone, self.year, self.town = seed, size, zone, year, town
        self.people, self.addresses, self.releases = people, addresses, releases
        self.unwritten = list(people)
        self.end = datetime(year + 1, 1, 10, tzinfo=UTC)

    def make_account(self, platform: str, part: str) -> Account:
        habits = PLATFORMS[platform]
        random = Random(f"{self.seed} {platform} {part}")
        handle = identifiers.make_handle(platform, self.town, SUFFIXES[part])
        name = NAMES[part].format(self.town)
        identity = identifiers.make_account_id(random, platform, handle)
        identify = identifiers.Identifiers(random, platform, handle, identity)
        entries: list[Entry] = []
        if habits.publishes:
            entries += self._make_posts(random, habits, identify, dormant=part in DORMANT)
        if part == "main":
            posts = [entry for entry in entries if entry.role == "post"]
            if habits.answers:
                for _ in range(round(random.randint(25, 45) * self.size)):
                    entries += self._make_conversation(
                        random, identify, self._take_person(random), parent=random.choice(posts)
                    )
            if habits.private:
                number = round(random.randint(12, 20) * self.size)
                if self.addresses and (platform, part) == ACCOUNTS[-1]:
                    number = max(number, len(self.unwritten))  # so that everybody writes somewhere
                for person in self._take_people(random, number):
                    entries += self._make_chat(random, identify, person, to_the_minute=platform == "whatsapp")
        entries = [entry for entry in entries if entry.time < self.end]
        entries = _change_some(random, entries)
        entries.sort(key=lambda entry: (entry.time, entry.id))
        return Account(platform, identity, handle, name, random.randint(300, 9_000), tuple(entries))

    # Posts

    def _make_posts(
        self, random: Random, habits: Platform, identify: identifiers.Identifiers, *, dormant: bool
    ) -> Iterator[Entry]:
        moments = sorted(self._choose_moments(random, dormant=dormant, twice=not habits.wall_clock))
        previous: Entry | None = None
        for moment in moments:
            if habits.reposts and random.random() < 0.12:
                handle = random.choice(("diputacion_ejemplo", "bomberos_ejemplo", "museo_ejemplo"))
                text = words.make_post(random, "es")
                yield identify.make_entry(moment, role="repost", text=text, language="es", parent=f"@{handle}")
                continue
            post = self._make_post(random, habits, identify, moment, previous)
            yield post
            previous = post
            if habits.continues and random.random() < 0.15:
                parent = post
                for number, text in enumerate(words.CONTINUATIONS, 1):
                    parent = identify.make_entry(
                        post.time + timedelta(seconds=40 * number),
                        role="continuation",
                        text=text,
                        language="es",
                        parent=parent.id,
                        conversation=post.id,
                    )
                    yield parent

    def _make_post(
        self,
        random: Random,
        habits: Platform,
        identify: identifiers.Identifiers,
        moment: datetime,
        previous: Entry | None,
    ) -> Entry:
        language = random.choice(LANGUAGES)
        text = words.make_post(random, language)
        release: Release | None = None
        if random.random() < 0.1:
            release = random.choice(self.releases)
            text = random.choice(
                (
                    f"{release.title} {release.link}",
                    f"📰 {release.title}\n\n{release.link}",
                    f"{release.lead} {release.link}",
                )
            )
            language = "es"
        elif random.random() < 0.05:
            text = f"{text}\n{random.choice(self.releases).link}"  # a link alone does not make it recycled
        elif previous is not None and previous.text and random.random() < 0.05:
            text, language = previous.text, previous.language  # the same words again are another post
            release = next((each for each in self.releases if each.id == previous.release), None)
        # ... if they are not sent twice within minutes, by mistake or by two tools.
        while previous is not None and text == previous.text and moment - previous.time < timedelta(hours=1):
            text, release = words.make_post(random, language), None
        media = tuple(_make_medium(random, kind) for kind in random.choice(habits.media))
        if release is None and media and media[0].kind == "photo" and random.random() < 0.06:
            text = ""  # a picture alone
        role = "quote" if habits.quotes and not media and random.random() < 0.15 else "post"
        return identify.make_entry(
            moment,
            role=role,
            text=text,
            language=language,
            parent="@diputacion_ejemplo" if role == "quote" else None,
            media=media,
            reactions=random.randint(0, 90),
            comments=random.choice((0, 0, random.randint(1, 12), random.randint(1, 1_400))),
            shares=random.choice((0, random.randint(1, 20))),
            views=random.randint(50, 40_000),
            release=release.id if release else None,
        )

    def _choose_moments(self, random: Random, *, dormant: bool, twice: bool) -> set[datetime]:
        """Return the times of posts: quiet weeks and busy ones, and the edges of days, weeks and windows."""
        first, last = date(self.year, 9, 15), date(self.year, 12, 13)
        moments: set[datetime] = set()

        def add(day: date, hour: int, minute: int, second: int = 0, *, fold: int = 0) -> None:
            local = datetime.combine(day, time(hour, minute, second, fold=fold), self.zone)
            moments.add(local.astimezone(UTC))

        day = date(self.year - 1, 12, 30)
        while day < date(self.year + 1, 1, 9):
            in_window = first <= day <= last or date(self.year, 1, 10) <= day <= date(self.year, 4, 16)
            if dormant:
                posts = 0 if day >= first else random.choice((0, 1))
            else:
                posts = random.choice((0, 1, 2, 3, 3, 4, 6)) if in_window else random.choice((0, 0, 1))
            for _ in range(round(posts * max(self.size, 0.5)) if not dormant else posts):
                add(
                    day + timedelta(random.randrange(7)),
                    random.choice((*range(24), *range(8, 21))),
                    *random.choices(range(60), k=2),
                )
            day += timedelta(7)
        if dormant:
            for _ in range(random.randrange(3)):
                add(first + timedelta(random.randrange(90)), random.randint(8, 20), random.randrange(60))
            return moments
        for edge in (first, date(self.year, 1, 15), date(self.year, 1, 1)):
            add(edge, 0, 0, random.randrange(30))
            add(edge - timedelta(1), 23, 59, random.randint(30, 59))
        for edge in (last, date(self.year, 4, 14), date(self.year, 4, 13), date(self.year, 12, 31)):
            add(edge, 23, 59, random.randint(30, 59))
            add(edge + timedelta(1), 0, 0, random.randrange(30))
        sunday = first + timedelta(13 - first.weekday() if first.weekday() else 6)
        add(sunday, 23, 59, 58)
        add(sunday + timedelta(1), 0, 0, 2)
        change = max(day for day in (date(self.year, 10, 31) - timedelta(n) for n in range(7)) if day.weekday() == 6)
        for hour in (1, 2):  # the hour that comes twice is the first in the Canary Islands, the second elsewhere
            add(change, hour, 30)
            if twice:
                add(change, hour, 30, fold=1)
        return moments

    # Conversations

    def _make_conversation(
        self, random: Random, identify: identifiers.Identifiers, person: Person, *, parent: Entry
    ) -> Iterator[Entry]:
        """Make a public exchange: a comment or a mention, an answer or none, its second half, thanks."""
        # A mention, which answers no post of ours, is a conversation of its own.
        addressed = parent if random.random() < 0.8 else None
        language = random.choice(ASKED_IN)
        start = max(parent.time, datetime(self.year, 1, 1, tzinfo=UTC)) + timedelta(
            seconds=random.randint(90, 5 * 86_400)
        )
        question = identify.make_entry(
            start,
            role="question",
            text=self._add_addresses(random, words.make_question(random, language), person),
            language=language,
            person=person,
            parent=addressed.id if addressed else None,
            media=(Medium("photo"),) if random.random() < 0.1 else (),
        )
        question = dataclasses.replace(question, conversation=question.id)
        yield question
        delay = _choose_delay(random)
        if delay is None:
            return
        answer = identify.make_entry(
            start + delay,
            role="answer",
            text=words.make_answer(random, language, identify.make_reference()),
            language=language,
            person=person,
            parent=question.id,
            conversation=question.id,
        )
        yield answer
        if random.random() < 0.15:
            answer = identify.make_entry(
                answer.time + timedelta(seconds=55),
                role="answer",
                text="Añadimos: también por la tarde, de 16:00 a 18:00.",
                language="es",
                person=person,
                parent=answer.id,
                conversation=question.id,
            )
            yield answer
        if random.random() < 0.3:
            yield identify.make_entry(
                answer.time + timedelta(seconds=random.randint(61, 40_000)),
                role="question",
                text=random.choice(words.THANKS),
                language="es",
                person=person,
                parent=answer.id,
                conversation=question.id,
            )

    def _make_chat(
        self, random: Random, identify: identifiers.Identifiers, person: Person, *, to_the_minute: bool
    ) -> Iterator[Entry]:
        """Make a private chat with one person: one to three exchanges, weeks apart."""
        is_first = identify.begin_chat() == 1

        def settle(moment: datetime) -> datetime:
            """Leave the hour that comes twice in October, which wall clocks without an offset cannot tell apart."""
            local = moment.astimezone(self.zone)
            is_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
            return moment + timedelta(hours=3) if to_the_minute and is_twice else moment

        now = datetime(self.year, random.choice((2, 3, 8, 9, 9, 10, 10, 11)), random.randint(1, 28), tzinfo=UTC)
        if is_first:  # a day that can be no month, which tells how the telephone writes dates
            now = now.replace(day=14)
        conversation: str | None = None
        for _ in range(random.choice((1, 1, 2, 3))):
            now += timedelta(seconds=random.randint(6 * 3_600, (3 if is_first else 20) * 86_400))
            language = random.choice(ASKED_IN)
            for _ in range(random.choice((1, 1, 2))):
                now = settle(now)
                question = identify.make_entry(
                    now,
                    role="question",
                    text=self._add_addresses(random, words.make_question(random, language), person),
                    language=language,
                    person=person,
                    private=True,
                    conversation=conversation,
                    media=(Medium("photo"),) if random.random() < 0.1 else (),
                )
                conversation = conversation or question.id
                yield dataclasses.replace(question, conversation=conversation)
                # The same words twice within a minute are two messages.
                now += timedelta(seconds=random.choice((8, 50, 400)))
            delay = _choose_delay(random)
            if delay is None:
                continue
            now = settle(question.time + max(delay, timedelta(seconds=2)))
            yield identify.make_entry(
                now,
                role="answer",
                text=words.make_answer(random, language, identify.make_reference()),
                language=language,
                person=person,
                private=True,
                parent=question.id,
                conversation=conversation,
            )
            if random.random() < 0.3:
                now = settle(now + timedelta(seconds=random.randint(61, 3_000)))
                yield identify.make_entry(
                    now,
                    role="question",
                    text=random.choice(words.THANKS),
                    language="es",
                    person=person,
                    private=True,
                    conversation=conversation,
                )

    def _add_addresses(self, random: Random, text: str, person: Person) -> str:
        """Return the text of somebody who signs it, with an address or a number, as people do."""
        if not self.addresses:
            return text
        email, telephone, identity = self.addresses[person.number]
        return f"{text}\nSoy {person.name} (@{person.handle}), DNI {identity}; {email}, tel. {telephone}"

    def _take_person(self, random: Random) -> Person:
        """Return a person, those who have not written yet first."""
        return self.unwritten.pop() if self.unwritten else random.choice(self.people)

    def _take_people(self, random: Random, number: int) -> list[Person]:
        """Return different persons."""
        chosen = {person.number: person for person in (self._take_person(random) for _ in range(number))}
        return list(chosen.values())


def _choose_delay(random: Random) -> timedelta | None:
    """Return the time until an answer: minutes to days, just within 72 hours, just after them, or None."""
    return random.choice(
        (
            None,
            timedelta(seconds=random.randint(20, 3_600)),
            timedelta(seconds=random.randint(20, 3_600)),
            timedelta(seconds=random.randint(3_600, 86_400)),
            timedelta(seconds=random.randint(86_400, 72 * 3_600)),
            timedelta(hours=72),
            timedelta(hours=72, minutes=1),
            timedelta(seconds=random.randint(73 * 3_600, 200 * 3_600)),
        )
    )


def _make_medium(random: Random, kind: str) -> Medium:
    match kind:
        case "photo":
            return Medium("photo", random.choice((*words.DESCRIPTIONS, *words.DESCRIPTIONS, None, "", "  ")))
        case "video":
            return Medium("video", random.choice((*words.DESCRIPTIONS, None, None)))
        case "live":
            return Medium("live")
        case "poll":
            return Medium("poll")
        case _:
            return Medium("link")


def _change_some(random: Random, entries: list[Entry]) -> list[Entry]:
    """Edit one entry in twenty, and delete one in thirty of those that nobody answered."""
    answered = {entry.parent for entry in entries} | {entry.conversation for entry in entries}
    changed: list[Entry] = []
    for entry in entries:
        if entry.id not in answered and random.random() < 0.033:
            entry = dataclasses.replace(entry, deleted=entry.time + timedelta(hours=random.randint(1, 20)))
        elif entry.role != "repost" and random.random() < 0.05:
            entry = dataclasses.replace(entry, edited=entry.time + timedelta(seconds=random.randint(20, 800)))
        changed.append(entry)
    return changed


def _make_releases(random: Random, zone: ZoneInfo, year: int) -> tuple[Release, ...]:
    releases = []
    for number in range(1, 31):
        day = date(year, 1, 8) + timedelta(days=12 * number - random.randrange(5))
        moment = datetime.combine(day, time(random.randint(8, 18), random.randrange(60)), zone).astimezone(UTC)
        title = words.make_title(random, number)
        link = f"https://www.ayto.example.org/prensa/{year}/{number:03d}"
        releases.append(Release(f"{year}-{number:03d}", moment, title, words.make_lead(random, title), link))
    return tuple(releases)


def _make_proposals(random: Random, zone: ZoneInfo, year: int, people: Sequence[Person]) -> tuple[Proposal, ...]:
    proposals = []
    for number in range(1, random.randint(20, 40)):
        day = date(year - 1, 12, 20) + timedelta(days=random.randrange(385))
        published = datetime.combine(
            day, time(random.randrange(24), random.randrange(60), random.randrange(60)), zone
        ).astimezone(UTC)
        language = random.choice(LANGUAGES)
        state: Any = random.choice(("", "evaluating", "accepted", "accepted", "rejected"))
        # A decision without reasons is not an answer; reasons without a decision are none either.
        answer = words.make_answer(random, language, number) if state and random.random() < 0.7 else None
        withdrawn = published + timedelta(days=2) if not state and random.random() < 0.2 else None
        proposals.append(
            Proposal(
                id=1_000 + number,
                published=published,
                title=words.make_question(random, language).splitlines()[0],
                text=f"Propuesta: {words.make_post(random, language)}",
                language=language,
                person=random.choice(people),
                state=state,
                answer=answer,
                answered=published + timedelta(days=random.randint(3, 15)) if state else None,
                withdrawn=withdrawn,
                supports=random.randint(0, 200),
            )
        )
    return tuple(proposals)
