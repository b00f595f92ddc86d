"""Which settings differ on a developer's machine and in the trial?"""

from config.settings.base import *  # noqa: F403

SECRET_KEY = "local"
DEBUG = True
ALLOWED_HOSTS = ["*"]
MLC_ALLOW_PRIVATE_ADDRESSES = True
MLC_SIMULATED_CONNECTIONS_ALLOWED = True
