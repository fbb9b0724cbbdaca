"""docs/reimbursement.md: the way of the money in English, the checks from their register, the examples from their table."""

from __future__ import annotations

from reimbursement import examples
from reimbursement.checks import CHECKS, GROUPS
from reimbursement.models.claim import LineKind

INTRODUCTION = """# Reimbursement

Made by `manage.py claims_doc > docs/reimbursement.md`: the words from `reimbursement/claims_page.py`, the checks from their
register, the examples from `tests/golden_claims.toml`; a test holds them together. Do not edit. Law: förordning (2018:1633),
"§" below. The file to the finance system is described in [reimbursement_file.md](reimbursement_file.md), the four processes
in [process.md](process.md).

## The way of the money

1. **Facts give a proposal.** When a report is delivered, a visit did not happen, or a decision changes what was late, the portal
   writes the lines that law gives (`facts.py`, `lines.py`, `proposing.py`), each with its event, the rule of the day that
   the paragraph names, the ceiling and the agreement's price. A line that law does not give stands there with the reason.
2. **The region claims.** Its finance officer fills in costs and evidence and sends one claim or thousands. Central administration
   (12 §) and training (13 §) it begins itself. A proposal owes nothing: no law says when a region must claim.
3. **The machine checks, a person decides.** Each check says that it holds, that a person must judge, or that something
   stops. A controller decides line by line; where everything holds, many at once. The region reads each reason.
4. **Another person attests.** Then, and only then, the amount is in the books as owed. Assessments, no-shows and late notices are
   examined by the region's office, administration and training by the central desk; both are settings.
5. **A batch pays** what has been attested for one region, less what is set off, once however often a job runs.
6. **Payments are controlled afterwards**: a random sample from a published seed, and every risky one.
7. **What was wrongly paid is recovered** by a decision that another person attests, within ten years (19 §).

## The books

Everything is entries (`reimbursement_entry`), in öre as whole numbers, positive in the region's favour, only added. Two accounts:
`owed` (what the agency owes the region: granted +, paid −, set off −, correction ±) and `demanded` (what the region owes:
recovery −, interest −, repaid +, set off +). A correction is one more entry that names the one it corrects. A page shows
sums of entries; the sums of a year are kept by the database itself as entries come (`reimbursement_yearsum`), and
`manage.py books --check` counts them anew. Every granted entry has a line, a line an event and a rule, a rule a paragraph.

## Our readings (T) and routines (R)

Shown to users as such; the numbers stand in `rules/rules.toml`.

* T: a report in time gives the right at delivery, not at acceptance (11 §). There is no scale of reduction: late without extra
  time or deferral gives nothing for the examination.
* T: a deferral may be granted after delivery, and then the report was in time; the line rests on the deferral's event.
* T: the interpreter of a late report. The second paragraph does not repeat the first's condition: a person judges.
* T: a new performer after a hand-back has a clock of its own; the controller is told.
* T: the price is of the agreement in force on the day that the order was sent; of a missed visit, on the day of the visit.
* T: a profession approved on the day of the visit was approved before it: the portal compares days.
* S: a procured performer costs the agreement's price, a unit of the region's own its substantiated actual cost; central
  administration at most once a quarter (FKFS 2019:1, as SKR tells it).
* R: how many days each party has, what is an unusual cost, a high amount, a new account, and how large the sample is. The
  agency's own, never law.

Later, and their place is kept: the forecast (3 §), the guarantee (14 §: a third kind of the central queue), the performers'
basis for invoices (7.2.3), the national cost survey (10 §).
"""


def checks_table() -> str:
    """The checks by group, in the register's order."""
    rows = ["| group | check | law | asks of |", "| --- | --- | --- | --- |"]
    for group in GROUPS:
        for check in CHECKS.values():
            if check.group == group:
                kinds = ", ".join(str(LineKind(kind).label).lower() for kind in check.kinds)
                of = "every line" if len(check.kinds) == len(LineKind) else kinds
                rows.append(f"| {group} | {check.label} (`{check.name}`) | {check.law} | {of} |")
    return "\n".join(rows)


def examples_tables() -> str:
    """The examples, a table for each group."""
    parts, number = [], 0
    for group in examples.GROUPS:
        rows = [
            f"### {group['title']}",
            "",
            "| | example | law | facts | line, ceiling, payable, checks |",
            "| --- | --- | --- | --- | --- |",
        ]
        for example in group["example"]:
            number += 1
            refused = f"refused, at the field `{example['refused']}`" if "refused" in example else "no line"
            lines = "<br>".join(line.replace(" | ", ", ") for line in example.get("lines", ())) or refused
            rows.append(
                f"| {number} | {example['title']} | {example['law']} | {examples.facts_words(example)} | {lines} |"
            )
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def page() -> str:
    """The whole of docs/reimbursement.md."""
    return f"""{INTRODUCTION}
## The checks

{checks_table()}

## Worked examples

{examples.number_of()} examples, worked by hand. Kronor. What is not said is as usual: {examples.usual_words()}. A claim for
administration or training has one document of evidence, and is made on 2026-12-01 unless it says another day. "all hold": every
check holds; otherwise those that do not, after *person* (a person must judge) or *stops*. "barred": shown with the reason,
and cannot be claimed. Tests: `tests/test_claims_examples.py`.

{examples_tables()}
"""
