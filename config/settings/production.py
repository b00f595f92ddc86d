"""Which settings differ in production? Everything is given by the environment, and nothing is sent in clear."""

from config import env

_environment = env.load(
    required=(
        "SECRET_KEY",
        "CREDENTIAL_KEYS",
        "FINGERPRINT_KEY",
        "DATABASE_URL",
        "REDIS_URL",
        "ALLOWED_HOSTS",
        "MLC_PUBLIC_URL",
    )
)

from config.settings.base import *  # noqa: E402, F403 - the environment comes first

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # asked by the load balancer, inside the house
SECURE_HSTS_SECONDS = _environment.hsts_seconds
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
if MLC_BEHIND_PROXY:  # noqa: F405
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
