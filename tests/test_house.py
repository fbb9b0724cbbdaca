"""The rules of the house, read from the code itself: one writer of a status, access in every query, no inline script."""

import ast
import re
from pathlib import Path

import pytest

from orders import diagram
from orders.process import ASSESSMENT
from rules.load import records
from tests import sharing
from tests.picked_columns import column, picked

ROOT = Path(__file__).resolve().parent.parent
APPS = (
    "accounts",
    "audit",
    "correspondence",
    "documents",
    "fmu_portal",
    "orders",
    "regions",
    "reimbursement",
    "rules",
)
SOURCES = [p for app in APPS for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts]
TEMPLATES = [*(ROOT / "templates").rglob("*.html")]


def name_of(path):
    """The path as the repository knows it."""
    return str(path.relative_to(ROOT))


def test_a_status_has_one_writer():
    """Only the model's echo of the database (`apply_event`) and the bulk loader's books assign a status."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            flat = [t for target in targets for t in (target.elts if isinstance(target, ast.Tuple) else [target])]
            if any(isinstance(t, ast.Attribute) and t.attr == "status" for t in flat):
                found.append(name_of(path))
    # The second is an HTTP code, the third a picture rebuilt from events that is never saved.
    allowed = {
        "orders/models/assessment.py",
        "correspondence/models/thread.py",
        "orders/models/part.py",
        "reimbursement/models/subject.py",
        "fmu_portal/engine/refusals.py",
        "orders/replay.py",
    }
    assert {f for f in found if not f.startswith("orders/demo/")} <= allowed


def test_no_query_writes_a_status():
    for path in SOURCES:
        text = path.read_text()
        assert not re.search(r"\.update\([^)]*\bstatus\s*=", text), name_of(path)
        assert "UPDATE orders_assessment SET" not in text, name_of(path)


def test_pages_and_api_fetch_cases_through_access_only():
    """In views and the API, a case is found with visible_to (or by access.py); never with objects.get or objects.all."""
    seen = [ROOT / "orders/views", ROOT / "orders/api"]
    paths = [p for folder in seen for p in folder.rglob("*.py")] + [ROOT / "orders/report_views.py", ROOT / "orders/basket.py",
                                                                    *(ROOT / "orders/overview").rglob("*.py")]  # fmt: skip
    for path in paths:
        for use in re.findall(r"Assessment\.objects\.(\w+)", path.read_text()):
            if name_of(path) == "orders/views/own.py":
                continue  # numbers of what one's own unit handed back, by its own events
            assert use in ("visible_to", "reachable_by"), f"{name_of(path)}: Assessment.objects.{use}"


def test_events_are_never_updated_or_deleted_in_code():
    for path in SOURCES:
        text = path.read_text()
        assert not re.search(r"Event\.objects(\.\w+\([^)]*\))*\.(update|delete)\(", text), name_of(path)


PICKED = {
    "orders.Assessment.number": "a case's number says nothing of a person",
    "orders.Assessment.status": "a code",
    "orders.Assessment.version": "a count",
    "orders.Assessment.next_due": "a day of a duty, with the case's id alone",
    "orders.Export.columns": "names of columns",
    "fmu_portal.Note.case_id": "an id",
    "orders.Unlocking.reason": "why somebody opened another office's case, for who follows up the log",
    "orders.Unlocking.at": "the moment of it",
    "orders.Enclosure.position": "a document's place in the list",
    "documents.Document.key_id": "which key of the ring, for its rotation",
    "documents.Document.storage_key": "where a file lies, for removing it",
    "documents.Document.clean_key": "the same",
    "reimbursement.Claim.number": "a claim's number says nothing of a person",
    "reimbursement.Claim.version": "a count",
    "reimbursement.Claim.payable_on": "a day, with the claim's id alone, for the list's key",
    "reimbursement.Claim.year": "a year of central administration, with its sum",
}
"""Columns of tables behind the wall that may be read without becoming an object; besides, ids may."""


def picked_of_a_person(source):
    """The columns, as `label.Model.field` or a line, that `values()` picks past the access log in a module."""
    from django.apps import apps

    from fmu_portal.database import all_walls

    # The access log and the openings hold ids and codes alone, and to read them is not to read of a person.
    behind = {wall.table for wall in all_walls()} - {"audit_accessentry", "documents_opening"}
    personal = {model for model in apps.get_models() if model._meta.db_table in behind}
    for call in picked(source):
        if call.models and None in call.columns and call.models & personal:
            yield f"line {call.line}: every column"
        for path in filter(None, call.columns):
            if not call.models and path not in ("pk", "id") and not path.endswith("_id"):
                yield f"line {call.line}: {path} of what is not known"
            for model in call.models:
                field = column(model, path)
                if field is None or field.is_relation or field.primary_key or field.model not in personal:
                    continue
                label = f"{field.model._meta.label}.{field.name}"
                if label not in PICKED:
                    yield f"line {call.line}: {label}"


def test_no_column_of_a_person_is_picked_past_the_access_log():
    found = {name_of(p): rows for p in SOURCES if (rows := [*picked_of_a_person(p.read_text())])}
    # It gathers by itself what it reads (tests/test_overview.py, tests/test_exports.py: every case shown is in the log).
    found.pop("orders/overview/reading.py", None)
    # The mark of a list that stands open: ids, versions and days alone, so that asking whether it is old reads nobody.
    assert all("version" in row or "next_due" in row for row in found.pop("orders/overview/__init__.py", []))
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        "InsuredPerson.objects.filter(pk=1).values_list('name', flat=True)",
        "rows = Note.objects.filter(case_id=1)\nrows = rows.order_by('id')\nrows.values('kind', 'text')",
        "case.enclosures.sent().values()",
        "def f(rows: QuerySet[ReportVersion]):\n    return dict(rows.values_list('pk', 'content'))",
        "def of(actor) -> QuerySet[Assessment]: ...\nof(1).values('special_needs')",
        "for m in (Report.objects, Order.objects):\n    m.values_list()",
        "Enclosure.objects.values_list('document__name', flat=True)",
        "Unlocking.objects.values('assessment__person__name')",
        "Note.objects.values(words=F('text'))",
        "whatever.values('name')",
    ],
)
def test_a_picked_column_of_a_person_is_found(planted):
    assert [*picked_of_a_person(planted)]


def test_no_template_has_inline_script_or_style():
    for path in TEMPLATES:
        if "documents" in path.parts:
            continue  # a PDF's own HTML is no page
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), name_of(path)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text), name_of(path)


def test_no_template_decides_by_status_except_for_words():
    """A view or template never asks ``if status ==`` to decide what may be done: that is the table's to say."""
    for path in TEMPLATES:
        for found in re.findall(r"{% (?:el)?if [^%]*\bstatus(?: ==| !=| in| not in) [^%]*%}", path.read_text()):
            assert "wanted.status" in found, f"{name_of(path)}: {found}"


