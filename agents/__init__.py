"""Who exists: people as columns, households, kin, luck and institutions."""
