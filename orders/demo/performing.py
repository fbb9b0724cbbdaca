"""Carries out a plan: each step of a story with what its form would have set, noted and written beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from accounts.roles import Role
from orders.demo import words
from orders.demo.examining import OTHERS, PART_DEEDS, Examination
from orders.demo.insured import person_line
from orders.demo.ledger import NULL, Books, Person, text
from orders.demo.papers import Paper, Papers
from orders.demo.parties import Parts
from orders.demo.reports import written
from orders.demo.story import DECIDED, Act

_SETTLED = 0.7
"""How often deviations so far are closed before something else happens."""


@dataclass
class Sent:
    """A document of the case."""

    pk: int
    paper: Paper
    dated: str
    staged_by: int
    sent_by: int
    voided_by: int | None = None


class Performance(Examination):
    """One case as it is carried out; `finish` writes its rows."""

    def __init__(self, books: Books, rng: Random, pk: int, number: str, between: Parts, papers: Papers) -> None:
        super().__init__(books, rng, pk, number)
        self.between, self.papers = between, papers
        self.unit = between.unit
        self.agency = between.officer
        self.coordinator = rng.choice(between.region.coordinators)
        self.language, self.needs, self.method = "", "", ""
        self.sent: list[Sent] = []
        self.assignments: list[list[int | None]] = []
        self.reports = 0
        self.person, self.protection, self.stays = "", "", ""

    def perform(self, start: int, acts: tuple[Act, ...]) -> None:
        """All steps of a plan, from the draft's day."""
        self.create(start, self.agency)
        for act in acts[1:]:
            day = start + act.day
            if self.parts and self.rng.random() < _SETTLED:
                self.settle(day, self.coordinator, words.SETTLED)
            if act.step in PART_DEEDS:
                self.move_to(day)
                PART_DEEDS[act.step](self, act.word)
                continue
            if act.step == "record_silence":
                self.next_silence()
            else:
                self.next_event(day)
            _DEEDS[act.step](self, act.word)
        if self.parts and self.rng.random() < _SETTLED:
            self.settle(min(self.day + self.rng.randint(1, 9), self.calendar.last), self.coordinator, words.SETTLED)
        self.close_books()

    @property
    def iso(self) -> str:
        """Today's date in the story."""
        return self.calendar.iso[self.day]

    # -- the agency ------------------------------------------------------------------------------------------------

    def request(self, word: str) -> None:
        """Begäran, with the insured person."""
        rng, parts = self.rng, self.between
        interpreter = rng.random() < 0.18 or word == "interpreter"
        self.language = rng.choice(words.LANGUAGES) if interpreter else ""
        self.needs, self.method = rng.choice(words.NEEDS), rng.choice(words.METHODS)
        wished = self.calendar.iso[self.day + rng.randint(5, 25)] if rng.random() < 0.3 else None
        self.person = person_line(self.pk, parts.digits, parts.place, rng)
        self.take(
            "request",
            self.agency,
            region_id=parts.region.pk,
            municipality_id=parts.place.municipality,
            other_region_reason="",
            interpreter=interpreter,
            wished_start=wished,
            requested_on=self.iso,
        )

    def request_anew(self, word: str) -> None:
        """The same region once more."""
        self.take(
            "request_anew",
            self.agency,
            notes=[("reason", words.ANEW)],
            region_id=self.between.region.pk,
            municipality_id=self.between.place.municipality,
            other_region_reason="",
            requested_on=self.iso,
        )

    def order(self, word: str) -> None:
        """Beställning with underlag; after a hand-back also what the earlier performer was sent."""
        rng, papers = self.rng, self.papers.underlag[self.between.office.pk]
        if not self.sent:
            chosen = rng.sample(papers[:4], rng.randint(1, 3))
            chosen += [papers[4]] if rng.random() < 0.7 else []
            chosen += [papers[5]] if rng.random() < 0.2 else []
            chosen += [papers[6]] if rng.random() < 0.3 else []
            self._enclose(chosen)
        for sent in self.sent:
            sent.sent_by = self.event_id
        kinds = {sent.paper.kind for sent in self.sent}
        data = {"expandable": rng.random() < 0.6, **self._listed(self.sent)}
        if int(self.fields["assignments_count"]) > 1:
            data["new_clock"] = True
        informed = self.calendar.iso[self.day - rng.randint(3, 12)]
        reason = "" if "self_rating" in kinds else words.NO_SELF_RATING
        self.books.add(
            "order",
            f"{self.pk}\t{self.event_id}\t{self.method}\t{rng.choice(words.PURPOSES)}\t{text(data['expandable'])}"
            f"\t{reason}\t{text('own' in kinds)}\t{informed}",
        )
        self.ordinals["underlag_complete_on"] = self.day
        self.take(
            "order",
            self.agency,
            data,
            interpreter=self.fields["interpreter"],
            ordered_on=self.iso,
            underlag_complete_on=self.iso,
        )

    def supplement_underlag(self, word: str) -> None:
        """The answer to a question, with a document or in words."""
        data = self._listed(self._enclose(self._unused())) if word == "file" else {}
        fields: dict[str, Any] = {}
        if self.status == "ordered" and word == "file":
            self.ordinals["underlag_complete_on"] = self.day
            fields["underlag_complete_on"] = self.iso
        notes = [("answer", self.rng.choice(words.ANSWER))]
        self.take("supplement_underlag", self.agency, data, notes=notes, **fields)

    def add(self, word: str) -> None:
        """One document more."""
        data = {"changed": [], **self._listed(self._enclose(self._unused()))}
        self.take("add", self.agency, data, notes=[("reason", words.ADDED)])

    def protect(self, word: str) -> None:
        """The person's identity is marked as protected: from then on the place stands on the person alone."""
        self.protection, self.stays = "marked", self.fields["municipality_id"]
        self.take("protect", self.agency, {}, protected=True, municipality_id=None)

    def void_document(self, word: str) -> None:
        """The first document is voided."""
        self.sent[0].voided_by = self.event_id
        data = {"enclosure": self.sent[0].pk, "wrong": "document"}
        self.take("void_document", self.agency, data, notes=[("reason", words.VOID)])

    def register_report(self, word: str) -> None:
        """A report that came by post."""
        papers = self.papers.reports[self.between.office.pk]
        sent = self._enclose([papers[0], papers[2]])
        data = {**self._listed(sent), **self._arrival(self.day)}
        self._version("registered", papers[0].document_id, None)
        fields = {**self._delivered(), "report_version": self.reports}
        self.take("register_report", self.agency, data, notes=[("evidence", words.EVIDENCE)], **fields)

    def complete(self, word: str) -> None:
        """Godta."""
        self.take("complete", self.agency, {"report_version": self.reports})

    def request_supplement(self, word: str) -> None:
        """What is missing; by the routine's time or a decided day."""
        limit = ("supplement_report", self.day + DECIDED) if word == "decided" else None
        notes = [("missing", self.rng.choice(words.SUPPLEMENT))]
        self.take("request_supplement", self.agency, {"part": "prognosis"}, limit=limit, notes=notes)

    def end(self, word: str) -> None:
        """Avsluta."""
        fields: dict[str, Any] = {"ended_cause": word}
        if word == "objects":
            fields["carried_out_on"] = self.calendar.iso[self.examined]
        self.take("end", self.agency, notes=[("reason", words.END[word])], **fields)

    # -- the region ------------------------------------------------------------------------------------------------

    def return_(self, word: str) -> None:
        """Lämna tillbaka."""
        notes = [("reason", self.rng.choice(words.RETURN))]
        self.take("return", self.coordinator, notes=notes, **self._remembered())

    def assign(self, word: str) -> None:
        """Tilldela; after a hand-back another unit where the region has one."""
        before = int(self.fields.get("assignments_count", 0))
        if before:
            others = [unit for unit in self.between.region.units if unit.pk != self.unit.pk]
            self.unit = others[0] if others else self.unit
        self.assignments.append([self.unit.pk, self.event_id, None])
        self.take(
            "assign",
            self.coordinator,
            performer_id=self.unit.pk,
            assignments_count=before + 1,
            region_coordinator_id=self.coordinator.user_id,
        )

    def _remembered(self) -> dict[str, Any]:
        """Whoever at the region first deals with the case has it in hand."""
        known = self.fields.get("region_coordinator_id") is not None
        return {} if known else {"region_coordinator_id": self.coordinator.user_id}

    # -- the performer ---------------------------------------------------------------------------------------------

    def confirm(self, word: str) -> None:
        """Bekräfta."""
        self.take("confirm", self.administrator)

    def record_silence(self, word: str) -> None:
        """The clock's own step."""
        self.take("record_silence", None)

    def question_underlag(self, word: str) -> None:
        """Fråga om underlaget."""
        notes = [("missing", self.rng.choice(words.MISSING)), ("essential", words.ESSENTIAL)]
        self.take("question_underlag", self.physician or self.administrator, notes=notes)

    def name_physician(self, word: str) -> None:
        """A responsible physician and now and then others; later all of them, with the same physician."""
        staff, rng = self.unit.staff, self.rng
        if self.physician is None:
            self.physician = rng.choices(staff[Role.PHYSICIAN], [3, 1][: len(staff[Role.PHYSICIAN])])[0]
        others = [staff[role][0].user_id for role in OTHERS if staff[role] and (word == "all" or rng.random() < 0.5)]
        self.participants = sorted({self.physician.user_id, *others})
        data = {"replaced": self.fields.get("responsible_physician_id"), "participants": self.participants}
        self.take("name_physician", self.administrator, data, responsible_physician_id=self.physician.user_id)

    def propose_end(self, word: str) -> None:
        """Föreslå avslut, by the performer or (before there is one) the region."""
        notes = [("reason", self.rng.choice(words.PROPOSE))]
        if self.status == "requested":
            self.take("propose_end", self.coordinator, {"cause": word}, notes=notes, **self._remembered())
        else:
            self.take("propose_end", self.administrator, {"cause": word}, notes=notes)

    def hand_back(self, word: str) -> None:
        """Lämna tillbaka uppdraget: access ends."""
        self.assignments[-1][2] = self.event_id
        self.participants = []
        data = {"cause": word, "handed_back_by": self.unit.pk}
        notes = [("reason", words.HAND_BACK[0 if word == "conflict" else 1])]
        self.physician = None
        self.take(
            "hand_back",
            self.administrator,
            data,
            notes=notes,
            performer_id=None,
            responsible_physician_id=None,
            ordered_on=None,
            underlag_complete_on=None,
        )

    def deliver(self, word: str) -> None:
        """The report, written in the portal."""
        data = self._arrival(self.day)
        self._write_report()
        self.take("deliver", self.physician, data, report_version=self.reports, **self._delivered())

    def supplement(self, word: str) -> None:
        """A new version."""
        self._write_report()
        self.take("supplement", self.physician, {"report_version": self.reports}, report_version=self.reports)

    # -- parts of several ------------------------------------------------------------------------------------------

    def _reasoned(self, step: str, actor: Person, choices: str | tuple[str, ...]) -> None:
        reason = choices if isinstance(choices, str) else self.rng.choice(choices)
        self.take(step, actor, notes=[("reason", reason)])

    def decline_question(self, word: str) -> None:
        """Avslå frågan."""
        self._reasoned("decline_question", self.agency, words.DECLINE_QUESTION)

    def withdraw(self, word: str) -> None:
        """Återkalla."""
        self._reasoned("withdraw", self.agency, words.WITHDRAW)

    def decline_end(self, word: str) -> None:
        """Avslå förslaget att avsluta."""
        self._reasoned("decline_end", self.agency, words.DECLINE_END)

    def cannot_supplement(self, word: str) -> None:
        """Det går inte att komplettera."""
        self._reasoned("cannot_supplement", self.administrator, words.CANNOT)

    def recall_supplement(self, word: str) -> None:
        """Ta tillbaka begäran om komplettering."""
        self._reasoned("recall_supplement", self.agency, words.RECALL)

    def discard(self, word: str) -> None:
        """Kasta."""
        self.take("discard", self.agency)

    def _unused(self) -> list[Paper]:
        used = {sent.paper.document_id for sent in self.sent}
        papers = self.papers.underlag[self.between.office.pk]
        return [next(p for p in (*papers[:4], *papers[6:]) if p.document_id not in used)]

    def _enclose(self, papers: list[Paper]) -> list[Sent]:
        made = []
        for paper in papers:
            dated = self.calendar.iso[self.day - self.rng.randint(10, 120)]
            made.append(Sent(self.books.enclosure_id, paper, dated, self.between.office.pk, self.event_id))
            self.books.enclosure_id += 1
        self.sent += made
        return made

    @staticmethod
    def _listed(sent: list[Sent]) -> dict[str, Any]:
        return {"enclosures": [s.pk for s in sent], "pages": sum(s.paper.pages for s in sent)}

    def _arrival(self, day: int) -> dict[str, Any]:
        self.reports += 1
        due = self.owed("deliver_report").last.due
        self._late = day > due
        return {"due": self.calendar.iso[due], "report_version": self.reports}

    def _delivered(self) -> dict[str, Any]:
        return {"delivered_on": self.iso, "delivered_late": self._late}

    def _write_report(self) -> None:
        if self.status == "supplement_requested":
            self.reports += 1
        papers = self.papers.reports[self.unit.pk]
        self._version("form", papers[min(self.reports, 2) - 1].document_id, self._content(full=True))

    def _version(self, source: str, document_id: str, content: str | None) -> None:
        signed = f"{self.physician.user_id}\t{self.at}" if content and self.physician else f"{NULL}\t{NULL}"
        self.books.add(
            "report_version",
            f"{self.pk}\t{self.reports}\t{self.unit.pk}\t{source}\t{text(content)}\t{document_id}\t{signed}"
            f"\t{self.event_id}",
        )

    def _content(self, full: bool) -> str:
        examined = self.examined or min(self.day, self.ordinals["underlag_complete_on"] + 8)
        return written(self.rng, self.calendar.iso[examined], full, self.sections)

    # -- rows ------------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Write the case's own rows, as they are today."""
        add, pk = self.books.add, self.pk
        if self.person:
            add("person", f"{self.person}\t{self.protection}\t{self.stays or NULL}")
        for performer, opened, closed in self.assignments:
            add("assignment", f"{pk}\t{performer}\t{opened}\t{text(closed)}")
        for user in self.participants:
            add("participant", f"{pk}\t{self.unit.pk}\t{user}")
        for position, s in enumerate(self.sent):
            add(
                "enclosure",
                f"{s.pk}\t{pk}\t{s.paper.document_id}\t{s.paper.kind}\t{s.dated}\t{position}\t{NULL}\tf\t{s.staged_by}"
                f"\t{s.sent_by}\t{text(s.voided_by)}",
            )
        if self.physician and (self.reports or (self.status == "in_progress" and self.rng.random() < 0.5)):
            content = self._content(full=bool(self.reports))
            add("report", f"{pk}\t{self.unit.pk}\t{content}\t{self.reports + 1}\t{self.at}\t{self.physician.user_id}")
        row = {
            "type": "afu",
            "language": self.language,
            "special_needs": self.needs,
            "method": self.method,
            **self.fields,
            "status": self.status,
            "version": self.version,
            "last_event_id": self.event_id,
            "next_due": self.next_due and self.calendar.iso[self.next_due],
            "report_due": self.report_due and self.calendar.iso[self.report_due],
        }
        values = "\t".join(text(row.get(name, default)) for name, default in ASSESSMENT_COLUMNS)
        add("assessment", f"{pk}\t{values}")


