"""/statement/ and /pay-account/: a region's year in the books, and the account that it is paid to."""

from __future__ import annotations

from django.http import Http404
from django.urls import URLPattern, path
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from fmu_portal.addresses import number_in
from fmu_portal.engine.refusals import InvalidInput
from orders.api.base import PAGE, body_of, must
from orders.api.schema import CURSOR, PART, answers
from orders.api.serializers import Answer
from reimbursement import accounts, statements
from reimbursement.api.money import ORE, REGION, TAG, MoneyView
from reimbursement.models import Entry, PayAccount

YEAR = OpenApiParameter("year", int, description="År, till exempel 2027. Innevarande år när det utelämnas.")


class KindSum(Answer):
    """Summan av ett slag."""

    kind = serializers.CharField(label="Slag")
    amount = serializers.IntegerField(label=ORE)
    count = serializers.IntegerField(label="Antal poster")


class AccountSums(Answer):
    """Ett konto i bokföringen under året. Plus är till regionens fördel."""

    account = serializers.CharField(label="Konto")
    opening = serializers.IntegerField(label="Ingående saldo i öre")
    kinds = KindSum(label="Summor per slag", many=True)
    closing = serializers.IntegerField(label="Utgående saldo i öre")


class EntryAnswer(Answer):
    """En bokföringspost."""

    id = serializers.IntegerField(label="Id", source="pk")
    day = serializers.DateField(label="Dag")
    account = serializers.CharField(label="Konto")
    kind = serializers.CharField(label="Slag")
    amount = serializers.IntegerField(label=ORE)
    claim = serializers.CharField(label="Begärans nummer", source="claim.number", default=None, allow_null=True)
    line = serializers.CharField(label="Postens slag", source="line.kind", default=None, allow_null=True)
    batch = serializers.CharField(label="Utbetalningens nummer", source="batch.number", default=None, allow_null=True)
    recovery = serializers.CharField(
        label="Återkravets nummer", source="recovery.number", default=None, allow_null=True
    )
    corrects = serializers.IntegerField(label="Rättar post", source="corrects_id", allow_null=True)
    event = serializers.IntegerField(label="Händelsens id", source="event_id")
    law = serializers.SerializerMethodField(label="Paragraf i förordning (2018:1633)")

    def get_law(self, entry: Entry) -> str:
        """The paragraph that it rests on."""
        return statements.law_of(entry)


class StatementAnswer(Answer):
    """Kontoutdrag: årets saldon och summor, och en sida av posterna, den äldsta först."""

    region = serializers.IntegerField(label="Regionens id")
    year = serializers.IntegerField(label="År")
    accounts = AccountSums(label="Konton", many=True)
    results = EntryAnswer(label="Poster", many=True)
    next = serializers.CharField(label="Adress till nästa sida, null på den sista", allow_null=True)


class NumberAnswer(Answer):
    """Ett bankgironummer som regionen har angett."""

    id = serializers.IntegerField(label="Id", source="pk")
    number = serializers.CharField(label="Bankgiro")
    entered_at = serializers.DateTimeField(label="Angett", source="at")


class PayAccountAnswer(Answer):
    """Kontot som betalas till, och det som väntar på godkännande."""

    region = serializers.IntegerField(label="Regionens id")
    current = NumberAnswer(label="Gäller nu", allow_null=True)
    waiting = NumberAnswer(label="Väntar på godkännande", allow_null=True)


