"""The press room: RSS and Atom."""

from __future__ import annotations

from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

from tests.support.worlds.formats.delivery import Delivery


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
