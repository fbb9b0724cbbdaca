"""Addresses of the pages. No person and no secret in any of them."""

from django.urls import path

from correspondence.views import absence, choices, mail, threads, writing

urlpatterns = [
    path("meddelanden/", threads.thread_list, name="threads"),
    path("meddelanden/nytt/", writing.new, name="new-thread"),
    path("meddelanden/bilagor/<int:draft>/", writing.files_piece, name="draft-files"),
    path("meddelanden/mallar/", choices.templates, name="message-templates"),
    path("meddelanden/<int:thread>/", threads.thread_page, name="thread"),
    path("meddelanden/<int:thread>/steg/<str:step>/", threads.step, name="thread-step"),
    path("meddelanden/<int:thread>/bilagor/<uuid:document_id>/", threads.attachment, name="thread-attachment"),
    path("aviseringar/val/", choices.notices, name="notice-choices"),
    path("franvaro/", absence.absence, name="absence"),
    path("franvaro/overlamning/", absence.hand_over, name="hand-over"),
    path("franvaro/overlamning/<int:job>/", absence.progress, name="hand-over-progress"),
    path("utskick/", mail.state, name="mail-state"),
]
