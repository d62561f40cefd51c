"""Imports: assessments of many organisations from one file, as a job."""
