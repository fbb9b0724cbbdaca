"""Addresses of reimbursement's pages. No person and no secret in any of them."""

from django.urls import path

from reimbursement.views import (
    accounts,
    claim,
    claiming,
    desks,
    jobs,
    letters,
    listing,
    opening,
    payments,
    queue,
    statement,
)

urlpatterns = [
    path("ersattning/", claim.index, name="reimbursement"),
    path("ersattning/skicka/", listing.send_many, name="send-claims"),
    path("ersattning/flera/<slug:step>/", queue.many, name="claims-many"),
    path("ersattning/administration/", opening.administration, name="administration"),
    path("ersattning/utbildning/", opening.training, name="training"),
    path("ersattning/kontor/", desks.desk_page, name="desks"),
    path("ersattning/begaran/<key:pk>/", claim.claim_page, name="claim"),
    path("ersattning/begaran/<key:pk>/underlag/", claiming.files, name="claim-files"),
    path("ersattning/begaran/<key:pk>/brev/", letters.letter_state, name="claim-letter-state"),
    path("ersattning/begaran/<key:pk>/steg/<str:step>/", claim.claim_step, name="claim-step"),
    path("ersattning/begaran/<key:pk>/handlingar/<uuid:document_id>/", claim.document, name="claim-document"),
    path("ersattning/jobb/<key:job>/", jobs.job_page, name="claim-job"),
    path("ersattning/utbetalningar/", payments.payments, name="payments"),
    path("ersattning/utbetalningar/skapa/", payments.make, name="make-payments"),
    path("ersattning/utbetalningar/<key:pk>/", payments.payment, name="payment"),
    path("ersattning/utbetalningar/<key:pk>/steg/<str:step>/", payments.payment_step, name="payment-step"),
    path("ersattning/konto/", accounts.own_account, name="own-account"),
    path("ersattning/konto/<key:region>/", accounts.account, name="account"),
    path("ersattning/kontoutdrag/", statement.this_year, name="statement-now"),
    path("ersattning/kontoutdrag/<int:year>/", statement.statement, name="statement"),
    path("ersattning/kontoutdrag/<int:year>/fil/", statement.statement_file, name="statement-file"),
]
