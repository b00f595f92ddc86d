"""Set-up as a file: tenants, connections, books, flows and rules in YAML, applied as often as one likes."""

from audit.setup_file.apply import SetupChange, setup_apply
from audit.setup_file.reading import SetupFileError, setup_read

__all__ = ["SetupChange", "SetupFileError", "setup_apply", "setup_read"]
