"""Utredningens process: statuses, duties and steps of an assessment, as one page of data.

Read it aloud: from a status, by a role of a party, a step leads to a status; a status opens the duties it names, each
with the rule that gives its days. Sources: lag (2018:744), förordning (2018:1633); the rules stand in ``rules/``.
Visits, expansion, deferral, inquiries and messages are processes of their own beside this one.
"""

from typing import Any, cast

from accounts.roles import ASSESSORS, Party, Role
from fmu_portal.engine.table import DutyKind, Process, Status, Step, by_name

AGENCY, REGION, PERFORMER, CLOCK = Party.AGENCY, Party.REGION, Party.PERFORMER, Party.CLOCK

OFFICE = {AGENCY: (Role.CASE_OFFICER, Role.COORDINATOR)}
COORDINATOR = {REGION: (Role.REGION_COORDINATOR,)}
UNIT = {PERFORMER: (Role.PERFORMER_ADMIN, Role.PHYSICIAN)}
PHYSICIAN = {PERFORMER: (Role.PHYSICIAN,)}
OTHER_ASSESSORS = {PERFORMER: tuple(role for role in ASSESSORS if role is not Role.PHYSICIAN)}

DUTIES = by_name(
    DutyKind("send_or_discard", "Skicka eller kasta utkastet", (AGENCY,), "routine.draft", "request"),
    DutyKind("answer_request", "Besvara begäran", (REGION,), "routine.region_answer", "assign"),
    DutyKind("decide_returned", "Ta ställning till återlämnad begäran", (AGENCY,), "routine.returned", "request_anew"),
    DutyKind("send_order", "Skicka beställningen", (AGENCY,), "routine.send_order", "order"),
    DutyKind(
        "confirm_underlag", "Bekräfta eller ifrågasätt underlaget", (PERFORMER,), "routine.confirm_underlag", "confirm"
    ),
    DutyKind(
        "deliver_report",
        "Utlåtandet ska ha kommit in",
        (PERFORMER, REGION),
        "law.report_time",
        "deliver",
        counted_from="underlag_complete_on",
        turn={PERFORMER: "skriv och skicka utlåtandet", REGION: "se till att utlåtandet kommer in i tid"},
        missed="Utlåtandet har inte kommit in",
    ),
    DutyKind("review_report", "Granska utlåtandet", (AGENCY,), "routine.review_report", "complete"),
    DutyKind("supplement_report", "Komplettera utlåtandet", (PERFORMER,), "routine.supplement_report", "supplement"),
    DutyKind(
        "answer_question", "Svara på fråga om underlaget", (AGENCY,), "routine.answer_question", "supplement_underlag"
    ),
    DutyKind("decide_end", "Ta ställning till förslag att avsluta", (AGENCY,), "routine.decide_end", "end"),
)

STATUSES = by_name(
    Status("draft", "Utkast", ("send_or_discard",)),
    Status("requested", "Begäran skickad", ("answer_request",)),
    Status("returned", "Kan inte tillgodoses", ("decide_returned",), tone="warning"),
    Status("assigned", "Tilldelad", ("send_order",)),
    Status("ordered", "Beställd", ("confirm_underlag",)),
    Status("in_progress", "Utredning pågår", ("deliver_report",), tone="info"),
    Status("delivered", "Utlåtande inkommet", ("review_report",)),
    Status("supplement_requested", "Komplettering begärd", ("supplement_report",), tone="warning"),
    Status("accepted", "Utlåtande komplett", ended=True, tone="success"),
    Status("withdrawn", "Återkallad", ended=True),
    Status("ended", "Avslutad utan utlåtande", ended=True),
    Status("discarded", "Kastat utkast", ended=True),
)

SUB = ("answer_question", "decide_end")
"""Duties of questions and proposals: they end with the report, with a hand-back and with the case."""

