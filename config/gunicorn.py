"""How does the web server run? ``gunicorn -c python:config.gunicorn config.wsgi``; ``--bind`` decides where."""

from django.conf import settings

from config import env

logconfig_dict = settings.LOGGING

bind = "127.0.0.1:8000"
worker_class = "gthread"
workers = env.loaded().web_workers
threads = env.loaded().web_threads
timeout = 60
graceful_timeout = 20
keepalive = 5
max_requests = 20_000  # a slow leak somewhere below us never gets old
max_requests_jitter = 2_000
control_socket_disable = True
