"""Invented texts: posts, questions, answers and press releases in two languages, with what trips readers of files."""

from __future__ import annotations

from random import Random

TOWNS = (
    "Villaconejera del Páramo",
    "Sant Bernabeu de la Plana",
    "Puerto Esmerilado",
    "Torrelodonal de Abajo",
    "Vallverda d'Amunt",
)
PLACES = {
    "es": (
        "la plaza Mayor",
        "la calle del Olmo",
        "el polideportivo",
        "el barrio de las Eras",
        "la biblioteca",
        "el mercado",
    ),
    "ca": (
        "la plaça Major",
        "el carrer de l'Om",
        "el poliesportiu",
        "el barri de les Eres",
        "la biblioteca",
        "el mercat",
    ),
}
OPENINGS = {
    "es": (
        "Mañana cortamos el agua en {place} de 8:00 a 14:00",
        "Ya puedes pedir cita para renovar el padrón en {place}",
        "Abrimos {place} también los domingos; consulta el horario",
        "Se buscan voluntarios: «un sábado limpio» en {place}",
        "¿Sabías que en {place} puedes reciclar aceite, pilas y móviles?",
        "Últimos días para inscribirse en el taller de huerto de {place}",
        "Obras en {place}: desvíos, paradas de autobús y plazos",
        "Gracias, vecinas y vecinos: ayer fuimos 1.250 en {place}",
    ),
    "ca": (
        "Demà tallem l'aigua a {place} de 8:00 a 14:00",
        "Ja pots demanar cita per a renovar el padró a {place}",
        "Obrim {place} també els diumenges; consulta l'horari",
        "Es busquen voluntaris: «un dissabte net» a {place}",
        "Sabies que a {place} pots reciclar oli, piles i mòbils?",
        "Últims dies per a inscriure's al taller d'hort de {place}",
    ),
}
CLOSINGS = {
    "es": (
        "Más información en el 010.",
        "Plazo hasta el viernes, 14:00 h.",
        "Te esperamos 😊",
        "#AguaLimpia #Barrio",
        "Dudas: pregúntanos aquí mismo 👇",
        "Es gratis; trae botella y ganas.",
    ),
    "ca": ("Més informació al 010.", "Termini fins divendres, 14:00 h.", "T'hi esperem 😊", "#AiguaNeta #Barri"),
}
TRAPS = (
    'Lo dijo una vecina: "así, sí", y tenía razón.',
    "Primera línea\n\nSegunda línea, con coma; y punto y coma",
    "👩‍👩‍👧‍👦🏳️‍🌈 Para todas las familias 🇪🇸",
    "-50 % de descuento, =2+2 no es una fórmula",
    "Tabulador\taquí y «comillas» 'de' varias “clases”",
    "Cañón, pingüino, ïambe, ŀl geminada y 10 €",
    "a) sí\r\nb) no",
)
QUESTIONS = {
    "es": (
        "¿A qué hora abre la oficina?",
        "Llevamos tres días sin luz en mi calle, ¿quién lo arregla?",
        "No estoy de acuerdo con el nuevo horario y me gustaría saber el motivo",
        "Hola",
        "¿Dónde se presenta la solicitud?\nNo encuentro el enlace",
        "Propongo poner un banco junto a la parada",
    ),
    "ca": (
        "A quina hora obri l'oficina?",
        "Fa tres dies que estem sense llum, qui ho arregla?",
        "On es presenta la sol·licitud?",
    ),
    "en": ("What time does the office open?", "Where can I register my address? I moved last week"),
}
ANSWERS = {
    "es": (
        "Buenos días. La oficina abre de 9:00 a 14:00; puede pedir cita en el 010.",
        "Gracias por avisar: la brigada pasa mañana, 🛠️ y le contamos aquí.",
        "Aquí tiene el enlace directo al trámite: https://sede.example.org/tramites/{n}",
        "Lo hemos trasladado a Obras; le respondemos antes del día {d}.",
    ),
    "ca": (
        "Bon dia. L'oficina obri de 9:00 a 14:00; pot demanar cita al 010.",
        "Ací té l'enllaç directe al tràmit: https://sede.example.org/tramits/{n}",
    ),
    "en": ("Good morning. The office opens at 9:00; you can book at https://sede.example.org/{n}",),
}
THANKS = ("Muchas gracias", "Perfecto 👍", "Gràcies!", "Entendido, gracias por responder")
CONTINUATIONS = (
    "2/3 Calendario por barrios: lunes, Eras; martes, Olmo.",
    "Y si no puedes venir, lo repetimos en mayo. 3/3",
)
DESCRIPTIONS = (
    "Plano de la zona cortada, con las calles afectadas en rojo",
    "Cartel con fecha, hora y lugar: sábado 12, 11:00, plaza Mayor",
    'Vecinas plantando; en el cartel se lee "Huerto de todas"',
)
MATTERS = (
    "la modificación presupuestaria del ejercicio corriente",
    "el convenio de colaboración con la mancomunidad comarcal",
    "la adjudicación del servicio de mantenimiento del alumbrado",
    "el reglamento orgánico de distritos y participación",
    "la licitación de las obras de saneamiento integral",
    "la relación de puestos de trabajo de la corporación",
)
ORGANS = (
    "El Pleno municipal",
    "La Junta de Gobierno Local",
    "La concejalía delegada de Hacienda",
    "La comisión informativa",
)
VERBS = ("aprueba inicialmente", "ratifica por unanimidad", "somete a exposición pública", "eleva a definitiva")


def make_post(random: Random, language: str) -> str:
    """Return the text of a post; one in five has what trips readers of files."""
    place = random.choice(PLACES[language])
    parts = [random.choice(OPENINGS[language]).format(place=place)]
    if random.random() < 0.2:
        parts.append(random.choice(TRAPS))
    if random.random() < 0.7:
        parts.append(random.choice(CLOSINGS[language]))
    return random.choice((". ", "\n", "\n\n")).join(parts)


def make_question(random: Random, language: str) -> str:
    return random.choice(QUESTIONS[language])


def make_answer(random: Random, language: str, reference: object) -> str:
    """Return an answer that is like no other, as those that are sent to many count little."""
    text = random.choice(ANSWERS[language]).format(n=random.randint(100, 999), d=random.randint(2, 28))
    return f"{text} (Ref. {reference})"


def make_title(random: Random, number: int) -> str:
    """Return the headline of a press release, with words that no post of `make_post` has."""
    return (
        f"{random.choice(ORGANS)} {random.choice(VERBS)} {random.choice(MATTERS)} "
        f"según el expediente administrativo {number}/{random.randint(100, 999)}"
    )


def make_lead(random: Random, title: str) -> str:
    return (
        f"{title}. La propuesta, informada favorablemente por la Intervención, "
        f"contempla una dotación de {random.randint(10, 900)}.000 euros con cargo a remanentes."
    )
