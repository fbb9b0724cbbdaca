"""Addresses of the report, under ``arenden/<number>/utlatande/``."""

from django.urls import path

from orders import report_views as views

urlpatterns = [
    path("", views.start, name="report"),
    path("granska/", views.review, name="report-review"),
    path("version/<int:version>/", views.version, name="report-version"),
    path("version/<int:version>/lage/", views.progress, name="report-progress"),
    path("version/<int:version>/pdf/", views.pdf, name="report-pdf"),
    path("<slug:section>/", views.section, name="report-section"),
    path("<slug:section>/spara/", views.autosave, name="report-autosave"),
]
