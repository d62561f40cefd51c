"""Published editions made by hand, as their format is written down and without the code that publishes: to be broken.

Everything is signed by a key of the test, so that a defect can be planted with every digest and signature made anew.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections import Counter
from datetime import date
from functools import cache, lru_cache
from typing import Any

import msgspec
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from actitud_api.engine.scoring.explain import explain
from actitud_api.resources.editions.dates import build_windows
from tests.unit.scoring.organisations import METHODOLOGY, organisation

Json = dict[str, Any]

ORIGIN = "example.org/ledger/0badcafe"
CREATED, PUBLISHED, RETIRED = (
    "2026-01-01T00:00:00.000000Z",
    "2026-11-25T10:00:00.000000Z",
    "2027-01-01T00:00:00.000000Z",
)
BEFORE, SEQ, SIZE = 10, 12, 20
"""Of the ledger: the size at the checkpoint before the publication, its entry, and the size at the one after it."""
ORGANISATIONS = 6
STAGES = ("before", "methodology", "coverage", "after")


class Key:
    """An Ed25519 key made from a number."""

    def __init__(self, number: int) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        self.raw = self.private.public_key().public_bytes_raw()
        self.x = base64url(self.raw)
        self.kid = base64url(hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{self.x}"}}'.encode()).digest())

    def jwk(self, created: str = CREATED, retired: str | None = None) -> Json:
        """Its public part, as `/.well-known/jwks.json` shows it."""
        made = {"kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.kid, "use": "sig", "alg": "EdDSA"}
        return made | {"created": created} | ({} if retired is None else {"retired": retired})

    def jws(self, document: bytes, **also: Any) -> Json:
        """Its detached signature of a document; `also`: other members of the protected header."""
        protected = base64url(rfc8785.dumps({"alg": "EdDSA", "kid": self.kid, **also}))
        signature = self.private.sign(f"{protected}.{base64url(document)}".encode())
        return {"protected": protected, "signature": base64url(signature)}

    def note(self, size: int, origin: str = ORIGIN, at: str = PUBLISHED, root: str | None = None) -> str:
        """A checkpoint that it signs; `root` in hexadecimal, or any one."""
        digest = hashlib.sha256(f"{size}".encode()).digest() if root is None else bytes.fromhex(root)
        root = base64.b64encode(digest).decode()
        text = f"{origin}\n{size}\n{root}\n{at}\n"
        key_id = hashlib.sha256(origin.encode() + b"\n\x01" + self.raw).digest()[:4]
        return f"{text}\n— {origin} {base64.b64encode(key_id + self.private.sign(text.encode())).decode()}\n"


def base64url(data: bytes) -> str:
    """Bytes in base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def canonicalize(value: Json) -> bytes:
    """The canonical form of a part, from a library of others: that of the service is not to judge itself."""
    return _canonicalize(msgspec.json.encode(value))


@lru_cache(128)
def _canonicalize(encoded: bytes) -> bytes:
    # It takes 10 ms for a score document, and of a bundle that is broken all others stay as they were.
    return rfc8785.dumps(msgspec.json.decode(encoded))


def digest(document: bytes) -> str:
    """The digest of a document."""
    return "sha256:" + hashlib.sha256(document).hexdigest()


OURS, FOREIGN = Key(1), Key(2)


class Edition:
    """The parts of a bundle, to be changed; `seal` makes what follows from them anew."""

    def __init__(self) -> None:
        self.documents: list[Json] = [document(number) for number in range(ORGANISATIONS)]
        self.edition = edition()
        self.header: Json = {
            "kind": "bundle",
            "format": 1,
            "keys": {"keys": [OURS.jwk()]},
        }
        self.edition |= msgspec.json.decode(_listed(), type=Json)
        self.seal()

    def relist(self, number: int) -> None:
        """Puts the digest of a document that was changed into the list."""
        self.edition["scores"][number]["document"] = digest(canonicalize(self.documents[number]))

    def seal(self, key: Key = OURS) -> None:
        """Puts the digest and the signature of the edition document, and the checkpoint after it, into the header."""
        document = canonicalize(self.edition)
        checkpoint = OURS.note(SIZE, root=self.entries()[SIZE - 1]["hash"])
        self.header |= {"digest": digest(document), "jws": key.jws(document), "checkpoint": checkpoint}

    def entries(self, *records: Json, text: bytes | None = None) -> list[Json]:
        """The ledger in which the edition is published; `records`: those of later entries.

        `text`: the edition document, if it is written in another way.
        """
        entries = ledger(BEFORE)
        published = digest(canonicalize(self.edition) if text is None else text)
        made = [record("editions.create") for _ in range(BEFORE, SIZE)]
        made[SEQ - BEFORE] = record("cli.publish", edition="2026-test", revision=1, digest=published)
        entries += [
            {"seq": number, "record": known, "opening": None, "actor": None}
            for number, known in enumerate([*made, *records], BEFORE)
        ]
        chained(entries, BEFORE)
        return entries

    def lines(self) -> list[bytes]:
        """The lines of the bundle, without their ends."""
        return [canonicalize(part) for part in (self.header, self.edition, *self.documents)]


def plain(lines: list[bytes]) -> bytes:
    """Lines as a file."""
    return b"".join(line + b"\n" for line in lines)


def packed(lines: list[bytes]) -> bytes:
    """Lines as a file of one gzip member each."""
    return b"".join(gzip.compress(line + b"\n", 1, mtime=0) for line in lines)


def document(number: int) -> Json:
    """A score document; the organisations are in the order of their numbers."""
    return msgspec.json.decode(_document(number), type=Json)


@cache
def _listed() -> bytes:
    return msgspec.json.encode(list_scores([document(number) for number in range(ORGANISATIONS)]))


