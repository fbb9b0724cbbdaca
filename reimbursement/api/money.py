"""What every call about payments shares: who may ask, and of which region."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from accounts.models import Organisation
from accounts.permissions import See
from accounts.roles import Party
from fmu_portal.addresses import number_in
from fmu_portal.engine.refusals import InvalidInput
from orders.api.base import ApiView, must

TAG = ["Utbetalningar"]
ORE = "Belopp i öre"
REGION = OpenApiParameter("region", int, description="Regionens id. Regionens egna nycklar behöver inte ange det.")


class MoneyView(ApiView):
    """The base: 403 for roles that see no claims."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After the key has been read. A method that the address does not have is told so first."""
        super().initial(request, *args, **kwargs)
        if request.method != "OPTIONS" and request.method in self.allowed_methods:
            must(self.actor.sees(See.CLAIM))

    def region(self, request: Request) -> int:
        """The region asked of: one's own, or the one that the agency names. 404 for another's, 422 when none is named."""
        text = request.query_params.get("region", "")
        pk = number_in(text) if text else None
        if text and pk is None:
            raise InvalidInput({"region": ["Ange regionens id"]})
        if self.actor.party is Party.REGION:
            if pk not in (None, self.actor.organisation_id):
                raise Http404
            return self.actor.organisation_id
        if pk is None:
            raise InvalidInput({"region": ["Ange regionens id"]})
        if not Organisation.objects.filter(pk=pk, kind="region").exists():
            raise Http404
        return pk
