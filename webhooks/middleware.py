"""What does a delivery not need on its way in? Sessions, cookies, logins, static files, policies for pages."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

PREFIX = "/hooks/"
URLS = "webhooks.urls"


class ShortWay:
    """Stands behind the request log and the security middleware and answers deliveries there: everything further in
    cost a fifth of what a delivery takes here (0.16 of 0.73 ms), and none of it may have a say."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        try:
            found = resolve(request.path_info, URLS)
        except Resolver404:
            return self.get_response(request)
        request.resolver_match = found
        response: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
        return response