_DEEDS: dict[str, Callable[[Performance, str], None]] = {
    name.removesuffix("_"): getattr(Performance, name)
    for name in (
        "request", "request_anew", "order", "supplement_underlag", "add", "void_document", "register_report",
        "complete", "request_supplement", "end", "return_", "assign", "confirm", "record_silence",
        "question_underlag", "protect", "name_physician", "propose_end", "hand_back", "deliver", "supplement",
        "decline_question", "withdraw", "decline_end", "cannot_supplement", "recall_supplement",
        "discard",
    )
}  # fmt: skip

ASSESSMENT_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("number", None), ("type", None), ("status", None), ("version", None), ("last_event_id", None),
    ("agency_office_id", None), ("case_officer_id", None), ("region_id", None), ("region_coordinator_id", None),
    ("performer_id", None), ("responsible_physician_id", None), ("municipality_id", None),
    ("other_region_reason", ""), ("language", ""), ("interpreter", None), ("special_needs", ""),
    ("wished_start", None), ("method", ""), ("created_on", None), ("requested_on", None), ("ordered_on", None),
    ("underlag_complete_on", None), ("delivered_on", None), ("delivered_late", None), ("ended_cause", ""),
    ("carried_out_on", None), ("report_version", 0), ("assignments_count", 0),
    ("protected", False), ("next_due", None), ("report_due", None),
)  # fmt: skip
"""The assessment's columns after its id, each with its value before anybody has set it."""