STEPS = by_name(
    Step(
        "request", "Skicka begäran", "Försäkringskassan skickade begäran till regionen.",
        from_=("draft",), to="requested", by=OFFICE, input="request", confirm=True,
        happens=("Regionen ser kommun, språk och särskilda behov, men inte vem personen är.",
                 "Regionen väljer utförare eller lämnar tillbaka begäran."),
    ),
    Step(
        "discard", "Kasta utkastet", "Försäkringskassan kastade utkastet.",
        from_=("draft",), to="discarded", by=OFFICE, hint="Det som du har skrivit tas bort.",
    ),
    Step(
        "return", "Lämna tillbaka begäran", "Regionen lämnade tillbaka begäran.",
        from_=("requested",), to="returned", by=COORDINATOR, input="reason", note_to=(AGENCY, REGION),
        hint="När ingen utförare kan ta emot utredningen.",
    ),
    Step(
        "request_anew", "Skicka begäran på nytt", "Försäkringskassan skickade begäran på nytt.",
        from_=("returned",), to="requested", by=OFFICE, input="request_anew", confirm=True, note_to=(AGENCY,),
        happens=("Regionen får begäran och en ny tid för sitt svar.",),
    ),
    Step(
        "assign", "Tilldela en utförare", "Regionen tilldelade utredningen till {performer}.",
        from_=("requested",), to="assigned", by=COORDINATOR, input="assign",
        tells=(PERFORMER,),
    ),
    Step(
        "order", "Skicka beställningen", "Försäkringskassan skickade beställningen med underlag.",
        from_=("assigned",), to="ordered", by=OFFICE, input="order", confirm=True,
        happens=("Utföraren kan öppna alla handlingar.",
                 "Tiden för utlåtandet räknas från i dag om underlaget är komplett (8 §).",
                 "Regionen ser att beställningen är skickad, men inte handlingarna."),
    ),
    Step(
        "confirm", "Bekräfta att underlaget är komplett", "Utföraren bekräftade att underlaget är komplett.",
        from_=("ordered",), to="in_progress", by=UNIT, needs_closed=("answer_question",),
        hint="Sista dag ändras inte av när ni bekräftar.",
    ),
    Step(
        "record_silence", "Räkna underlaget som bekräftat",
        "Utföraren svarade inte i tid. Underlaget räknas som bekräftat, och sista dag är densamma.",
        from_=("ordered",), to="in_progress", by={CLOCK: (Role.CLOCK,)}, needs_open=("confirm_underlag",),
        guards=("confirmation_overdue",), tells=(PERFORMER,),
    ),
    Step(
        "question_underlag", "Ställ en fråga om underlaget", "Utföraren ställde en fråga om underlaget.",
        from_=("ordered", "in_progress"), to=None, by=UNIT, input="question_underlag",
        opens={"*": ("answer_question",)}, closes=("confirm_underlag",), needs_closed=("answer_question",),
        note_to=(AGENCY, PERFORMER), hint="När något väsentligt saknas. Försäkringskassan svarar.",
    ),
    Step(
        "supplement_underlag", "Komplettera underlaget", "Försäkringskassan kompletterade underlaget.",
        from_=("ordered", "in_progress"), to=None, by=OFFICE, input="supplement_underlag",
        opens={"ordered": ("confirm_underlag",)}, closes=("answer_question",), needs_open=("answer_question",),
        note_to=(AGENCY, PERFORMER), tells=(PERFORMER,), confirm=True,
        happens=("Utföraren får veta att svaret finns och kan öppna handlingarna.",
                 "Skickar du handlingar innan underlaget är bekräftat räknas tiden från i dag. Annars flyttas inte sista dag."),
    ),
    Step(
        "promise_underlag", "Lova svar till ett datum",
        "Försäkringskassan lovade att svara på frågan om underlaget senast {promised}.",
        from_=("ordered", "in_progress"), to=None, by=OFFICE, input="promise_underlag", needs_open=("answer_question",),
        moves=("answer_question",), note_to=(AGENCY, PERFORMER), tells=(PERFORMER,),
        hint="När det dröjer. Utföraren får veta när svaret kommer.",
    ),
    Step(
        "decline_question", "Avslå frågan om underlaget", "Försäkringskassan avslog frågan om underlaget.",
        from_=("ordered", "in_progress"), to=None, by=OFFICE, input="reason",
        opens={"ordered": ("confirm_underlag",)}, closes=("answer_question",), needs_open=("answer_question",),
        note_to=(AGENCY, PERFORMER), tells=(PERFORMER,), hint="Svaret ändrar inte från vilken dag tiden räknas.",
    ),
    Step(
        "add", "Lägg till handling eller uppgift", "Försäkringskassan lade till uppgifter eller handlingar.",
        from_=("ordered", "in_progress", "delivered", "supplement_requested"), to=None, by=OFFICE, input="add",
        note_to=(AGENCY, PERFORMER), tells=(PERFORMER,), confirm=True,
        happens=("Utföraren får veta det. Sista dag ändras inte.",),
        hint="Handlingar, ny adress, telefon eller särskilda behov.",
    ),
    Step(
        "protect", "Ändra skydd av personuppgifter", "Försäkringskassan ändrade skyddet av personuppgifter.",
        from_=("requested", "returned", "assigned", "ordered", "in_progress", "delivered", "supplement_requested", "accepted"),
        to=None, by=OFFICE, input="protect", tells=(REGION, PERFORMER), confirm=True,
        happens=("Namn, adress och ort visas bara för dem som måste nå personen, med skäl varje gång.",
                 "Regionen och utföraren får veta att skyddet har ändrats."),
        hint="Sekretessmarkering eller skyddad folkbokföring.",
    ),
    Step(
        "name_physician", "Utse ansvarig läkare och deltagare", "Utföraren utsåg ansvarig läkare och deltagare.",
        from_=("assigned", "ordered", "in_progress", "supplement_requested"), to=None, by=UNIT, input="name_physician",
        hint="De som deltar kan öppna underlaget.",
    ),
    Step(
        "sign_section", "Skriv och signera ditt avsnitt", "{profession} signerade sitt avsnitt av utlåtandet.",
        from_=("in_progress", "supplement_requested"), to=None, by=OTHER_ASSESSORS, input="sign_section",
        guards=("section_is_asked",), confirm=True, signs=True,
        hint="Den ansvariga läkaren skickar det med utlåtandet.",
        happens=("Avsnittet läggs i utlåtandet med ditt namn och tidpunkten.",
                 "Du kan signera ett nytt avsnitt ända tills utlåtandet skickas."),
    ),
    Step(
        "section_not_done", "Ett avsnitt görs inte", "Avsnittet från {profession} markerades som inte gjort.",
        from_=("in_progress", "supplement_requested"), to=None, by=PHYSICIAN, input="section_not_done",
        guards=("is_responsible_physician", "others_approved"),
        hint="När en godkänd profession inte skriver något, med skälet.",
    ),
    Step(
        "hand_over", "Lämna över till en kollega", "{party} lämnade över ärendet till en kollega.",
        from_=("draft", "requested", "returned", "assigned", "ordered", "in_progress", "delivered", "supplement_requested"),
        to=None, by={**OFFICE, **COORDINATOR}, input="hand_over", guards=("may_hand_over",),
        hint="Kollegan får ärendet i hand. Hos utföraren utses i stället en annan ansvarig läkare.",
    ),
    Step(
        "deliver", "Skicka utlåtandet", "Utföraren skickade utlåtandet till Försäkringskassan.",
        from_=("in_progress",), to="delivered", by=PHYSICIAN, input="deliver", closes=SUB,
        guards=("is_responsible_physician", "ready_to_deliver"), confirm=True, signs=True, tells=(REGION,),
        happens=("Utlåtandet är inkommet i samma stund som du skickar det.",
                 "Innehållet låses. Rättelser görs som en ny version."),
    ),
    Step(
        "register_report", "Registrera utlåtande som kommit på annat sätt",
        "Försäkringskassan registrerade ett utlåtande som kom in {delivered_on} på annat sätt.",
        from_=("ordered", "in_progress"), to="delivered", by=OFFICE, input="register_report", closes=SUB,
        note_to=(AGENCY, REGION, PERFORMER), confirm=True, tells=(REGION, PERFORMER),
        hint="Post, eller när portalen inte har gått att använda.",
        happens=("Dagen som du anger räknas som den dag då utlåtandet kom in.",),
    ),
    Step(
        "complete", "Godta utlåtandet som komplett", "Försäkringskassan godtog utlåtandet som komplett.",
        from_=("delivered",), to="accepted", by=OFFICE, input="complete", sees="report_version",
        guards=("report_is_there",), tells=(REGION, PERFORMER),
    ),
    Step(
        "request_supplement", "Begär komplettering av utlåtandet", "Försäkringskassan begärde komplettering av utlåtandet.",
        from_=("delivered", "accepted"), to="supplement_requested", by=OFFICE, input="request_supplement",
        note_to=(AGENCY, PERFORMER), sees="report_version", confirm=True,
        hint="När något väsentligt saknas (7 §).",
        happens=("Utföraren ser vad som saknas och när kompletteringen ska vara här.",
                 "Rätten till ersättning påverkas inte: den följer av när utlåtandet först kom in."),
    ),
    Step(
        "supplement", "Skicka kompletteringen", "Utföraren kompletterade utlåtandet.",
        from_=("supplement_requested",), to="delivered", by=PHYSICIAN, input="deliver",
        guards=("is_responsible_physician",), confirm=True, signs=True, tells=(REGION,),
        happens=("Försäkringskassan får en ny version. De tidigare versionerna finns kvar.",),
    ),
    Step(
        "cannot_supplement", "Meddela att det inte går att komplettera",
        "Utföraren meddelade att utlåtandet inte går att komplettera.",
        from_=("supplement_requested",), to="delivered", by=UNIT, input="reason", note_to=(AGENCY, PERFORMER),
    ),
    Step(
        "recall_supplement", "Ta tillbaka begäran om komplettering",
        "Försäkringskassan tog tillbaka begäran om komplettering.",
        from_=("supplement_requested",), to="delivered", by=OFFICE, input="reason", note_to=(AGENCY, PERFORMER),
        tells=(PERFORMER,), hint="När utlåtandet får bedömas som det är.",
    ),
    Step(
        "withdraw", "Återkalla", "Försäkringskassan återkallade utredningen.",
        from_=("requested", "assigned", "ordered", "in_progress"), to="withdrawn", by=OFFICE, input="reason",
        note_to=(AGENCY, REGION, PERFORMER), tells=(REGION, PERFORMER), confirm=True,
        hint="Utredningen avslutas och alla parter får veta det.",
        happens=("Utredningen avslutas för alla parter. Det går inte att ångra.",
                 "Regionen och utföraren får veta det."),
    ),
    Step(
        "propose_end", "Föreslå att utredningen avslutas", "{party} föreslog att utredningen avslutas.",
        from_=("requested", "assigned", "ordered", "in_progress"), to=None,
        by={REGION: (Role.REGION_COORDINATOR,), PERFORMER: (Role.PERFORMER_ADMIN, Role.PHYSICIAN)},
        input="propose_end", opens={"*": ("decide_end",)}, needs_closed=("decide_end",),
        note_to=(AGENCY, REGION, PERFORMER), hint="Försäkringskassan tar ställning.",
    ),
    Step(
        "decline_end", "Avslå förslaget att avsluta", "Försäkringskassan avslog förslaget att avsluta.",
        from_=("requested", "assigned", "ordered", "in_progress"), to=None, by=OFFICE, input="reason",
        closes=("decide_end",), needs_open=("decide_end",), note_to=(AGENCY, REGION, PERFORMER), tells=(REGION, PERFORMER),
    ),
    Step(
        "end", "Avsluta utan utlåtande", "Försäkringskassan avslutade utredningen utan utlåtande.",
        from_=("requested", "returned", "assigned", "ordered", "in_progress"), to="ended", by=OFFICE, input="end",
        note_to=(AGENCY, REGION, PERFORMER), tells=(REGION, PERFORMER), confirm=True,
        hint="Den försäkrade kan inte delta, har avlidit, har flyttat eller motsätter sig, eller ingen kan utreda.",
        happens=("Utredningen avslutas för alla parter. Det går inte att ångra.",),
    ),
    Step(
        "hand_back", "Lämna tillbaka uppdraget", "Utföraren lämnade tillbaka uppdraget.",
        from_=("assigned", "ordered", "in_progress"), to="requested", by=UNIT, input="hand_back", closes=SUB,
        note_to=(AGENCY, REGION, PERFORMER), tells=(AGENCY,), confirm=True,
        hint="Vid jäv eller om ni inte kan utreda.",
        happens=("Ni kan inte längre öppna underlaget.", "Det som ni själva har skrivit finns kvar hos er.",
                 "Regionen väljer en annan utförare, som får en ny tid."),
    ),
    Step(
        "extend", "Flytta sista dag", "Sista dag för utlåtandet flyttades från {from} till {to}.",
        from_=("in_progress", "delivered", "supplement_requested", "accepted"), to=None, by=OFFICE, follows=True,
        moves=("deliver_report",),
    ),
    Step(
        "void_document", "Makulera en felaktig handling", "Försäkringskassan makulerade en handling.",
        from_=("ordered", "in_progress", "delivered", "supplement_requested", "accepted"), to=None, by=OFFICE,
        input="void_document", note_to=(AGENCY, PERFORMER), tells=(PERFORMER,), confirm=True,
        hint="Fel person eller fel handling. Ingen kan längre öppna den.",
        happens=("Ingen kan längre öppna handlingen. Det står kvar att den fanns och vem som hann öppna den.",
                 "Samordnaren får en incidentanmälan."),
    ),
)  # fmt: skip

ASSESSMENT = Process(
    "assessment",
    "Utredning",
    cast("dict[str, Status]", STATUSES),
    cast("dict[str, DutyKind]", DUTIES),
    cast("dict[str, Step]", STEPS),
)

OPEN_STATUSES = tuple(s.name for s in ASSESSMENT.statuses.values() if not s.ended)
PERFORMER_STATUSES = tuple(s for s in ASSESSMENT.statuses if s not in ("draft", "requested", "returned", "discarded"))
REGION_STATUSES = tuple(s for s in ASSESSMENT.statuses if s not in ("draft", "discarded"))
TAKES_PART = ASSESSORS

PROFESSIONS: dict[str, Any] = {r.value: r.label for r in ASSESSORS}
