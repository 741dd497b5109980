"""`python -m analysis.site [FOLDER]`: build the site of the docs."""

import sys
from pathlib import Path

from analysis.site.build import build

if __name__ == "__main__":
    print(build(Path(sys.argv[1] if len(sys.argv) > 1 else "build/site")))
