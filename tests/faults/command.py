"""The command songhe with a life of `lives.py` in place of the model's: LIFE ARGUMENTS."""

import sys

import lives
from songhe.runs import cli, ensemble

if __name__ == "__main__":  # workers of a pool read this file as well
    ensemble.live = getattr(lives, sys.argv.pop(1))
    cli.main()
