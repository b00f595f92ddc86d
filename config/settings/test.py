"""Which settings differ under pytest? Fixed keys, cheap passwords, quiet logs."""

from config import env

env.load(
    defaults={
        "SECRET_KEY": "a key for tests alone, never used outside of them",
        # two Fernet keys that spell out what they are
        "CREDENTIAL_KEYS": "bWwtY29ubmVjdG9yIHRlc3Qga2V5LCBub3QgYSBzZWM=,YW5vdGhlciBtbC1jb25uZWN0b3IgdGVzdCBrZXkgISE=",
        "FINGERPRINT_KEY": "a fingerprint key for tests alone, never used outside",
        "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
        "MLC_ALLOW_PRIVATE_ADDRESSES": "true",
        "MLC_SIMULATED_CONNECTIONS_ALLOWED": "true",
        "MLC_LOG_LEVEL": "WARNING",
        "MLC_LOG_FORMAT": "console",
    }
)

from config.settings.base import *  # noqa: E402, F403 - the environment comes first

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AXES_ENABLED = False  # its backend wants a request, which the test client's login() does not have
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True  # looks files up when they are asked for instead of scanning all at start
