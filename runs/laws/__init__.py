"""The law of each policy worked for one person, one file per policy, of the same name."""
