"""The file for the finance system: written once for each time that a batch is to be sent; docs/reimbursement_file.md.

Its bytes follow from the batch's rows alone, so that a job that was killed and runs again writes the same. It is put in
place by one rename, and a file with other content is never written over.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.actor import CLOCK
from fmu_portal.engine import outbox
from fmu_portal.engine.door import take
from fmu_portal.models import Event
from reimbursement.models import Batch, BatchItem
from reimbursement.paying import FILE

VERSION = 1
"""Of the format. A change of the columns is a new version, told to the finance system first."""


def folder() -> Path:
    """Where the files lie; the finance system fetches them from there."""
    return Path(settings.DATA_DIR) / "payments"


def attempt(batch: Batch) -> int:
    """Which time the batch is sent: 1, and one more for each time that it was sent again."""
    return 1 + Event.objects.filter(process="batch", subject_id=batch.pk, step="retry").count()


def path_of(batch: Batch) -> Path:
    """The file's place: "U-2027-00004-1.csv"."""
    return folder() / f"{batch.number}-{attempt(batch)}.csv"


def content(batch: Batch) -> bytes:
    """The file: header, a row for each claim, what is set off, the total with the control sum. UTF-8, semicolons, CRLF."""
    items = BatchItem.objects.filter(batch=batch).select_related("claim").order_by("id")
    assert batch.account is not None
    rows: list[tuple[Any, ...]] = [
        ("FMU", VERSION, batch.number, attempt(batch), batch.made_on.isoformat(), batch.account.number, "SEK"),
        *(("BELOPP", item.claim.number, kronor(item.amount)) for item in items),
    ]
    if batch.set_off:
        rows.append(("KVITTAT", kronor(-batch.set_off)))
    rows.append(("SUMMA", batch.count, kronor(batch.net), batch.control_sum))
    return "".join(";".join(str(cell) for cell in row) + "\r\n" for row in rows).encode()


def kronor(ore: int) -> str:
    """An amount as the file has it: "18400.00", "-250.50"."""
    sign, ore = ("-", -ore) if ore < 0 else ("", ore)
    return f"{sign}{ore // 100}.{ore % 100:02d}"


def write(batch: Batch) -> Path:
    """Put the file in place, whole or not at all. FileExistsError when one with other content has its name."""
    path, data = path_of(batch), content(batch)
    folder().mkdir(mode=0o750, parents=True, exist_ok=True)
    if path.exists():
        if path.read_bytes() != data:
            raise FileExistsError(path.name)
        return path
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder())
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o640)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder()
    return path


def _sync_folder() -> None:
    """The rename itself survives a power cut."""
    handle = os.open(folder(), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest_in_place(batch: Batch) -> str:
    """The file's SHA-256 when it lies in its place and says what the rows say; otherwise empty."""
    path = path_of(batch)
    if batch.account_id is None or not path.is_file():
        return ""
    data = path.read_bytes()
    return hashlib.sha256(data).hexdigest() if data == content(batch) else ""


@outbox.handler(FILE, as_clock=True)
def send(payload: dict[str, Any]) -> None:
    """Write the batch's file and take the step; nothing to send is settled at once. Done already: nothing.

    The batch's row is locked first: two workers with two rows of the outbox write one file and take one step.
    """
    batch = Batch.locked(payload["batch"])
    if batch.status != "created":
        return
    if batch.net == 0:
        take("batch", batch.pk, "settle_by_set_off", CLOCK)
        return
    write(batch)
    take("batch", batch.pk, "send", CLOCK)
