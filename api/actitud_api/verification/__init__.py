"""Verification of published scores by scoring them again.

Digests, lists, corrections, signatures and ledgers are verified by `actitud.verification` of the SDK; this
package adds the part that needs the engine and the exact formats of documents. It works on bytes: the caller
reads the files or asks the service.
"""
