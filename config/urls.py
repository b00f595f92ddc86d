"""Which address leads where?"""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config import health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("", include("webhooks.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("favicon.ico", health.favicon),
    path("robots.txt", health.robots),
]
