"""Password login. Demonstration users exist only where the demonstration was asked for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.models import User


class PortalBackend:
    """Username and password; the same work is done whether the user exists or not."""

    def authenticate(self, request: HttpRequest | None, username: str = "", password: str = "") -> User | None:
        """The user, or None."""
        user = User.objects.filter(username=username).first()
        if user is None:
            User().set_password(password)
            return None
        right = user.check_password(password)
        return user if right and self.may_log_in(user) else None

    @staticmethod
    def may_log_in(user: User) -> bool:
        """Active, and no demonstration user outside a demonstration."""
        return user.is_active and (settings.DEMO or not user.is_demo)

    def get_user(self, user_id: Any) -> User | None:
        """The user of a session."""
        user = User.objects.filter(pk=user_id).first()
        return user if user is not None and self.may_log_in(user) else None
