"""Which settings differ in a trial and on a developer's machine? Servers and secrets come from the data folder."""

from config import env, trial
from config.servers import Servers

env.load(
    defaults={
        **trial.addresses(Servers(trial.data_folder())),
        **trial.trial_secrets(),
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
        "MLC_ALLOW_PRIVATE_ADDRESSES": "true",
        "MLC_SIMULATED_CONNECTIONS_ALLOWED": "true",
        "MLC_LOG_FORMAT": "console",
    }
)

from config.settings.base import *  # noqa: E402, F403 - the environment comes first

STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True  # static files without a collectstatic
