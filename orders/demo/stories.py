"""What has happened in the made-up cases: each situation is a few steps with the working days between them.

A story knows the process only by its steps' names; what they open and close is the table's. ``anchor`` is the last day
that the situation hangs on, so that a case can be placed with that day late, today or some days ahead.
"""

from __future__ import annotations

from collections.abc import Callable

from orders.demo.examinations import broken_off, defer, examine, failed, visit, widen
from orders.demo.story import Story


def draft(s: Story) -> None:
    """Utkast."""


def requested(s: Story) -> None:
    """Begäran skickad; now and then returned once and sent anew."""
    s.go("request", 0, 3, "answer_request")
    if s.chance(0.05):
        s.go("return", 1, 4)
        s.go("request_anew", 1, 4, "answer_request")


def returned(s: Story) -> None:
    """Kan inte tillgodoses."""
    s.go("request", 0, 3)
    s.go("return", 1, 5, "decide_returned")


def requested_end_proposed(s: Story) -> None:
    """The region proposes an end."""
    requested(s)
    s.go("propose_end", 1, 3, "decide_end", "moved")


def assigned(s: Story) -> None:
    """Tilldelad."""
    requested(s)
    s.go("assign", 1, 5, "send_order")


def assigned_named(s: Story) -> None:
    """The unit has named its people before the order."""
    assigned(s)
    s.go("name_physician", 0, 1)


def handed_back(s: Story) -> None:
    """The first performer gives the assignment back; the region owes an answer again."""
    ordered(s)
    s.go("name_physician", 0, 1)
    if s.chance(0.5):
        s.go("confirm", 0, 1)
    s.go("hand_back", 0, 2, "answer_request", "conflict" if s.chance(0.5) else "cannot")


def assigned_again(s: Story) -> None:
    """Another performer after a hand-back."""
    handed_back(s)
    s.go("assign", 1, 4, "send_order")


def ordered(s: Story) -> None:
    """Beställd."""
    assigned(s)
    s.go("order", 0, 3, "confirm_underlag")


def ordered_again(s: Story) -> None:
    """Ordered of the second performer: a new clock."""
    assigned_again(s)
    s.go("order", 0, 3, "confirm_underlag")


def ordered_questioned(s: Story) -> None:
    """An open question before the clock runs."""
    ordered(s)
    s.go("question_underlag", 0, 2, "answer_question")


def ordered_supplemented(s: Story) -> None:
    """The question is answered; the unit has a new time to confirm."""
    ordered_questioned(s)
    s.go("supplement_underlag", 1, 3, "confirm_underlag", "file")


def ordered_declined(s: Story) -> None:
    """The question is declined: the first day stands."""
    ordered_questioned(s)
    s.go("decline_question", 1, 3, "confirm_underlag")


def _begin(s: Story) -> None:
    """From ordered to an assessment under way, with its people."""
    if s.chance(0.85):
        s.go("name_physician", 0, 1)
        named = True
    else:
        named = False
    if s.chance(0.12):
        s.silence()
    else:
        s.go("confirm", 0, 1, "deliver_report")
    if not named:
        s.go("name_physician", 0, 2)


def in_progress(s: Story) -> None:
    """Utredning pågår."""
    ordered(s)
    if s.chance(0.1):
        s.go("question_underlag", 0, 2)
        s.go("supplement_underlag", 1, 3, "confirm_underlag", "file")
    _begin(s)
    if s.chance(0.15):
        s.go("add", 1, 3, word="file")
    if s.chance(0.02):
        s.go("protect", 0, 2)


def in_progress_new_clock(s: Story) -> None:
    """Under way at the second performer."""
    ordered_again(s)
    _begin(s)


def in_progress_unnamed(s: Story) -> None:
    """Under way by silence, and nobody is named yet."""
    ordered(s)
    s.silence()


def in_progress_questioned(s: Story) -> None:
    """An open question while the clock runs."""
    in_progress(s)
    s.go("question_underlag", 1, 8, "answer_question")


def in_progress_answered(s: Story) -> None:
    """A question while the clock ran, answered: the last day stands."""
    in_progress_questioned(s)
    s.go("supplement_underlag", 1, 3, "deliver_report", "words")


def in_progress_examined(s: Story) -> None:
    """The visits have been; the report is to be written."""
    in_progress(s)
    examine(s)


def in_progress_widened(s: Story) -> None:
    """An expansion was approved, and its visits have been."""
    in_progress(s)
    visit(s)
    widen(s)


def in_progress_no_show(s: Story) -> None:
    """The first visit came to nothing."""
    in_progress(s)
    failed(s, "no_show")


def in_progress_deferred(s: Story) -> None:
    """Examined, with a deferral."""
    in_progress(s)
    visit(s)
    defer(s)


