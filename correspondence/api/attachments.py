"""Files of a thread by the API: attach to what will be written, open, take back what was not sent."""

from __future__ import annotations

import uuid

from django import forms
from django.conf import settings
from django.http import FileResponse, Http404
from django.utils.http import content_disposition_header
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from correspondence import access, drafts, files
from correspondence.api import answers as out
from correspondence.api.base import TAG, THREAD_ID, ThreadView
from correspondence.files import wrong_page
from correspondence.models import Attachment, Draft
from correspondence.process import THREAD
from correspondence.views.threads import record
from documents.intake import Unacceptable
from fmu_portal.engine.door import available, may_take
from fmu_portal.engine.refusals import InvalidInput, WrongState
from fmu_portal.engine.registry import PROCESSES
from fmu_portal.forms import PortalForm
from orders.api.base import JSONObject, TooLarge, Upload, must
from orders.api.schema import answers
from orders.views.documents import must_be_clean, stream

DOCUMENT = OpenApiParameter("document_id", uuid.UUID, OpenApiParameter.PATH, description="Bilagans id.")


class UploadForm(PortalForm):
    """One file."""

    file = forms.FileField(label="Filen, PDF eller bild", max_length=200)


BODY = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary", "title": "Filen, PDF eller bild"}},
    "required": ["file"],
}


class AttachmentListView(ThreadView):
    """/threads/{thread}/attachments/"""

    parser_classes = (Upload,)

    @extend_schema(
        operation_id="threads_attach",
        summary="Ladda upp en bilaga",
        description="Filen tas emot och kontrolleras. Den väntar tills nästa meddelande i tråden och kan dessförinnan tas"
        " bort.",
        tags=[TAG],
        parameters=[THREAD_ID],
        request={"multipart/form-data": BODY},
        responses=answers({201: out.AttachmentAnswer}, 400, 401, 403, 404, 409, 413, 415, 422),
    )
    def post(self, request: Request, thread: int) -> Response:
        """Stage one file."""
        found, _ = self.thread(thread)
        actor, write = self.actor, THREAD.steps["write"]
        must(may_take(PROCESSES[THREAD.name], found, write, actor))
        if write not in available(THREAD.name, found, actor, ()):
            raise WrongState("Det går inte att skriva i tråden nu.", status_label=found.status_label)
        form = UploadForm({}, request.FILES)
        if not form.is_valid():
            raise InvalidInput({k: [str(e) for e in v] for k, v in form.errors.items()})
        draft = drafts.find(actor, found.pk) or Draft.objects.create(
            user_id=actor.user_id, organisation_id=actor.organisation_id, thread=found
        )
        file = form.cleaned_data["file"]
        try:
            row = files.attach(draft, actor, file)
        except Unacceptable as error:
            if (file.size or 0) > settings.DOCUMENT_MAX_BYTES:
                raise TooLarge(str(error)) from error
            raise InvalidInput({"file": [str(error)]}) from error
        answer = out.AttachmentAnswer(out.attachment_answer(found, row)).data
        href = f"/api/v1/threads/{found.pk}/attachments/{row.document_id}/"
        return Response(answer, status=201, headers={"Location": href})


class AttachmentView(ThreadView):
    """/threads/{thread}/attachments/{document_id}/"""

    parser_classes = (JSONObject,)

    @extend_schema(
        operation_id="threads_open_attachment",
        summary="Öppna en bilaga",
        description="Den kontrollerade kopian. I ett ärende sparas det vem som öppnade den och när.",
        tags=[TAG],
        parameters=[THREAD_ID, DOCUMENT],
        responses={(200, "application/pdf"): {"type": "string", "format": "binary"}, **answers({}, 401, 404, 409, 410)},
    )
    def get(self, request: Request, thread: int, document_id: uuid.UUID) -> FileResponse:
        """The file."""
        found, row = access.get_attachment(self.actor, thread, document_id)
        must_be_clean(row.document)
        if wrong_page(row, found):
            raise WrongState("Filen innehåller ett personnummer som inte får stå här.", status_label="")
        record(row, found, self.actor)
        response = stream(row.document, row.document.name)
        response.headers["Content-Disposition"] = content_disposition_header(True, row.document.name) or "attachment"
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response

    @extend_schema(
        operation_id="threads_remove_attachment",
        summary="Ta bort en bilaga som inte är skickad",
        tags=[TAG],
        parameters=[THREAD_ID, DOCUMENT],
        responses={204: None, **answers({}, 401, 404)},
    )
    def delete(self, request: Request, thread: int, document_id: uuid.UUID) -> Response:
        """Take back what was not sent."""
        _, row = access.get_attachment(self.actor, thread, document_id)
        if row.message_id is not None or row.user_id != self.actor.user_id:
            raise Http404
        locked = Attachment.objects.select_for_update(of=("self",)).select_related("document").get(pk=row.pk)
        if locked.message_id is not None:
            raise Http404
        files.remove(locked)
        return Response(status=204)
