"""Which settings hold everywhere? Local, test and production load their environment first, then take all of these."""

from pathlib import Path

from config import env
from config.logging import logging_config

_environment = env.loaded()

BASE_DIR = Path(__file__).resolve().parent.parent.parent

SECRET_KEY = _environment.secret_key
SECRET_KEY_FALLBACKS = _environment.secret_key_fallbacks
CREDENTIAL_KEYS: list[str] = _environment.credential_keys  # Fernet keys; the first encrypts, all decrypt
FINGERPRINT_KEY: str = _environment.fingerprint_key

DEBUG = _environment.has_debug_pages
ALLOWED_HOSTS = _environment.allowed_hosts
CSRF_TRUSTED_ORIGINS = [_environment.public_url]

MLC_PUBLIC_URL: str = _environment.public_url  # without a slash at the end
MLC_BEHIND_PROXY: bool = _environment.is_behind_proxy
MLC_ALLOW_PRIVATE_ADDRESSES: bool = _environment.allow_private_addresses
MLC_SIMULATED_CONNECTIONS_ALLOWED: bool = _environment.allow_simulated_connections
MLC_SIMULATORS: dict[str, str] = _environment.simulators  # name -> address of a simulator that runs elsewhere
MLC_LEASE_MARGIN_SECONDS: int = _environment.lease_margin_seconds  # how long a lane's lease outlives its call

DATABASES = {
    "default": _environment.database
    | {
        "CONN_MAX_AGE": _environment.database_connection_seconds,
        "CONN_HEALTH_CHECKS": True,
    }
}
REDIS_URL: str = _environment.redis_url
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "mlc",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 1},
    }
}

LOGGING_CONFIG = "config.logging.configure"
LOGGING = logging_config(_environment.log_format, _environment.log_level)

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "axes",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "django_celery_beat",
    "simple_history",
    "config",
    "connectors",
    "mappings",
    "audit",
    "webhooks",
]

MIDDLEWARE = [
    "config.logging.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "webhooks.middleware.ShortWay",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.security.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT: Path | None = BASE_DIR / "staticfiles"

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "config.security.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Everything but the admin; that has a policy of its own in config.security.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "img-src": ["'self'"],
        "style-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ml-connector",
    "DESCRIPTION": "Receives the webhooks of the connected vendors.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

UNFOLD = {
    "SITE_TITLE": "ml-connector",
    "SITE_HEADER": "ml-connector",
    "SITE_SUBHEADER": "Spend into ledgers, once",
    "SITE_SYMBOL": "sync_alt",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "audit.admin.dashboard.dashboard",
    "SIDEBAR": {"navigation": "audit.admin.navigation.sidebar"},
}

# Celery only wakes; due times and states are rows.
CELERY_BROKER_URL = _environment.broker_url
CELERY_WORKER_CONCURRENCY = _environment.worker_processes
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True  # without it a killed pool child's message is gone
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 600
CELERY_TASK_TIME_LIMIT = 660
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
# Written into the schedule tables at start, where an administrator may change them. All are safe to lose or to double.
CELERY_BEAT_SCHEDULE = {
    "find due lanes": {"task": "audit.tick", "schedule": 5.0, "options": {"expires": 5}},
    "seal the trail": {"task": "audit.seal", "schedule": 2.0, "options": {"expires": 2}},
    "work webhooks": {"task": "webhooks.deliveries_work", "schedule": 3.0, "options": {"expires": 3}},
    "forget webhooks": {"task": "webhooks.housekeep", "schedule": 3600.0, "options": {"expires": 3600}},
    "keep house": {"task": "audit.housekeep", "schedule": 900.0, "options": {"expires": 900}},
}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than the longest task, or a message is delivered again while it is still worked on.
    "visibility_timeout": CELERY_TASK_TIME_LIMIT + 120,
    # A killed worker's message came back after 102 s by default, after 5 s with these.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A broker that accepts but says nothing blocked the caller for ever.
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
}
# Celery closes the database connection around every task, whatever CONN_MAX_AGE says: 147-267 tasks/s against
# 895-1,152 with this. config.celery checks the health of a reused connection instead.
CELERY_DB_REUSE_MAX = 100_000
