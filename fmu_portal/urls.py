"""Addresses of the portal: each app's own, and the errors' pages."""

from django.urls import include, path

from fmu_portal import pages
from fmu_portal.health import health

urlpatterns = [
    path("halsa", health, name="health"),
    path("om/tillganglighet/", pages.accessibility, name="accessibility"),
    path("om/personuppgifter/", pages.privacy, name="privacy"),
    path("", include("accounts.urls")),
    path("", include("rules.urls")),
    path("", include("correspondence.urls")),
    path("", include("orders.urls")),
    path("", include("regions.urls")),
    path("", include("reimbursement.urls")),
    path("api/v1/", include("orders.api.urls")),
]

handler400 = "fmu_portal.errors.bad_request"
handler403 = "fmu_portal.errors.permission_denied"
handler404 = "fmu_portal.errors.page_not_found"
handler500 = "fmu_portal.errors.server_error"
