"""How much the heavy tests try: the size of every landing, or the whole size at night (`pytest --night`)."""

from __future__ import annotations

from typing import Final

from tests.support import options

NIGHT: Final = options.night

EXAMPLES: Final = 50 if NIGHT else 25
"""Schemathesis examples for each operation and phase."""
ENDS: Final = 1 if NIGHT else 16
"""The ends of the members of one of so many operations are tried, in turn; of all the examples."""
DEMONSTRATED: Final = range(1, 8_132) if NIGHT else (*range(1, 101), *range(103, 8_132, 40))
"""Numbers of the municipalities of the demonstration: by day the first hundred, and one of forty of the others."""
NARRATED: Final = range(1, 8_132) if NIGHT else (1, 100, 316, 631, 7_722)
"""Those of which every sentence is read: by day one of each kind, with a contradiction and without an account."""
DESCRIBED: Final = DEMONSTRATED if NIGHT else DEMONSTRATED[::3]
"""Those whose verdict and whose steps are written: by day one of three."""
SHOWN: Final = (*range(1, 301), 316, 631, 7_722) if NIGHT else (1, 316, 631)
"""Those whose sheets are read as pages."""
HOSTILE: Final = 10_000 if NIGHT else 600
"""Hostile requests, every tenth a valid control: among the first 200 none asks for what there is not (406)."""
UPDATES: Final = 200 if NIGHT else 20
"""Updates of each of 16 concurrent writers."""
KILLS: Final = {"sqlite": 100 if NIGHT else 5, "postgresql": 50 if NIGHT else 5}
"""Times that a process is killed while it writes."""
SERVED_KILLS: Final = {"sqlite": 20 if NIGHT else 1, "postgresql": 10 if NIGHT else 1}
"""The same of the real server, with clients over HTTP."""
NOTIFIER_KILLS: Final = {"sqlite": 100 if NIGHT else 2, "postgresql": 100 if NIGHT else 2}
"""Times that a process is killed while it delivers to webhooks."""
CRASHES: Final = 15 if NIGHT else 1
"""Times that PostgreSQL itself crashes."""
SYNCED: Final = 500 if NIGHT else 20
"""Writes of which it is checked that they are synced before they are acknowledged."""
LIMITED: Final = 2_000 if NIGHT else 200
"""Requests of which several processes let exactly 100 pass."""
LIMITING: Final = 4 if NIGHT else 2
"""The processes that count them together."""
FOLLOWED: Final = 20 if NIGHT else 3
"""Schemathesis scenarios that follow the links between the operations of a tag."""
KEYED: Final = ("sqlite", "postgresql") if NIGHT else ("postgresql",)
"""Databases on which Schemathesis has a key."""
LEDGER_ENTRIES: Final = 3_200 if NIGHT else 64
"""Entries that 16 writers append at once."""
ANY_FILE: Final = 1_000 if NIGHT else 12
"""Published files with anything in any place, for each kind of change."""
TUTORIAL: Final = 300 if NIGHT else 10
"""Organisations of the edition with which the tutorial is played."""
MANY: Final = 8_131 if NIGHT else 20
"""Organisations of the edition that goes from drafts to published in steps of all."""
PUBLISHERS: Final = 32 if NIGHT else 8
"""Clients that publish the same edition at once."""
PUBLISHING_ROUNDS: Final = 25 if NIGHT else 2
"""Editions that they publish so."""
PUBLICATION_KILLS: Final = {"sqlite": 20 if NIGHT else 3, "postgresql": 20 if NIGHT else 3}
"""Times that a process is killed while it publishes."""
WORKER_KILLS: Final = {"sqlite": 100 if NIGHT else 2, "postgresql": 100 if NIGHT else 2}
"""Times that a worker is killed in the middle of a job, for each kind of job."""
SERVED_PUBLICATION_KILLS: Final = {"sqlite": 10 if NIGHT else 1, "postgresql": 10 if NIGHT else 1}
"""The same of the real server."""
SERVED_ROWS: Final = 20 if NIGHT else 8
"""Organisations of each edition that it publishes."""
HELD_UP: Final = DEMONSTRATED if NIGHT else range(1, 101)
"""Numbers of the municipalities of an edition that is published while one of them is renamed again and again."""
MIGRATION_KILLS: Final = {"sqlite": 25 if NIGHT else 2, "postgresql": 25 if NIGHT else 2}
"""Times that a process is killed while it migrates."""
RESTORED: Final = 5 if NIGHT else 1
"""Copies that are made under load and brought back."""
NAMES: Final = 500 if NIGHT else 6
"""Hostile names of organisations on a whole page."""
EMBEDDED: Final = (0, 1, 2, 3) if NIGHT else (0, 3)
"""Which of each four of 500 hostile names are embedded: by day two, of which one is alone and one between words."""
STRAYS: Final = 1 if NIGHT else 16
"""Of the schemes and headers with a key that is out of place each operation gets one of so many, in turn."""
STRAY_TEXTS: Final = 1 if NIGHT else 3
"""Of the bodies, queries and paths with one in them, one of so many, in turn."""
HELD: Final = 1 if NIGHT else 12
"""Of the holders of keys each operation is called by one of so many, in turn among the operations of its kind."""
STRANGE: Final = 1 if NIGHT else 9
"""Of the requests of strangers to each operation one of so many is made, in turn."""
LOGGED: Final = 1 if NIGHT else 12
"""Of the requests with a key that is out of place one of so many goes through nginx, in turn."""
NESTED: Final = 1 if NIGHT else 20
"""Of what a body may not say below its top one of so many is tried, in turn."""
FORMS: Final = 4 if NIGHT else 20
"""Of the forms that a member of a body may not have below its top one of so many is tried, in turn."""
ALIASES: Final = 5 if NIGHT else 2
"""Aliases that each of eight writers adds to one organisation."""
OVERLAPPING: Final = 25 if NIGHT else 1
"""Changes of an assessment by each of 16 concurrent writers."""
WORKBOOKS: Final = 300 if NIGHT else 4
"""Questionnaires that go into a workbook and out again."""
BROKEN_WORKBOOKS: Final = 2_500 if NIGHT else 20
"""Workbooks with anything changed in them."""
UNFOLDED: Final = 64 if NIGHT else 20
"""MiB to which workbooks unfold of which 16 are read."""
STORIES: Final = 1_000 if NIGHT else 100
"""Stories of an edition that are told against a model, on each database."""
STEPS: Final = 60 if NIGHT else 30
"""Steps of each at most."""
CANCELLED: Final = 1_000 if NIGHT else 150
"""Calls of the SDK that are cancelled before a hundred that are not."""
LOST: Final = 500 if NIGHT else 25
"""Writes through the SDK whose first answer is lost."""
CROSSING: Final = 1 if NIGHT else 29
"""Of the requests of each address from other origins one of so many is made, in turn."""
INTERLEAVINGS: Final = 1_500 if NIGHT else 60
"""Interleavings of the reads and writes of three clients, on each database."""
SKEWS: Final = ("-400d", "-1h", "+1h") if NIGHT else ("-400d",)
"""How wrong the clocks of processes are that serve one database together."""
SKEWED: Final = 40 if NIGHT else 4
"""Changes by each of these processes."""
FUZZED: Final = 180 if NIGHT else 5
"""Seconds for which each decoder is fuzzed."""
HOSTILE_BODIES: Final = 6_200 if NIGHT else 150
"""Hostile bodies that a real server gets, of which the first 1,200 are made by hand."""
IN_FLIGHT: Final = 200 if NIGHT else 20
"""Requests that a server has begun when it is told to stop."""
HOSTILE_TARGETS: Final = 4_000 if NIGHT else 50
"""Hostile targets, queries and headers that it gets too."""
PLANTED: Final = 1_000 if NIGHT else 60
"""Persons in a log of whom nothing may be published."""
COUNTED_WORLDS: Final = 200 if NIGHT else 1
"""Synthetic town halls whose numbers are counted from the files of each format."""
COUNTED: Final = (10_000, 100_000) if NIGHT else (500, 5_000)
"""Messages of two exports whose reading takes the same memory."""
MUTATED: Final = 4_000 if NIGHT else 100
"""Exports with bytes changed at random."""
FILLED: Final = 2_000 if NIGHT else 9
"""Organisations of a workbook that is filled in with 37 faults."""
SPOILT: Final = 1 if NIGHT else 5
"""Of these faults one of so many is in it, in turn."""
PATHS: Final = 2_500 if NIGHT else 60
"""Random documents through which paths to the next level are found."""
