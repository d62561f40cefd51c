"""Decidim: exported proposals. The press room: RSS and Atom."""

from __future__ import annotations

from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.support.worlds import headers
from tests.support.worlds.formats.delivery import Delivery
from tests.support.worlds.model import Proposal

SITE = "https://decide.example.org"


def _flatten(delivery: Delivery, proposal: Proposal) -> dict[str, Any]:
    def format_time(moment: Any) -> str:
        return f"{delivery.to_local(moment):%Y-%m-%d %H:%M:%S %z}" if moment else ""

    other = "ca" if proposal.language == "es" else "es"
    row = dict.fromkeys(headers.DECIDIM_PROPOSALS, "")
    row |= {
        "id": str(proposal.id),
        "author/id": str(9_000 + proposal.person.number),
        "author/name": proposal.person.name,
        "author/url": f"{SITE}/profiles/{proposal.person.handle}",
        "participatory_space/id": "3",
        "participatory_space/url": f"{SITE}/processes/presupuesto",
        "component/id": "17",
        f"title/{proposal.language}": proposal.title,
        f"title/{other}": "",
        f"body/{proposal.language}": proposal.text,
        "state": proposal.state,
        "state_published_at": format_time(proposal.answered),
        "reference": f"AYTO-PROP-{proposal.published:%Y-%m}-{proposal.id}",
        f"answer/{proposal.language}": proposal.answer or "",
        "answered_at": format_time(proposal.answered),
        "votes": str(proposal.supports),
        "comments": "0",
        "attachments": "0",
        "follows_count": "1",
        "published_at": format_time(proposal.published),
        "url": f"{SITE}/processes/presupuesto/f/17/proposals/{proposal.id}",
        "is_amend": "false",
        "withdrawn": "true" if proposal.withdrawn else "false",
        "withdrawn_at": format_time(proposal.withdrawn),
        "created_at": format_time(proposal.published),
        "updated_at": format_time(proposal.answered or proposal.published),
    }
    return row


def write_decidim_csv(delivery: Delivery) -> list[Path]:
    rows = [list(_flatten(delivery, proposal).values()) for proposal in delivery.world.proposals]
    return [
        delivery.write_csv(
            "presupuesto-proposals-2026-01-12.csv", headers.DECIDIM_PROPOSALS, delivery.order(rows), delimiter=";"
        )
    ]


def write_decidim_json(delivery: Delivery) -> list[Path]:
    """Write the same as JSON, where what is flattened in the table is nested."""
    proposals = []
    for proposal in delivery.world.proposals:
        item: dict[str, Any] = {}
        for name, value in _flatten(delivery, proposal).items():
            group, _, member = name.partition("/")
            if member:
                item.setdefault(group, {})[member] = value
            else:
                item[name] = value
        item["id"] = proposal.id
        item["withdrawn"] = proposal.withdrawn is not None
        item["votes"], item["comments"] = proposal.supports, 0
        for name in ("published_at", "answered_at", "withdrawn_at", "state_published_at", "created_at", "updated_at"):
            text = item[name]
            item[name] = f"{text[:10]}T{text[11:19]}.000{text[20:23]}:{text[23:]}" if text else None
        proposals.append(item)
    return [delivery.write_json("presupuesto-proposals-2026-01-12.json", delivery.order(proposals))]


def write_rss(delivery: Delivery) -> list[Path]:
    world = delivery.world
    items = [
        "<item>"
        f"<title>{escape(release.title)}</title><link>{release.link}</link>"
        f"<description><![CDATA[<p>{release.lead}</p>]]></description>"
        f"<pubDate>{format_datetime(delivery.to_local(release.time))}</pubDate>"
        f'<guid isPermaLink="true">{release.link}</guid>'
        "</item>"
        for release in world.releases
    ]
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>Sala de prensa de {escape(world.town)}</title><link>https://www.ayto.example.org/prensa</link>"
        "<description>Notas de prensa</description><language>es</language>"
        '<atom:link href="https://www.ayto.example.org/rss" rel="self"/>'
        + "\n".join(delivery.order(items))
        + "</channel></rss>\n"
    )
    return [delivery.write_text("rss.xml", text)]


def write_atom(delivery: Delivery) -> list[Path]:
    """Write Atom in Latin-1, as old sites do, and say so."""
    world = delivery.world
    entries = [
        "<entry>"
        f'<title type="text">{escape(release.title)}</title><link rel="alternate" href="{release.link}"/>'
        f"<id>{release.link}</id>"
        f"<published>{delivery.to_local(release.time).isoformat()}</published><updated>{delivery.to_local(release.time).isoformat()}</updated>"
        f'<summary type="html">{escape(f"<p>{escape(release.lead)}</p>")}</summary>'
        "</entry>"
        for release in world.releases
    ]
    text = (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="es"><title>Sala de prensa de {escape(world.town)}</title>'
        "<id>https://www.ayto.example.org/prensa</id><updated>2026-01-12T09:30:00Z</updated>"
        '<link href="https://www.ayto.example.org/prensa"/>' + "\n".join(delivery.order(entries)) + "</feed>\n"
    )
    return [delivery.write_text("atom.xml", text, encoding="latin-1")]
