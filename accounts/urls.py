"""Addresses of login and mandates."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.start, name="start"),
    path("logga-in/", views.log_in, name="login"),
    path("inloggad/", views.still_in, name="still-in"),
    path("bekrafta/", views.still_you, name="still-you"),
    path("uppdrag/", views.mandates, name="mandates"),
    path("inloggningar/", views.logins, name="logins"),
    path("losenord/", views.password, name="password"),
    path("logga-ut/", views.log_out, name="logout"),
]
