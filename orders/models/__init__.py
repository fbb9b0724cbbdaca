"""Rows of an assessment."""

from orders.models.access import Recusal, Reveal, Unlocking
from orders.models.assessment import Assessment, AssessmentType, CaseCounter
from orders.models.decisions import Deferral, Deviation, DeviationKind, Expansion, Profession, RegionChoice
from orders.models.enclosure import Enclosure, EnclosureKind
from orders.models.erasure import Erasure
from orders.models.order import Assignment, Order, Participant, StepDraft
from orders.models.overview import Export, ExportFormat, ExportState, SavedView
from orders.models.part import Part
from orders.models.person import InsuredPerson, Protection
from orders.models.report import Report, ReportSource, ReportVersion

__all__ = [
    "Assessment",
    "AssessmentType",
    "Assignment",
    "CaseCounter",
    "Deferral",
    "Deviation",
    "DeviationKind",
    "Enclosure",
    "EnclosureKind",
    "Erasure",
    "Expansion",
    "Export",
    "ExportFormat",
    "ExportState",
    "InsuredPerson",
    "Order",
    "Part",
    "Participant",
    "Profession",
    "Protection",
    "Recusal",
    "RegionChoice",
    "Report",
    "ReportSource",
    "ReportVersion",
    "Reveal",
    "SavedView",
    "StepDraft",
    "Unlocking",
]
