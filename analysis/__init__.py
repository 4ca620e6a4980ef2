"""What we conclude: indicators, twins, scores and figures from stored results."""
