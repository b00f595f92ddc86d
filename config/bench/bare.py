"""What does the least that a webhook needs cost? A plain view that verifies the same signature and inserts one row."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection as database
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config.bench.constants import SECRET
from connectors.base import SignatureError
from connectors.brex.webhook import BrexWebhooks

VERIFIER = BrexWebhooks()


@csrf_exempt
def receive(request: HttpRequest) -> HttpResponse:
    try:
        message_id = VERIFIER.verify(request.body, request.headers, [SECRET], datetime.now(UTC))
    except SignatureError:
        return HttpResponse(status=401)
    with database.cursor() as cursor:
        cursor.execute("INSERT INTO bench_delivery (message_id, body) VALUES (%s, %s)", [message_id, request.body])
    return HttpResponse(status=202)


urlpatterns = [path("bare/", receive)]
application = get_wsgi_application()
settings.ROOT_URLCONF = __name__  # the same settings and middleware, another view