class StatementView(MoneyView):
    """/statement/"""

    @extend_schema(
        operation_id="statement_read",
        summary="Läs en regions kontoutdrag",
        description="Årets saldon och summor, och posterna i dagordning, 50 åt gången.",
        tags=TAG,
        parameters=[REGION, YEAR, CURSOR],
        responses=answers({200: StatementAnswer}, 401, 403, 404, 422),
    )
    def get(self, request: Request) -> Response:
        """The sums and one page."""
        region = self.region(request)
        text = request.query_params.get("year", "")
        year = number_in(text) if text else timezone.localdate().year
        if year is None or not 2019 <= year <= 2100:
            raise InvalidInput({"year": ["Ange ett år från 2019"]})
        cursor = request.query_params.get("cursor", "")
        rows = statements.entries(region, year)
        found = list(statements.after(rows, cursor)[: PAGE + 1])
        following = None
        if len(found) > PAGE:
            found = found[:PAGE]
            following = f"{request.path}?region={region}&year={year}&cursor={statements.key_of(found[-1])}"
        of = statements.statement(region, year)
        parts = [
            {
                "account": part.account,
                "opening": part.opening,
                "closing": part.closing,
                "kinds": [{"kind": kind, "amount": amount, "count": count} for kind, amount, count in part.kinds],
            }
            for part in of.parts
        ]
        answer = {"region": region, "year": year, "accounts": parts, "results": found, "next": following}
        return Response(StatementAnswer(answer).data)


def _answer(region: int) -> Response:
    """The account as it is now."""
    found = accounts.numbers(region)
    return Response(PayAccountAnswer({"region": region, "current": found.current, "waiting": found.waiting}).data)


class PayAccountView(MoneyView):
    """/pay-account/"""

    @extend_schema(
        operation_id="pay_account_read",
        summary="Läs kontot som en region får betalt till",
        tags=TAG,
        parameters=[REGION],
        responses=answers({200: PayAccountAnswer}, 401, 403, 404, 422),
    )
    def get(self, request: Request) -> Response:
        """What is paid to, and what waits."""
        return _answer(self.region(request))

    @extend_schema(
        operation_id="pay_account_enter",
        summary="Ange regionens konto",
        description="Regionens ekonom. Numret gäller när en attestant på Försäkringskassan har godkänt det.",
        tags=TAG,
        request={
            "application/json": {
                "type": "object",
                "properties": {"number": {"type": "string", "title": "Bankgiro", "maxLength": 20}},
                "required": ["number"],
                "additionalProperties": False,
            }
        },
        responses=answers({200: PayAccountAnswer}, 400, 401, 403, 409, 413, 415, 422),
    )
    def post(self, request: Request) -> Response:
        """Enter it."""
        must("enter" in accounts.may(self.actor))
        body = body_of(request)
        if extra := set(body) - {"number"}:
            raise InvalidInput({sorted(map(str, extra))[0][:60]: ["Fältet finns inte här."]})
        text = body.get("number")
        try:
            number = accounts.bankgiro(text if isinstance(text, str) else "")
        except ValueError as wrong:
            raise InvalidInput({"number": [str(wrong)]}) from wrong
        accounts.enter(self.actor, number)
        return _answer(self.actor.organisation_id)


class ApproveView(MoneyView):
    """/pay-account/{pk}/approve/"""

    @extend_schema(
        operation_id="pay_account_approve",
        summary="Godkänn ett konto",
        description="En attestant, som inte själv har angett numret. Bara det senast angivna kan godkännas.",
        tags=TAG,
        parameters=[PART],
        request=None,
        responses=answers({200: PayAccountAnswer}, 401, 403, 404, 409),
    )
    def post(self, request: Request, pk: int) -> Response:
        """Approve it."""
        must("approve" in accounts.may(self.actor))
        entered = PayAccount.objects.filter(pk=pk, approves__isnull=True).first()
        if entered is None:
            raise Http404
        accounts.approve(self.actor, pk)
        return _answer(entered.region_id)


def patterns() -> list[URLPattern]:
    """The operations of the statement and the account."""
    return [
        path("statement/", StatementView.as_view(), name="api-statement"),
        path("pay-account/", PayAccountView.as_view(), name="api-pay-account"),
        path("pay-account/<apikey:pk>/approve/", ApproveView.as_view(), name="api-pay-account-approve"),
    ]
