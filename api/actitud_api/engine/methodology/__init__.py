"""Methodology documents: indicators, weights and rules as data. Pure: no framework, no database, no clock."""
