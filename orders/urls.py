"""Addresses of the assessment's pages. No person and no secret in any of them."""

from django.urls import include, path, register_converter

from fmu_portal.addresses import CaseNumber, RowKey
from orders.views import (
    calendar,
    case,
    deviations,
    documents,
    exceptions,
    exports,
    followup,
    journal,
    lists,
    overview,
    own,
    retention,
    steps,
    underlag,
    visits,
)

register_converter(CaseNumber, "number")
register_converter(RowKey, "key")

urlpatterns = [
    path("att-gora/", lists.work_basket, name="work-basket"),
    path("aviseringar/", lists.notices, name="notices"),
    path("arenden/", overview.case_list, name="cases"),
    path("arenden/rader/", overview.rows, name="case-rows"),
    path("arenden/kalender/", calendar.month, name="calendar"),
    path("arenden/export/", exports.index, name="exports"),
    path("arenden/export/<int:export_id>/", exports.export_page, name="export"),
    path("arenden/export/<int:export_id>/lage/", exports.progress, name="export-progress"),
    path("arenden/export/<int:export_id>/fil/", exports.download, name="export-file"),
    path("arenden/vyer/", overview.save_view, name="save-view"),
    path("arenden/vyer/<int:view_id>/ta-bort/", overview.remove_view, name="remove-view"),
    path("avvikelser/", deviations.deviation_list, name="deviations"),
    path("arenden/ny/", lists.create, name="create"),
    path("arenden/aterlamnade/", own.handed_back, name="handed-back"),
    path("arenden/sok/", lists.search, name="search"),
    path("arenden/<number:number>/", case.case_page, name="case"),
    path("arenden/<number:number>/ny/", lists.create, name="create-following"),
    path("arenden/<number:number>/handelser/", case.history, name="history"),
    path("arenden/<number:number>/bestallning/", case.order_page, name="order"),
    path("arenden/<number:number>/oppna/", exceptions.unlock, name="unlock"),
    path("arenden/<number:number>/skyddade-uppgifter/", exceptions.reveal, name="reveal"),
    path("arenden/<number:number>/jav/", exceptions.recuse, name="recuse"),
    path("arenden/<number:number>/jav/hav/", exceptions.lift_recusal, name="lift-recusal"),
    path("arenden/<number:number>/logg/", followup.extract, name="log-extract"),
    path("loggkontroll/", followup.follow_up, name="follow-up"),
    path("arenden/<number:number>/eget/", own.own, name="own"),
    path("arenden/<number:number>/eget/journal.zip", journal.journal, name="journal"),
    path("gallring/", retention.retention_page, name="retention"),
    path("arenden/<number:number>/underlag/", underlag.underlag, name="underlag"),
    path("arenden/<number:number>/underlag/handlingar/", underlag.pieces, name="underlag-parts"),
    path("arenden/<number:number>/underlag/samlat.pdf", underlag.continuous, name="underlag-pdf"),
    path(
        "arenden/<number:number>/underlag/<uuid:document_id>/<int:page>.jpg", underlag.picture, name="underlag-picture"
    ),
    path("arenden/<number:number>/handlingar/<uuid:document_id>/", documents.document, name="document"),
    path("arenden/<number:number>/steg/<str:step>/", steps.step_page, name="step"),
    path("arenden/<number:number>/steg/<str:step>/filer/", steps.files_piece, name="files"),
    path("arenden/<number:number>/steg/<str:step>/kontrollera/", steps.check_page, name="check"),
    path("besok/", visits.week, name="visits"),
    path("besok/kalender.ics", visits.calendar, name="visits-calendar"),
    path("arenden/<number:number>/besok/<key:pk>/besok.ics", visits.one, name="visit-calendar"),
    path("arenden/<number:number>/besok/<key:pk>/kallelse.pdf", visits.letter, name="visit-letter"),
    path("arenden/<number:number>/<slug:part>/steg/<str:step>/", steps.step_page, name="part-begin"),
    path("arenden/<number:number>/<slug:part>/steg/<str:step>/filer/", steps.files_piece, name="part-begin-files"),
    path("arenden/<number:number>/<slug:part>/steg/<str:step>/kontrollera/", steps.check_page, name="part-begin-check"),
    path("arenden/<number:number>/<slug:part>/<key:pk>/steg/<str:step>/", steps.step_page, name="part-step"),
    path("arenden/<number:number>/<slug:part>/<key:pk>/steg/<str:step>/filer/", steps.files_piece, name="part-files"),
    path(
        "arenden/<number:number>/<slug:part>/<key:pk>/steg/<str:step>/kontrollera/", steps.check_page, name="part-check"
    ),
    path("arenden/<number:number>/utlatande/", include("orders.report_urls")),
]
