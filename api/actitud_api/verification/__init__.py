"""Verification of published scores by scoring them again.

Digests, lists, corrections, signatures and ledgers are verified by `actitud.verification` of the SDK; this package
adds the part that needs the engine and the exact formats of documents. It reads no files and asks no services: the
caller does.
"""
