"""What happens: the year as one list of life events and policies."""
