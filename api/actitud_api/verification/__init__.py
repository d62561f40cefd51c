"""Verification of published scores by computing them again.

Digests, lists, corrections, signatures and ledgers are verified by :mod:`actitud.verification` of the SDK, which this
package completes with the methodologies and the exact formats. Pure: the caller reads files and asks services.
"""
