"""What does a sender get for a delivery? An answer in milliseconds, and nothing that helps to forge one."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from django.db import Error as DatabaseFault
from django.http import HttpResponse
from django.http.request import UnreadablePostError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from webhooks.intake import LARGEST_BODY, QUERY, Answer, delivery_receive
from webhooks.tasks import deliveries_work
from webhooks.wake import wake

TOO_LARGE, LENGTH_REQUIRED, BAD_REQUEST = 413, 411, 400

logger = structlog.get_logger(__name__)


class AnyAccept(BaseContentNegotiation):
    """Whatever a sender says it accepts, it gets its status: a 406 would lose the delivery."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type or ""


class DeliveryView(APIView):
    """Receives one delivery of a vendor's webhooks. The address is the endpoint's alone, the signature proves the
    sender; cookies and sessions mean nothing here, and the body is not parsed."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    content_negotiation_class = AnyAccept
    http_method_names = ["post"]

    @extend_schema(
        operation_id="webhook_receive",
        summary="Deliver one webhook",
        description=(
            "Verified over the raw bytes of the body (Standard Webhooks headers `Webhook-Id`, `Webhook-Timestamp` and "
            "`Webhook-Signature`, or their `svix-` names), stored, and answered; the work is done later. Anything but "
            "2xx means that it was not stored as yours: send it again. Repeats are welcome."
        ),
        parameters=[
            OpenApiParameter("opaque", OpenApiTypes.STR, OpenApiParameter.PATH, description="The endpoint's own part."),
        ],
        request={"application/json": OpenApiTypes.OBJECT},
        responses={
            200: OpenApiResponse(description="Known already: this message was stored before."),
            202: OpenApiResponse(description="Stored."),
            400: OpenApiResponse(description="The body did not arrive whole."),
            401: OpenApiResponse(description="Not proven to be the vendor's: signature missing, wrong, or not of now."),
            404: OpenApiResponse(description="There is no such endpoint."),
            405: OpenApiResponse(description="Only POST is answered."),
            411: OpenApiResponse(description="The request must say its length."),
            413: OpenApiResponse(description=f"The body is larger than {LARGEST_BODY} bytes."),
            500: OpenApiResponse(description="Our fault; send it again."),
        },
    )
    def post(self, request: Request, opaque: str) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length.isdecimal():
            return HttpResponse(status=LENGTH_REQUIRED)
        if int(length) > LARGEST_BODY:
            return HttpResponse(status=TOO_LARGE)
        try:
            headers = {**request.headers, QUERY: request.META.get("QUERY_STRING", "")}
            received = delivery_receive(opaque, request.body, headers)
        except UnreadablePostError:
            return HttpResponse(status=BAD_REQUEST)
        except DatabaseFault as error:
            logger.error("webhook_not_stored", error=type(error).__name__)
            return HttpResponse(status=Answer.OUR_FAULT)
        if received.is_work:
            wake(deliveries_work)
        return HttpResponse(status=received.answer)
