"""Addresses of the rules."""

from django.urls import path

from rules import views

urlpatterns = [
    path("regler/", views.rules, name="rules"),
    path("omrakning/", views.recounts, name="recounts"),
]
