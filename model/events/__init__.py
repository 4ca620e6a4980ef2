"""Life events, one per file."""
