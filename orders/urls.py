"""Addresses of the assessment's pages. No person and no secret in any of them."""

from django.urls import include, path

from orders.views import case, documents, lists, own, steps

urlpatterns = [
    path("att-gora/", lists.work_basket, name="work-basket"),
    path("aviseringar/", lists.notices, name="notices"),
    path("arenden/", lists.case_list, name="cases"),
    path("arenden/ny/", lists.create, name="create"),
    path("arenden/aterlamnade/", own.handed_back, name="handed-back"),
    path("arenden/sok/", lists.search, name="search"),
    path("arenden/<str:number>/", case.case_page, name="case"),
    path("arenden/<str:number>/handelser/", case.history, name="history"),
    path("arenden/<str:number>/bestallning/", case.order_page, name="order"),
    path("arenden/<str:number>/eget/", own.own, name="own"),
    path("arenden/<str:number>/handlingar/<uuid:document_id>/", documents.document, name="document"),
    path("arenden/<str:number>/steg/<str:step>/", steps.step_page, name="step"),
    path("arenden/<str:number>/steg/<str:step>/kontrollera/", steps.check_page, name="check"),
    path("arenden/<str:number>/utlatande/", include("orders.report_urls")),
]
