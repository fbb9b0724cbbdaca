"""Addresses of reimbursement's pages. No person and no secret in any of them."""

from django.urls import path

from reimbursement.views import control, interest, jobs, recoveries

urlpatterns = [
    path("ersattning/jobb/<key:job>/", jobs.job_page, name="claim-job"),
    path("ersattning/begaran/<key:pk>/aterkrav/", recoveries.open_one, name="open-recovery"),
    path("ersattning/aterkrav/", recoveries.listing, name="recoveries"),
    path("ersattning/aterkrav/<key:pk>/", recoveries.page, name="recovery"),
    path("ersattning/aterkrav/<key:pk>/steg/<slug:step>/", recoveries.step, name="recovery-step"),
    path("ersattning/rantor/", interest.records, name="interest-records"),
    path("ersattning/kontroll/", control.periods, name="control-periods"),
    path("ersattning/kontroll/<key:pk>/", control.period, name="control-period"),
    path("ersattning/kontroll/granskning/<key:pk>/", control.review, name="review"),
    path("ersattning/kontroll/granskning/<key:pk>/steg/<slug:step>/", control.step, name="review-step"),
]
