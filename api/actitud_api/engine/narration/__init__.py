"""Sentences for people, in Spanish and English, built from codes and parameters."""
