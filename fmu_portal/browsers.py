"""What every answer tells the browser, and which requests a browser says came from elsewhere.

Beside Django's own (`SecurityMiddleware`: HSTS, nosniff, referrer, COOP; django-csp: the policy with its nonce).
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from fmu_portal import errors

Handler = Callable[[HttpRequest], HttpResponse]

PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "autoplay",
        "browsing-topics",
        "camera",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "picture-in-picture",
        "publickey-credentials-create",
        "publickey-credentials-get",
        "screen-wake-lock",
        "serial",
        "usb",
        "web-share",
        "xr-spatial-tracking",
    )
)
"""The portal uses none of what a browser may grant a page."""

NO_STORE = "private, no-store"
FRAMES = "frame-ancestors 'none'"
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
OWN = ("same-origin", "none")
"""What ``Sec-Fetch-Site`` says of a form of ours, or of something the person did in the browser itself."""


class Headers:
    """CORP and Permissions-Policy on every answer, no answer kept but the static files, and no answer in a frame."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        # COOP and nosniff come from `SecurityMiddleware`, except where an answer was made before it was asked.
        if not request.path_info.startswith("/static/"):
            response.headers.setdefault("Cache-Control", NO_STORE)
        policy = response.headers.get("Content-Security-Policy", "")
        if "frame-ancestors" not in policy:
            # A document has a policy of its own (it may do nothing); no policy may lack this line.
            response.headers["Content-Security-Policy"] = f"{policy}; {FRAMES}" if policy else FRAMES
        return response


class PlainCalls:
    """Where the portal is reached by https, a call of the API in the clear is refused and not redirected: a program that
    followed the redirect would go on sending its key in the clear (ASVS 5.0 V4.1.2)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.TLS and request.path_info.startswith("/api/") and not request.is_secure():
            body = {
                "type": "urn:fmu-portalen:https_required",
                "title": "Anropa med https. Byt nyckel: den har skickats okrypterad.",
                "status": 403,
                "code": "https_required",
            }
            return JsonResponse(
                body, status=403, content_type="application/problem+json", json_dumps_params={"ensure_ascii": False}
            )
        return self.get_response(request)


class OwnOrigin:
    """A form that a browser says was sent from another place is refused, before its token is looked at.

    The token alone would do; this is a second lock on the same door (ASVS 5.0 V3.5). A browser that says nothing is let
    through to the token. The API has no cookies, so that nobody's browser can be made to call it.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        site = request.headers.get("Sec-Fetch-Site", "none")
        if request.method not in SAFE and site not in OWN and not request.path_info.startswith("/api/"):
            return errors.csrf_failure(request, "Sec-Fetch-Site")
        return self.get_response(request)
