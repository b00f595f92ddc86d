"""What does the web server call?"""

import os

from django.core.wsgi import get_wsgi_application

from config.celery import app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

application = get_wsgi_application()

# A request may not wait for a broker that accepts but says nothing.
app.conf.broker_transport_options = {
    **app.conf.broker_transport_options,
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
}
