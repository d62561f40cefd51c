"""Sentences for people: from codes and parameters to Spanish and English."""