def test_no_money_in_floats():
    for path in SOURCES:
        assert "models.FloatField" not in path.read_text(), name_of(path)
        if path.parts[-2] in ("rules", "reimbursement", "regions"):
            assert "float(" not in path.read_text(), name_of(path)


def test_modules_have_one_reason_to_exist():
    long = {name_of(p): n for p in SOURCES if (n := len(p.read_text().splitlines())) > 430}
    assert long == {}


def test_every_rule_has_a_source_and_every_duty_a_rule():
    keys = {row["key"] for row in records()}
    assert all(row["source"] and row["sure"] in "LSRT" for row in records())
    assert {duty.rule for duty in ASSESSMENT.duties.values()} <= keys


def test_the_page_about_privacy_says_the_years_of_the_rules():
    words = {5: "fem", 10: "tio"}
    text = (ROOT / "templates/pages/privacy.html").read_text()
    years = {row["key"]: words[row["value"]] for row in records() if row.get("unit") == "år"}
    assert f"Journalhandlingar finns kvar i minst {years['law.journal_minimum']} år" in text
    assert f"vem som har läst vad finns kvar i minst {years['law.access_log_minimum']} år" in text


def test_every_status_and_duty_and_step_stands_in_the_table_once_and_fits():
    for status in ASSESSMENT.statuses.values():
        assert set(status.duties) <= set(ASSESSMENT.duties)
        assert status.ended or status.duties, f"{status.name} owes nothing: the case would be in nobody's list"
    for step in ASSESSMENT.steps.values():
        assert set(step.from_) <= set(ASSESSMENT.statuses)
        assert step.to is None or step.to in ASSESSMENT.statuses
        kinds = {*step.closes, *step.needs_open, *step.needs_closed, *(k for ks in step.opens.values() for k in ks)}
        assert kinds <= set(ASSESSMENT.duties)
    for duty in ASSESSMENT.duties.values():
        assert duty.step in ASSESSMENT.steps


def test_the_picture_of_the_process_is_the_tables():
    assert (ROOT / "docs/process.md").read_text() == diagram.page(), "manage.py process > docs/process.md"


@pytest.mark.parametrize("path", [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")], ids=name_of)
def test_the_documents_point_at_files_that_exist(path):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target
    places = "|".join((*APPS, "tests", "launcher", "bench", "docs", "static", "templates"))
    for target in re.findall(rf"`((?:{places})/[\w./-]+)`", path.read_text()):
        assert "NAME" in target or (ROOT / target).exists(), target


def test_what_begins_early_is_there():
    """A name that no test has would put nothing first, without a word."""
    for place in sharing.EARLY:
        file, name = place.split("::")
        assert f"\ndef {name}" in (ROOT / file).read_text(), place
