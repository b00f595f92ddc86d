"""Which settings differ under pytest?"""

from config.settings.base import *  # noqa: F403

SECRET_KEY = "a key for tests alone, never used outside of them"
CREDENTIAL_KEYS = [
    "bWwtY29ubmVjdG9yIHRlc3Qga2V5LCBub3QgYSBzZWM=",
    "YW5vdGhlciBtbC1jb25uZWN0b3IgdGVzdCBrZXkgISE=",
]
FINGERPRINT_KEY = "a fingerprint key for tests alone"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MLC_ALLOW_PRIVATE_ADDRESSES = True
MLC_SIMULATED_CONNECTIONS_ALLOWED = True
