"""Provinces and regions of Spain, by the codes of INE (Relación de provincias and de comunidades autónomas)."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple


class Province(NamedTuple):
    """A province or autonomous city: its official name and the INE code of its region."""

    name: str
    region: str


REGIONS = {
    "01": "Andalucía",
    "02": "Aragón",
    "03": "Principado de Asturias",
    "04": "Illes Balears",
    "05": "Canarias",
    "06": "Cantabria",
    "07": "Castilla y León",
    "08": "Castilla-La Mancha",
    "09": "Catalunya",
    "10": "Comunitat Valenciana",
    "11": "Extremadura",
    "12": "Galicia",
    "13": "Comunidad de Madrid",
    "14": "Región de Murcia",
    "15": "Comunidad Foral de Navarra",
    "16": "País Vasco",
    "17": "La Rioja",
    "18": "Ceuta",
    "19": "Melilla",
}
"""Names of the autonomous communities and cities, by INE code."""

PROVINCES = {
    "01": Province("Araba/Álava", "16"),
    "02": Province("Albacete", "08"),
    "03": Province("Alacant/Alicante", "10"),
    "04": Province("Almería", "01"),
    "05": Province("Ávila", "07"),
    "06": Province("Badajoz", "11"),
    "07": Province("Illes Balears", "04"),
    "08": Province("Barcelona", "09"),
    "09": Province("Burgos", "07"),
    "10": Province("Cáceres", "11"),
    "11": Province("Cádiz", "01"),
    "12": Province("Castelló/Castellón", "10"),
    "13": Province("Ciudad Real", "08"),
    "14": Province("Córdoba", "01"),
    "15": Province("A Coruña", "12"),
    "16": Province("Cuenca", "08"),
    "17": Province("Girona", "09"),
    "18": Province("Granada", "01"),
    "19": Province("Guadalajara", "08"),
    "20": Province("Gipuzkoa", "16"),
    "21": Province("Huelva", "01"),
    "22": Province("Huesca", "02"),
    "23": Province("Jaén", "01"),
    "24": Province("León", "07"),
    "25": Province("Lleida", "09"),
    "26": Province("La Rioja", "17"),
    "27": Province("Lugo", "12"),
    "28": Province("Madrid", "13"),
    "29": Province("Málaga", "01"),
    "30": Province("Murcia", "14"),
    "31": Province("Navarra", "15"),
    "32": Province("Ourense", "12"),
    "33": Province("Asturias", "03"),
    "34": Province("Palencia", "07"),
    "35": Province("Las Palmas", "05"),
    "36": Province("Pontevedra", "12"),
    "37": Province("Salamanca", "07"),
    "38": Province("Santa Cruz de Tenerife", "05"),
    "39": Province("Cantabria", "06"),
    "40": Province("Segovia", "07"),
    "41": Province("Sevilla", "01"),
    "42": Province("Soria", "07"),
    "43": Province("Tarragona", "09"),
    "44": Province("Teruel", "02"),
    "45": Province("Toledo", "08"),
    "46": Province("València/Valencia", "10"),
    "47": Province("Valladolid", "07"),
    "48": Province("Bizkaia", "16"),
    "49": Province("Zamora", "07"),
    "50": Province("Zaragoza", "02"),
    "51": Province("Ceuta", "18"),
    "52": Province("Melilla", "19"),
}
"""Provinces and autonomous cities, by INE code."""


class Territory(NamedTuple):
    """A region or a province of Spain.

    A region and a province may have the same code, so the id includes the level (`region-13`). `region` is the code of
    the region to which a province belongs; for a region, its own code.
    """

    level: Literal["region", "province"]
    code: str
    name: str
    region: str

    @property
    def id(self) -> str:
        """The id used in URLs: level and code."""
        return f"{self.level}-{self.code}"


TERRITORIES: Final = {
    territory.id: territory
    for territory in (
        *(Territory("region", code, name, code) for code, name in REGIONS.items()),
        *(Territory("province", code, province.name, province.region) for code, province in PROVINCES.items()),
    )
}
"""All regions, then all provinces, by id."""

OTHER_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "region-03": ("Asturies",),
    "region-04": ("Islas Baleares", "Balears", "Baleares"),
    "region-05": ("Islas Canarias",),
    "region-09": ("Cataluña", "Catalonia"),
    "region-10": ("Comunidad Valenciana", "País Valencià"),
    "region-15": ("Nafarroa",),
    "region-16": ("Euskadi",),
    "province-07": ("Islas Baleares", "Balears", "Baleares"),
    "province-15": ("La Coruña",),
    "province-17": ("Gerona",),
    "province-20": ("Guipúzcoa",),
    "province-25": ("Lérida",),
    "province-31": ("Nafarroa",),
    "province-32": ("Orense",),
    "province-33": ("Asturies",),
    "province-38": ("Tenerife",),
    "province-48": ("Vizcaya",),
}
"""Further names of territories, in other official languages and short forms, by the id of the territory; for search."""
