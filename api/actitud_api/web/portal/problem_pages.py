"""The page that tells a person the reason why a request failed, in place of a problem document in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from litestar import Response

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.problems import (
    INTERNAL_ERROR,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    TOO_MANY_REQUESTS,
    UNAVAILABLE,
    ProblemError,
)
from actitud_api.platform.http.redaction import redact_keys
from actitud_api.platform.http.scope import ApiRequest, assign_request_id, choose_language
from actitud_api.web.portal.layout import Crumb, render_portal_page


class _Wording(NamedTuple):
    """What the page says of a kind of problem: its heading, what happened, and what the reader can do."""

    title: Texts
    reason: Texts
    advice: Texts


_WORDINGS: Final[Mapping[str, _Wording]] = {
    NOT_FOUND.slug: _Wording(
        Texts("No existe", "Not found"),
        Texts("En esta dirección no hay ninguna página.", "There is no page at this address."),
        Texts(
            "Puede que el enlace esté mal copiado o que la página haya cambiado de sitio.",
            "The link may have been copied wrongly, or the page may have moved.",
        ),
    ),
    METHOD_NOT_ALLOWED.slug: _Wording(
        Texts("Esa dirección no admite lo que se le pide", "That address does not take what was sent"),
        Texts("La página de donde viene ha enviado algo que aquí no se lee.", "The page before sent something here."),
        Texts("Vuelva atrás e inténtelo de otra manera.", "Go back, and try it in another way."),
    ),
    TOO_MANY_REQUESTS.slug: _Wording(
        Texts("Demasiadas páginas seguidas", "Too many pages at once"),
        Texts(
            "Desde su conexión se han pedido más páginas de las que atendemos por minuto.",
            "More pages were asked for from your connection than we serve in a minute.",
        ),
        Texts("Espere {wait} segundos y vuelva a cargarla.", "Wait {wait} seconds, and load it again."),
    ),
    UNAVAILABLE.slug: _Wording(
        Texts("Ahora mismo no podemos atenderle", "We cannot answer just now"),
        Texts("El servicio está ocupado o se está poniendo en marcha.", "The service is busy, or is starting."),
        Texts("Vuelva a cargar la página en {wait} segundos.", "Load the page again in {wait} seconds."),
    ),
    INTERNAL_ERROR.slug: _Wording(
        Texts("Algo ha fallado", "Something went wrong"),
        Texts("El fallo es nuestro y ha quedado anotado.", "The fault is ours, and it was noted."),
        Texts("Vuelva a intentarlo dentro de un rato.", "Try again in a while."),
    ),
}
_OTHER: Final = Texts("Vuelva atrás y revise lo que ha pedido.", "Go back, and check what you asked for.")
_WAIT: Final = "60"
"""Seconds to wait if a problem does not say how many."""


def render_problem_page(request: ApiRequest, error: ProblemError) -> Response[bytes]:
    """Render the page of a problem, with the search field and links to other pages.

    The database is not read, so that the page can also be shown when the database fails.
    """
    language = choose_language(request.scope, "es")
    title, reason, advice = _write_texts(error, language)
    response = render_portal_page(
        request,
        "problem_page.html",
        title,
        {
            "heading": title,
            "reason": reason,
            "advice": advice,
            "is_missing": error.type == NOT_FOUND,
            "request_id": assign_request_id(request.scope),
        },
        status=error.type.status,
        headers={**error.headers, "Vary": "Accept, Accept-Language"},
        trail=(Crumb(title),),
    )
    # What is told of a fault quotes the request, which may contain a key in the wrong place.
    response.content = redact_keys(response.content.decode()).encode()
    return response


def _write_texts(error: ProblemError, language: Language) -> tuple[str, str, str]:
    wording = _WORDINGS.get(error.type.slug)
    if wording is None:
        return error.type.title.into(language), error.detail.into(language), _OTHER.into(language)
    advice = wording.advice.into(language).format(wait=error.headers.get("Retry-After", _WAIT))
    return wording.title.into(language), wording.reason.into(language), advice