def in_progress_end_proposed(s: Story) -> None:
    """The unit proposes an end, after a visit or two to which nobody came."""
    in_progress(s)
    for _ in range(s.rng.randint(0, 2)):
        failed(s, "no_show")
    s.go("propose_end", 2, 9, "decide_end", "cannot_take_part")


def in_progress_end_declined(s: Story) -> None:
    """The proposal was declined."""
    in_progress_end_proposed(s)
    s.go("decline_end", 1, 3, "deliver_report")


def in_progress_voided(s: Story) -> None:
    """A document was voided."""
    in_progress(s)
    s.go("void_document", 1, 3, "deliver_report")


def delivered(s: Story) -> None:
    """Utlåtande inkommet, in time."""
    in_progress(s)
    examine(s)
    deliver(s)


def deliver(s: Story) -> None:
    """The report comes, in time as far as the visits allow."""
    s.go("deliver", *(s.until(16, 25),) * 2, "review_report")


def delivered_late(s: Story) -> None:
    """Utlåtande inkommet, too late."""
    in_progress(s)
    examine(s)
    s.go("deliver", *(s.until(26, 36),) * 2, "review_report")


def delivered_otherwise(s: Story) -> None:
    """Came by post and was registered."""
    in_progress(s)
    examine(s)
    s.go("register_report", *(s.until(18, 27),) * 2, "review_report")


def supplement_requested(s: Story) -> None:
    """Komplettering begärd, with the routine's time or a decided day."""
    delivered(s)
    s.go("request_supplement", 1, 8, "supplement_report", "decided" if s.chance(0.3) else "")


def supplemented(s: Story) -> None:
    """The supplement has come."""
    supplement_requested(s)
    s.go("supplement", 2, 9, "review_report")


def not_supplemented(s: Story) -> None:
    """The unit could not supplement."""
    supplement_requested(s)
    s.go("cannot_supplement", 2, 9, "review_report")


def supplement_recalled(s: Story) -> None:
    """The agency took its request for a supplement back."""
    supplement_requested(s)
    s.go("recall_supplement", 1, 5, "review_report")


def supplement_after_accepted(s: Story) -> None:
    """A supplement asked for after the report had been accepted."""
    accepted(s)
    s.go("request_supplement", 5, 20, "supplement_report")


def accepted(s: Story) -> None:
    """Utlåtande komplett."""
    delivered(s)
    s.go("complete", 1, 10)


def accepted_late(s: Story) -> None:
    """Complete, but it came too late."""
    delivered_late(s)
    s.go("complete", 1, 10)


def accepted_widened(s: Story) -> None:
    """Complete, with an expansion."""
    in_progress(s)
    visit(s)
    widen(s)
    deliver(s)
    s.go("complete", 1, 10)


def accepted_not_done(s: Story) -> None:
    """Complete, with an expansion of which nothing came."""
    in_progress(s)
    visit(s)
    widen(s, done=False)
    deliver(s)
    s.go("complete", 1, 10)


def accepted_after_no_show(s: Story) -> None:
    """Complete, after a visit to which nobody came."""
    in_progress(s)
    failed(s, "no_show")
    visit(s)
    deliver(s)
    s.go("complete", 1, 10)


def accepted_after_late_notice(s: Story) -> None:
    """Complete, after a late notice."""
    in_progress(s)
    failed(s, "late")
    visit(s)
    deliver(s)
    s.go("complete", 1, 10)


def accepted_after_absent_interpreter(s: Story) -> None:
    """Complete, after a visit that was broken off since the interpreter did not come."""
    in_progress(s)
    s.interpreted()
    failed(s, "interrupt")
    visit(s)
    deliver(s)
    s.go("complete", 1, 10)


def accepted_deferred(s: Story) -> None:
    """Complete, within a deferral."""
    in_progress(s)
    visit(s)
    defer(s)
    s.go("deliver", *(s.until(20, 25),) * 2, "review_report")
    s.go("complete", 1, 10)


def accepted_forgiven(s: Story) -> None:
    """Too late, until the agency of its own motion gave a deferral."""
    delivered_late(s)
    s.go("grant_unasked", 1, 3)
    s.go("complete", 1, 5)


def accepted_supplemented(s: Story) -> None:
    """Complete after a supplement."""
    supplemented(s)
    s.go("complete", 1, 8)


def accepted_otherwise(s: Story) -> None:
    """Complete; it came by post."""
    delivered_otherwise(s)
    s.go("complete", 1, 8)


def withdrawn_early(s: Story) -> None:
    """Återkallad before anybody was chosen."""
    requested(s)
    s.go("withdraw", 0, 4)


