"""Addresses of the regions' pages: inquiries to a performer, agreements, the region's choices, the flow."""

from django.urls import path

from regions.views import agreements, flow, inquiries, settings

urlpatterns = [
    path("forfragningar/", inquiries.inquiries, name="inquiries"),
    path("forfragningar/<key:pk>/", inquiries.inquiry_page, name="inquiry"),
    path("forfragningar/<key:pk>/svar/<slug:step>/", inquiries.answer, name="answer-inquiry"),
    path("avtal/", agreements.agreements, name="agreements"),
    path("avtal/nytt/", agreements.agreement, name="new-agreement"),
    path("avtal/<key:pk>/", agreements.agreement, name="agreement"),
    path("regionens-val/", settings.settings_page, name="region-choice"),
    path("flode/", flow.flow, name="flow"),
]
