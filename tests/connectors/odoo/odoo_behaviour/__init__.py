"""How Odoo 19.0 behaves, as cases that the simulator and a real server must both pass."""
