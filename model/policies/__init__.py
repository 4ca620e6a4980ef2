"""Policies, one per file, each with a parameter file and a test of the same name."""
