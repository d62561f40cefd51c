"""Request types that are built from a methodology document."""
