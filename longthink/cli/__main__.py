"""python -m longthink.cli"""

import sys

from longthink.cli import main

sys.exit(main())
