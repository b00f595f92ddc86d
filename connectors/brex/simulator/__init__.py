"""Where is the simulated Brex entered? `BrexSimulator`, and the demo company in `company`."""

from connectors.brex.simulator.simulator import BrexSimulator
from connectors.brex.simulator.switches import Switches

__all__ = ["BrexSimulator", "Switches"]
