"""Where is the simulated Dynamics 365 Finance & Operations entered? `DynamicsSimulator`; its data is in `company`."""

from connectors.dynamics365_fo.simulator.simulator import DynamicsSimulator
from connectors.dynamics365_fo.simulator.switches import Switches

__all__ = ["DynamicsSimulator", "Switches"]
