"""The reasons why a number is unknown, with a remedy, in Spanish and English."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

import msgspec

from actitud.counting.definitions import TextPair
from actitud.counting.sources import Tell

ReasonCode = Literal[
    "no_account",
    "no_file",
    "not_told",
    "not_covered",
    "not_named",
    "told_twice",
    "activity_unknown",
    "main_account",
    "population",
    "precision",
    "unknown_media",
    "no_seed",
    "not_coded",
    "reserve",
    "reply_unclear",
    "recode",
    "not_confirmed",
    "not_half_answered",
]


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Reason why a counted number is unknown. It names only accounts of the organisation, no persons.

    A member that does not concern the reason is None.

    - ``platform`` and ``account``: the account concerned.
    - ``tell``: the missing kind of data.
    - ``first`` and ``last``: days that no file covers.
    - ``number`` of ``total``: rows of a sample, or messages, that are affected.
    - ``sheet`` and ``subject``: sheet of the coding workbook, and the variable or column in it.
    """

    code: ReasonCode
    platform: str | None = None
    account: str | None = None
    tell: Tell | None = None
    first: date | None = None
    last: date | None = None
    number: int | None = None
    total: int | None = None
    sheet: str | None = None
    subject: str | None = None

    def explain(self, language: str) -> str:
        """Return a sentence about the reason, in Spanish if ``language`` is "es", else in English."""
        thing = "" if self.tell is None else TELL_NAMES[self.tell].into(language)
        subject = self.subject or ""
        if self.code == "not_confirmed" and subject in ACCOUNT_COLUMNS:
            subject = ACCOUNT_COLUMNS[subject].into(language)
        return (
            REASON_TEXTS[self.code]
            .into(language)
            .format(
                account=f"{self.platform}:{self.account}" if self.account is not None else "",
                platform=self.platform,
                thing=thing,
                first=self.first,
                last=self.last,
                number=self.number,
                total=self.total,
                sheet=SHEET_NAMES[self.sheet].into(language) if self.sheet is not None else "",
                subject=subject,
            )
        )


REASON_TEXTS: Final[dict[ReasonCode, TextPair]] = {
    "no_account": TextPair(
        "Ningún fichero dice de qué cuenta es. Dígalo con --account.",
        "No file says which account it belongs to. Say so by --account.",
    ),
    "no_file": TextPair("No hay ningún fichero de {platform}.", "There is no file of {platform}."),
    "not_told": TextPair(
        "Ningún fichero de {account} dice {thing}.",
        "No file of {account} tells {thing}.",
    ),
    "not_covered": TextPair(
        "De {account} falta, del {first} al {last}, saber {thing}. Exporte esos días o, si el fichero ya los "
        "cubre, dígalo con --period.",
        "Of {account} it is not known, from {first} to {last}, {thing}. Export these days or, if the file covers them, "
        "say so by --period.",
    ),
    "not_named": TextPair(
        "De {account} falta, del {first} al {last}, saber {thing}: un fichero del mismo tipo trae mensajes de esos "
        "días y no nombra la cuenta. Si los ficheros la incluyen, añada --period con el primer y el último día de "
        "todos ellos, sin nombre de fichero; si no, exporte esos días.",
        "Of {account} it is not known, from {first} to {last}, {thing}: a file of the same kind has messages of these "
        "days and does not name the account. If the files include it, add --period with the first and the last day of "
        "all of them, without the name of a file; if not, export these days.",
    ),
    "told_twice": TextPair(
        "De {account} dos ficheros distintos traen {number} mensajes iguales con otro identificador, a la misma hora o "
        "a otra que siempre difiere en lo mismo, y se contarían dos veces. Deje uno de los dos.",
        "Of {account} two different files have {number} equal messages under other ids, at the same time or at one "
        "that always differs by as much, which would be counted twice. Leave one of both out.",
    ),
    "activity_unknown": TextPair(
        "No se sabe si {account} está activa: con lo que hay no llega a tres, y falta parte del periodo.",
        "It is not known whether {account} is active: what there is does not reach three, and a part is missing.",
    ),
    "main_account": TextPair(
        "Hay varias cuentas. Diga con --main cuál es la principal.",
        "There are several accounts. Say by --main which is the main one.",
    ),
    "population": TextPair(
        "El mínimo depende de a cuántas personas se atiende. Dígalo con --population, o en el perfil.",
        "The minimum depends on how many people are served. Say so by --population, or in the profile.",
    ),
    "precision": TextPair(
        "De {number} mensajes el fichero da el día y no la hora, y de la hora depende.",
        "Of {number} messages the file gives the day and not the time, and it depends on the time.",
    ),
    "unknown_media": TextPair(
        "De {number} publicaciones el fichero nombra lo que llevan con palabras que no se conocen. Escriba photo, "
        "video, live, poll, link o document.",
        "Of {number} posts the file names what is attached by words that are not known. Write photo, video, live, "
        "poll, link or document.",
    ),
    "no_seed": TextPair(
        "La muestra se extrae con la semilla que publica la edición. Dígala con --seed.",
        "The sample is drawn by the seed that the edition publishes. Give it by --seed.",
    ),
    "not_coded": TextPair(
        "En la hoja «{sheet}» hay {number} filas codificadas de {total}.",
        "On the sheet “{sheet}” {number} rows of {total} are coded.",
    ),
    "reserve": TextPair(
        "De los mensajes codificados, {number} pedían respuesta y hacen falta {total}. Codifique los siguientes de la "
        "hoja «{sheet}», por orden.",
        "Of the messages coded {number} needed an answer, and {total} are necessary. Code the following ones on the "
        "sheet “{sheet}”, in their order.",
    ),
    "reply_unclear": TextPair(
        "En la hoja «{sheet}» {number} filas no dicen qué respuesta fue, o dicen una que no está o cuya hora falta.",
        "On the sheet “{sheet}” {number} rows do not say which reply it was, or name one that is not there or whose "
        "time is missing.",
    ),
    "recode": TextPair(
        "Las dos personas coinciden en {number} de {total} filas de «{subject}», menos del 80 %. Acuerden el criterio "
        "y codifiquen de nuevo.",
        "The two coders agree on {number} of {total} rows of “{subject}”, less than 80 %. Agree on how to code, and "
        "recode.",
    ),
    "not_confirmed": TextPair(
        "En la hoja «{sheet}» falta decir de {account} {subject}.",
        "The sheet “{sheet}” does not say of {account} {subject}.",
    ),
    "not_half_answered": TextPair(
        "En 72 horas no se respondió a la mitad: no hay nada que responder, y cuenta como 0.",
        "Within 72 hours half were not answered: there is nothing to answer, and it counts as 0.",
    ),
}