def list_scores(documents: list[Json]) -> Json:
    """The list of an edition and its counts, which follow from its score documents."""
    rows = []
    for known in documents:
        score = known["score"]
        rows.append(
            {
                "organisation": known["organisation"]["id"],
                "document": digest(canonicalize(known)),
                "status": score["status"],
                "level": score["level"],
                "index": score["index"],
            }
        )
    ranked = [row for row in rows if row["status"] in ("complete", "sufficient")]
    for row in rows:
        row["rank"] = 1 + sum(one["index"] > row["index"] for one in ranked) if row in ranked else None
    counts = {
        "organisations": len(rows),
        "ranked": len(ranked),
        "statuses": dict(Counter(row["status"] for row in rows)),
        "levels": dict(Counter("none" if row["level"] is None else str(row["level"]) for row in rows)),
    }
    return {"scores": rows, "counts": counts}


@cache
def _document(number: int) -> bytes:
    submission = organisation(40 + number, noise=0.01, silence=0.02 if number else 0.9)
    sent = msgspec.to_builtins(submission)
    for name in ("self_declared", "profile_self_declared"):
        sent[name] = sorted(sent[name])
    return msgspec.json.encode(
        {
            "kind": "score",
            "format": 1,
            "edition": "2026-test",
            "organisation": {
                "id": f"XX-TEST-{number:05}",
                "name": f"Villa {number}",
                "kind": "MUN",
                "population": 1000 * (1 + number),
                "band": "b1",
                "province": None,
                "region": None,
                "simulated": True,
            },
            "submission": sent,
            "score": explain(METHODOLOGY, submission),
            "review": {"state": "final", "overall": None, "verdicts": [], "replies": []},
        }
    )


def edition() -> Json:
    """An edition document without its list and its counts."""
    return {
        "kind": "edition",
        "format": 1,
        "edition": "2026-test",
        "revision": 1,
        "supersedes": None,
        "reason": "First publication.",
        "published": PUBLISHED,
        "titles": {"es": "Prueba", "en": "Test"},
        "simulated": True,
        "period_from": "2026-01-01",
        "period_to": "2026-12-31",
        "windows": msgspec.to_builtins(build_windows(date(2026, 12, 31))),
        "calendar": {
            phase: {"from": f"2027-0{month}-01", "to": f"2027-0{month}-28"}
            for month, phase in enumerate(("submission", "review", "hearing", "publication"), 1)
        },
        "methodology": {"version": METHODOLOGY.version, "digest": METHODOLOGY.digest},
        "engine": "0.1.0",
        "corrections": [],
        "checkpoint": OURS.note(BEFORE, root=ledger(BEFORE)[-1]["hash"]),
    }


def record(action: str, **details: str | int) -> Json:
    """What an entry of the ledger records."""
    return {"action": action, "actor": None, "at": PUBLISHED, "outcome": "done", "details": details}


def ledger(size: int, origin: str = ORIGIN) -> list[Json]:
    """The entries of a ledger, as `GET /v1/ledger` shows them."""
    entries: list[Json] = []
    for number in range(size):
        salt, subject = bytes([number]) * 16, f"/v1/editions/{2000 + number}"
        record: Json = {"action": "ledger.begin", "at": PUBLISHED, "origin": origin}
        if number:
            commitment = "sha256:" + hashlib.sha256(salt + subject.encode()).hexdigest()
            acted = "sha256:" + hashlib.sha256(salt + b"XX-DEMO-00034").hexdigest()
            actor = {"key": "2rxKzm4hT9qW", "organisation": acted, "role": "organisation_editor"}
            record = {"action": "editions.create", "actor": actor, "at": PUBLISHED, "subject": commitment}
        opening = {"subject": subject, "salt": salt.hex()} if number else None
        actor_shown = {"organisation": "XX-DEMO-00034", "salt": salt.hex()} if number else None
        entries.append({"seq": number, "record": record, "opening": opening, "actor": actor_shown})
    chained(entries)
    return entries


def chained(entries: list[Json], since: int = 0) -> None:
    """Makes the hashes of a ledger anew, from an entry on: SHA-256 of 0x00, prev, seq in 8 bytes, record."""
    prev = entries[since - 1]["hash"] if since else "0" * 64
    for number, entry in enumerate(entries[since:], since):
        hashed = b"\x00" + bytes.fromhex(prev) + number.to_bytes(8, "big") + canonicalize(entry["record"])
        entry |= {"prev": prev, "hash": hashlib.sha256(hashed).hexdigest()}
        prev = entry["hash"]


def exported(entries: list[Json]) -> bytes:
    """A ledger as a file."""
    return plain([canonicalize(entry) for entry in entries])


def correction(edition: Edition, number: int, before: str) -> Json:
    """The correction of a score whose figures stay as they were; `before`: the digest of its document before."""
    row, score = edition.edition["scores"][number], edition.documents[number]["score"]
    nothing = {"methodology": 0, "coverage": 0, "data": 0, "total": 0}
    return {
        "organisation": row["organisation"],
        "before": before,
        "after": row["document"],
        "answers": [],
        "change": {
            "methodology_before": edition.edition["methodology"],
            "methodology_after": edition.edition["methodology"],
            "index": dict.fromkeys(STAGES, score["index"]),
            "parts": dict(nothing),
            "unrated": [],
            "level_before": row["level"],
            "level_after": row["level"],
            "groups": [
                {
                    "id": known["id"],
                    "score": dict.fromkeys(STAGES, known["score"]),
                    "parts": None if known["score"] is None else dict(nothing),
                }
                for known in score["dimensions"]
            ],
            "indicators": [],
            "version_effects": {"dropped_answers": [], "new_indicators": [], "dropped_fields": [], "new_fields": []},
        },
    }
