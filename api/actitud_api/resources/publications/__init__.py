"""Publications: the signed revisions of an edition, which stay readable for ever."""