NOT_CONFIRMED_EACH: Final = TextPair(
    "En la hoja «{sheet}» falta decir de cada cuenta {subject}: {accounts}.",
    "The sheet “{sheet}” does not say of each account {subject}: {accounts}.",
)
"""Text for several reasons `not_confirmed` that differ in nothing but their account."""

TELL_NAMES: Final[dict[Tell, TextPair]] = {
    "own_posts": TextPair("qué publicó", "what it published"),
    "public_replies": TextPair("qué respondió en público", "what it replied in public"),
    "private_replies": TextPair("qué respondió en privado", "what it replied in private"),
    "reposts": TextPair("qué compartió de otros", "what it reposted"),
    "received_public": TextPair("qué comentarios y menciones recibió", "which comments and mentions it received"),
    "received_private": TextPair("qué mensajes privados recibió", "which private messages it received"),
    "threads": TextPair("a qué mensaje responde cada respuesta", "which message each reply answers"),
    "texts": TextPair("los textos", "the texts"),
    "media": TextPair("qué publicaciones llevan imagen o vídeo", "which posts have an image or a video"),
    "alternative_texts": TextPair("los textos alternativos", "the alternative texts"),
    "time_of_day": TextPair("la hora", "the time of day"),
    "reactions": TextPair("las reacciones", "the reactions"),
    "comments": TextPair("cuántos comentarios hubo", "how many comments there were"),
    "shares": TextPair("cuántas veces se compartió", "how often it was shared"),
    "views": TextPair("cuántas veces se vio", "how often it was seen"),
}

SHEET_NAMES: Final[dict[str, TextPair]] = {
    "posts": TextPair("Publicaciones", "Posts"),
    "visual_posts": TextPair("Imágenes y vídeos", "Images and videos"),
    "replies": TextPair("Respuestas", "Replies"),
    "messages": TextPair("Mensajes", "Messages"),
    "proposals": TextPair("Propuestas", "Proposals"),
    "accounts": TextPair("Cuentas", "Accounts"),
    "classes": TextPair("Clases de información", "Classes of information"),
}

ACCOUNT_COLUMNS: Final[dict[str, TextPair]] = {
    "official": TextPair("si es oficial", "whether it is official"),
    "comments": TextPair("si admite comentarios", "whether it takes comments"),
    "messages": TextPair("si admite mensajes", "whether it takes messages"),
    "inventory": TextPair("si está en la lista pública", "whether it is in the public list"),
    "complete": TextPair("si su perfil está completo", "whether its profile is complete"),
    "notice": TextPair("si enlaza al aviso", "whether it links to the notice"),
}
