"""Webhooks: other systems are notified of publications, corrected scores and transitions (Standard Webhooks)."""
