"""Takes a protection away from every program of a platform: Python imports a module of this name before all others."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.proofs.careless import WISHES

setattr(*WISHES[os.environ["TOTETAXI_WITHOUT"]])
