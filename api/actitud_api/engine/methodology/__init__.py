"""Methodology documents: what is measured and how, as data. Pure: no framework, no database, no clock."""
