"""Addresses of reimbursement's pages. No person and no secret in any of them."""

from django.urls import path

from reimbursement.views import desks, jobs, letters, parties, queue

urlpatterns = [
    path("ersattning/", parties.index, name="reimbursement"),
    path("ersattning/begaran/<key:pk>/", parties.claim, name="claim"),
    path("ersattning/begaran/<key:pk>/steg/<str:step>/", parties.step, name="claim-step"),
    path("ersattning/begaran/<key:pk>/brev/", letters.letter_state, name="claim-letter-state"),
    path("ersattning/flera/<slug:step>/", queue.many, name="claims-many"),
    path("ersattning/kontor/", desks.desk_page, name="desks"),
    path("ersattning/jobb/<key:job>/", jobs.job_page, name="claim-job"),
]
