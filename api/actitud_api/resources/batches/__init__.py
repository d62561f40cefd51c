"""Batches: transitions of many assessments, and verdicts on many answers, each as one job."""
