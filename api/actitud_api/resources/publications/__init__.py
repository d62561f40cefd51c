"""Publications: signed revisions of an edition, which can be read for ever."""
