"""Anstånd: a risk of delay is told and passed on, the agency decides a new latest day (8 § förordning 2018:1633)."""

from typing import cast

from accounts.roles import Role
from fmu_portal.engine.table import NEW, DutyKind, Process, Status, Step, by_name
from orders.process import AGENCY, CLOCK, COORDINATOR, OFFICE, PERFORMER, REGION, UNIT

DUTIES = by_name(
    DutyKind("pass_on_risk", "Skicka vidare risken för försening", (REGION,), "routine.pass_on_risk", "pass_on"),
    DutyKind("decide_deferral", "Besluta om anstånd", (AGENCY,), "routine.decide_deferral", "grant"),
)

STATUSES = by_name(
    Status(NEW, "Ny"),
    Status("told", "Risk för försening", ("pass_on_risk",), tone="warning"),
    Status("applied", "Anstånd prövas", ("decide_deferral",), tone="info"),
    Status("granted", "Anstånd beviljat", ended=True, tone="success"),
    Status("declined", "Anstånd avslaget", ended=True, tone="warning"),
    Status("recalled", "Ansökan återtagen", ended=True),
    Status("closed", "Avslutad med utredningen", ended=True),
)

RUNS = ("in_progress",)
AFTER = ("in_progress", "delivered", "supplement_requested", "accepted")
"""Anstånd may be given after the last day and after a late delivery too, so that a slow answer costs the region nothing."""

EVERYBODY = (AGENCY, REGION, PERFORMER)

STEPS = by_name(
    Step(
        "tell_risk", "Meddela risk för försening", "Utföraren meddelade regionen risk för försening.",
        from_=(NEW,), to="told", by=UNIT, input="apply", case_in=RUNS, guards=("none_open", "no_standing_leave"),
        note_to=EVERYBODY, confirm=True, hint="Regionen skickar det vidare till Försäkringskassan.",
        happens=("Regionen får veta det och skickar det vidare till Försäkringskassan (8 §).",
                 "Sista dag gäller tills Försäkringskassan har beslutat något annat."),
    ),
    Step(
        "tell_agency", "Meddela risk för försening",
        "Utföraren meddelade risk för försening. Regionen har lämnat medgivande till att det går direkt till Försäkringskassan.",
        from_=(NEW,), to="applied", by=UNIT, input="apply", case_in=RUNS, guards=("none_open", "standing_leave"),
        note_to=EVERYBODY, tells=(REGION,), confirm=True, hint="Går direkt till Försäkringskassan. Regionen får veta det.",
        happens=("Försäkringskassan beslutar om anstånd (8 §). Regionen får veta det.",
                 "Sista dag gäller tills Försäkringskassan har beslutat något annat."),
    ),
    Step(
        "apply", "Ansök om anstånd", "Regionen ansökte om anstånd.",
        from_=(NEW,), to="applied", by=COORDINATOR, input="apply", case_in=AFTER, guards=("none_open", "came_late"),
        note_to=EVERYBODY, tells=(PERFORMER,), confirm=True, hint="Vid risk för försening, med skälet (8 §).",
        happens=("Försäkringskassan beslutar om en ny sista dag.",
                 "Sista dag gäller tills Försäkringskassan har beslutat något annat."),
    ),
    Step(
        "grant_unasked", "Ge anstånd på eget initiativ", "Försäkringskassan gav anstånd till {until} på eget initiativ.",
        from_=(NEW,), to="granted", by=OFFICE, input="grant", case_in=AFTER, guards=("none_open", "came_late"),
        note_to=EVERYBODY, tells=(REGION, PERFORMER), confirm=True, hint="Till exempel när underlaget har kompletterats sent.",
        happens=("Sista dag flyttas till dagen som du anger (8 §).",),
    ),
    Step(
        "pass_on", "Skicka vidare till Försäkringskassan",
        "Regionen skickade risken för försening vidare till Försäkringskassan.",
        from_=("told",), to="applied", by=COORDINATOR, tells=(PERFORMER,), case_in=AFTER,
        hint="Försäkringskassan beslutar om anstånd.",
    ),
    Step(
        "not_passed_on", "Skicka inte vidare", "Regionen skickade inte risken för försening vidare.",
        from_=("told",), to="recalled", by=COORDINATOR, input="reason", note_to=(REGION, PERFORMER), tells=(PERFORMER,),
        hint="Utföraren får skälet.",
    ),
    Step(
        "grant", "Bevilja anstånd", "Försäkringskassan beviljade anstånd till {until}.",
        from_=("applied",), to="granted", by=OFFICE, input="grant", note_to=EVERYBODY, tells=(REGION, PERFORMER), confirm=True,
        case_in=AFTER, happens=("Sista dag flyttas till dagen som du anger (8 §).", "Regionen och utföraren får veta det."),
    ),
    Step(
        "decline", "Avslå anstånd", "Försäkringskassan avslog ansökan om anstånd.",
        from_=("applied",), to="declined", by=OFFICE, input="reason", note_to=EVERYBODY, tells=(REGION, PERFORMER),
    ),
    Step(
        "recall", "Ta tillbaka ansökan", "{party} tog tillbaka ansökan om anstånd.",
        from_=("told", "applied"), to="recalled",
        by={REGION: (Role.REGION_COORDINATOR,), PERFORMER: (Role.PERFORMER_ADMIN, Role.PHYSICIAN)},
        tells=(AGENCY, REGION, PERFORMER),
    ),
    Step(
        "close", "Avsluta med utredningen", "Ansökan om anstånd avslutades utan beslut.",
        from_=("told", "applied"), to="closed", by={CLOCK: (Role.CLOCK,)}, follows=True,
    ),
)  # fmt: skip

DEFERRAL = Process(
    "deferral",
    "Anstånd",
    cast("dict[str, Status]", STATUSES),
    cast("dict[str, DutyKind]", DUTIES),
    cast("dict[str, Step]", STEPS),
    slug="anstand",
    closes_with=("withdraw", "end", "hand_back"),
)
