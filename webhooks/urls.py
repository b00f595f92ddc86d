"""Where are webhooks posted to? With or without the last slash: a sender takes a redirect for a failure."""

from django.urls import re_path

from webhooks.views import DeliveryView

app_name = "webhooks"
urlpatterns = [re_path(r"^hooks/(?P<opaque>[A-Za-z0-9_-]{16,43})/?$", DeliveryView.as_view(), name="delivery")]
