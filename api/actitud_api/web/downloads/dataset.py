"""The description of an edition for search engines: a schema.org `Dataset`, embedded in a page as JSON-LD."""

from __future__ import annotations

from typing import Final

import msgspec
from markupsafe import Markup

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.representations import CSV, XLSX
from actitud_api.resources.publications.service import PublicationRecord
from actitud_api.web.downloads import package
from actitud_api.web.downloads.publisher import LICENSE, Publisher
from actitud_api.web.downloads.service import EditionSource, select_title

_SPAIN: Final = Texts("España", "Spain")


def build_dataset(
    source: EditionSource, published: PublicationRecord, base: str, publisher: Publisher, language: Language
) -> dict[str, object]:
    """Build the schema.org `Dataset` of a published edition.

    `published` is the revision whose number and date the data set states. `base` is the scheme and authority of the
    service, such as `https://example.org`.
    """
    edition, texts = source.edition, source.methodology.texts[language]
    address = f"{base}/v1/editions/{edition.id}"
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "@id": address,
        "url": f"{base}/portal/{edition.id}",
        "name": f"{texts.groups[source.methodology.document.root.id].name}: {select_title(edition, language)}",
        "description": package.describe_edition(source, language),
        "inLanguage": language,
        "license": LICENSE,
        "isAccessibleForFree": True,
        "creator": {"@type": "Organization", "name": publisher.name, "url": base},
        "version": str(published.revision),
        "datePublished": published.published.date().isoformat(),
        "temporalCoverage": f"{edition.period_from.isoformat()}/{edition.period_to.isoformat()}",
        "spatialCoverage": {"@type": "Country", "name": _SPAIN.into(language)},
        "measurementTechnique": f"{base}/v1/methodologies/{source.methodology.version}",
        "variableMeasured": [
            {"@type": "PropertyValue", "name": texts.groups[node.id].name, "minValue": 0, "maxValue": 100}
            for node in (source.methodology.document.root, *source.methodology.document.root.children)
        ],
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": media_type, "contentUrl": f"{address}/{name}"}
            for name, media_type in (("scores.csv", CSV), ("scores.xlsx", XLSX), ("indicators.csv", CSV))
        ],
    }


def escape_json_ld(data: dict[str, object]) -> Markup:
    """Encode JSON-LD for a `<script type="application/ld+json">` element.

    The text is escaped so that no value can end the element.
    """
    text = msgspec.json.encode(data).decode()
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
