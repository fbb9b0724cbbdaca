"""The OpenAPI document: what the operations have in common, and the address that gives it."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiParameter

from orders.api.serializers import Problem

NUMBER = OpenApiParameter(
    "number",
    {"type": "string", "pattern": "^[0-9]{4}-[0-9]{6}$"},
    OpenApiParameter.PATH,
    description="Ärendenummer, till exempel 2026-000123.",
)
PART = OpenApiParameter(
    "id", {"type": "integer", "minimum": 0}, OpenApiParameter.PATH, description="Delens id, ur listan över delarna."
)
CURSOR = OpenApiParameter("cursor", str, description="Ur adressen i ”next” från föregående svar.")

PROBLEMS = {
    400: "bad_request: innehållet går inte att läsa",
    401: "not_authenticated: nyckeln saknas, är fel eller indragen",
    403: "wrong_role: uppdraget ger inte rätt att göra det",
    404: "not_found: finns inte, eller hör inte till uppdraget",
    409: "wrong_state, lost_race, stale_version eller no_rule: går inte nu",
    410: "erased: innehållet är gallrat enligt ägarens gallringsbeslut; export_gone: exportens tid är ute",
    413: "too_large: innehållet är för stort",
    415: "unsupported_media_type: fel innehållstyp",
    422: "invalid_input: uppgifter behöver rättas, se errors",
    429: "throttled: för många anrop, se Retry-After",
}


def answers(good: dict[int, Any], *problems: int) -> dict[Any, Any]:
    """The responses of an operation: the good ones, and problem+json for the rest."""
    return {
        **{(status, "application/json"): answer for status, answer in good.items()},
        **{(status, "application/problem+json"): Problem for status in (*problems, 429)},
    }


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a call says who asks."""

    target_class = "accounts.api.KeyAuthentication"
    name = "nyckel"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """A bearer key."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Nyckeln är ett uppdrag. Skapa den med ”manage.py api_key --user NAMN”.",
        }


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of the API. It is made once: it follows from the table and the forms alone."""
    from orders.api import urls

    generator: Any = SchemaGenerator(patterns=urls.under("api/v1/"), api_version="1")  # type: ignore[no-untyped-call]
    made: dict[str, Any] = generator.get_schema(request=None, public=True)
    for path in made["paths"].values():
        for operation in path.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                operation["requestBody"]["required"] = bool(content["schema"].get("required"))
            for status, answer in operation["responses"].items():
                if not answer.get("description"):
                    answer["description"] = PROBLEMS.get(int(status), "Det gick bra")
    made["servers"] = [{"url": "/"}]
    return made


@require_safe
def schema(request: HttpRequest) -> JsonResponse:
    """/schema/: the document as JSON, for everybody."""
    return JsonResponse(document(), json_dumps_params={"ensure_ascii": False}, content_type="application/json")
