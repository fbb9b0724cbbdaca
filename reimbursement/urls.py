"""Addresses of reimbursement's pages. No person and no secret in any of them."""

from django.urls import path

from reimbursement.views import jobs

urlpatterns = [
    path("ersattning/jobb/<key:job>/", jobs.job_page, name="claim-job"),
]
