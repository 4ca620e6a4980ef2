"""What we assume: every number, with unit, source and prior."""
