"""The demonstration: organisations and answers that are invented, and say so."""
