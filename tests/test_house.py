"""The rules of the house, read from the code itself: one writer of a status, access in every query, no inline script."""

import ast
import re
from pathlib import Path

import pytest

from orders import diagram
from orders.process import ASSESSMENT
from rules.load import records

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "correspondence", "documents", "fmu_portal", "orders", "regions", "reimbursement", "rules")
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
                                                                    ROOT / "orders/overview.py"]  # fmt: skip
    for path in paths:
        for use in re.findall(r"Assessment\.objects\.(\w+)", path.read_text()):
            if name_of(path) == "orders/views/own.py":
                continue  # numbers of what one's own unit handed back, by its own events
            assert use in ("visible_to", "reachable_by"), f"{name_of(path)}: Assessment.objects.{use}"


def test_events_are_never_updated_or_deleted_in_code():
    for path in SOURCES:
        text = path.read_text()
        assert not re.search(r"Event\.objects(\.\w+\([^)]*\))*\.(update|delete)\(", text), name_of(path)


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
