"""The operations of the clients, one module per resource of the service."""
