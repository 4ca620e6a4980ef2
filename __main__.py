"""`python -m songhe` is the command `songhe`."""

from .runs.cli import main

if __name__ == "__main__":
    main()
