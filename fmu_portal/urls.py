"""Addresses of the portal: each app's own, and the errors' pages."""

from django.urls import include, path

from fmu_portal.health import health

urlpatterns = [
    path("halsa", health, name="health"),
    path("", include("accounts.urls")),
]

handler400 = "fmu_portal.errors.bad_request"
handler403 = "fmu_portal.errors.permission_denied"
handler404 = "fmu_portal.errors.page_not_found"
handler500 = "fmu_portal.errors.server_error"
