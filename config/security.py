"""Which Content-Security-Policy does a page get, and whose address counts when somebody guesses passwords?"""

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

# Unfold's Alpine evaluates expressions and its pages carry one inline script (seen with 0.91 in Chromium);
# everything still has to come from this host, and nothing may be sent to another.
ADMIN = {
    "default-src": ["'self'"],
    "script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'", "data:"],
    "form-action": ["'self'"],
    "object-src": ["'none'"],
    "base-uri": ["'self'"],
    "frame-ancestors": ["'none'"],
}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """The strict policy of the settings everywhere, a looser one below ``/admin/``."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith("/admin/") and not report_only and parts.config is None:
            parts.config = ADMIN
        return parts


def client_address(request: HttpRequest) -> str:
    """The caller's address: behind a proxy, the one that the proxy itself added last to X-Forwarded-For."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.MLC_BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