def withdrawn(s: Story) -> None:
    """Återkallad under way, now and then with a visit to come."""
    in_progress(s)
    if s.chance(0.5):
        broken_off(s)
        s.go("withdraw", 1, s.ahead - 1)
    else:
        s.go("withdraw", 2, 15)


def ended_cannot(s: Story) -> None:
    """Ended after a proposal: the insured person cannot take part."""
    in_progress_end_proposed(s)
    s.go("end", 1, 3, word="cannot_take_part")


def ended_died(s: Story) -> None:
    """Ended: the insured person has died."""
    ordered(s)
    s.go("end", 0, 2, word="died")


def ended_moved(s: Story) -> None:
    """Ended: the insured person has moved."""
    assigned(s)
    s.go("end", 0, 3, word="moved")


def ended_nobody(s: Story) -> None:
    """Ended: nobody can perform it."""
    returned(s)
    s.go("end", 1, 5, word="nobody_can")


def ended_objects(s: Story) -> None:
    """Ended: the insured person objects to the report being sent, after it was carried out."""
    in_progress(s)
    visit(s)
    s.go("end", 1, 8, word="objects")


def discarded(s: Story) -> None:
    """Kastat utkast."""
    s.go("discard", 0, 9)


OPEN: dict[Callable[[Story], None], float] = {
    draft: 5, requested: 11, requested_end_proposed: 1, returned: 4, assigned: 7, assigned_named: 2, handed_back: 2,
    assigned_again: 1.5, ordered: 7, ordered_again: 1, ordered_questioned: 3, ordered_supplemented: 2,
    ordered_declined: 1, in_progress: 17, in_progress_examined: 6, in_progress_widened: 1, in_progress_no_show: 1,
    in_progress_deferred: 1, in_progress_new_clock: 2, in_progress_unnamed: 2, in_progress_questioned: 3,
    in_progress_answered: 2, in_progress_end_proposed: 2, in_progress_end_declined: 1, in_progress_voided: 1,
    delivered: 8, delivered_late: 2, delivered_otherwise: 1, supplement_requested: 4, supplemented: 2,
    not_supplemented: 1, supplement_recalled: 1, supplement_after_accepted: 1,
}  # fmt: skip
"""Situation -> its weight among the open cases."""

CLOSED: dict[Callable[[Story], None], float] = {
    accepted: 44, accepted_widened: 7, accepted_not_done: 1, accepted_after_no_show: 3, accepted_after_late_notice: 3,
    accepted_after_absent_interpreter: 1, accepted_deferred: 2, accepted_forgiven: 1, accepted_late: 7,
    accepted_supplemented: 9, accepted_otherwise: 2, withdrawn_early: 2, withdrawn: 4, ended_cannot: 4,
    ended_died: 1, ended_moved: 2, ended_nobody: 2, ended_objects: 2, discarded: 4,
}  # fmt: skip
"""Situation -> its weight among the others."""

AHEAD = (-14, -9, -6, -4, -3, -2, -1, 0, 0, 1, 1, 2, 3, 3, 4, 5, 6, 8, 10, 13, 17, 21)
"""Working days from today to the last day; what the situation does not allow is drawn nearer."""

DESK: tuple[tuple[Callable[[Story], None], int], ...] = (
    (draft, 0), (draft, 6), (requested, -2), (requested, 0), (requested, 1), (requested, 3), (requested, 4),
    (requested_end_proposed, 1), (returned, 0), (returned, 3), (returned, -1), (assigned, 0), (assigned, 1),
    (assigned_named, 2), (assigned, -1), (handed_back, 2), (assigned_again, 1), (ordered, 0), (ordered, 1),
    (ordered, 2), (ordered_again, 2), (ordered_questioned, 0), (ordered_questioned, 2), (ordered_supplemented, 1),
    (ordered_declined, 2), (in_progress, -3), (in_progress, 0), (in_progress, 1), (in_progress, 3), (in_progress, 8),
    (in_progress, 15), (in_progress, 20), (in_progress_new_clock, 12), (in_progress_unnamed, 17),
    (in_progress_examined, -1), (in_progress_examined, 6), (in_progress_widened, 9), (in_progress_no_show, 13),
    (in_progress_deferred, 4), (in_progress_questioned, 1), (in_progress_questioned, -1), (in_progress_answered, 9),
    (in_progress_end_proposed, 0), (in_progress_end_proposed, 2), (in_progress_end_declined, 7),
    (in_progress_voided, 11), (delivered, 1), (delivered, 6), (delivered_late, 4), (delivered_late, -2),
    (delivered_otherwise, 5), (supplement_requested, 3), (supplement_requested, 0), (supplemented, 7),
    (not_supplemented, 3), (supplement_recalled, 4), (supplement_after_accepted, 5),
)  # fmt: skip
"""What the stable logins' desks hold at least: open situations, with working days to the last day."""
