"""What we compute: scenarios, ensembles, the store and the command line."""
