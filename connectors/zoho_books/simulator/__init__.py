"""Where is the simulated Zoho entered? `ZohoBooksSimulator`: the accounts server and the API of all data centres."""

from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator
from connectors.zoho_books.simulator.switches import Switches

__all__ = ["Switches", "ZohoBooksSimulator"]
