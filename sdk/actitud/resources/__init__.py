"""The operations of the service, grouped as in its document; each is written once, for both clients."""
