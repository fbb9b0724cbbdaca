"""What every call about one thread shares."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter

from correspondence import access
from correspondence.models import Thread, ThreadParty
from orders.api.base import ApiView

TAG = "Meddelanden"
THREAD_ID = OpenApiParameter(
    "thread", {"type": "integer", "minimum": 0}, OpenApiParameter.PATH, description="Trådens id, ur listan."
)


class ThreadView(ApiView):
    """What every call about one thread shares."""

    def thread(self, pk: int) -> tuple[Thread, ThreadParty]:
        """The thread and the organisation's row in it, or 404."""
        return access.get_thread(self.actor, pk)
