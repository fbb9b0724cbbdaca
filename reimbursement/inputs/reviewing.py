"""What the review of a payment takes in: what was looked at, the error and its amount, what was done about it."""

from __future__ import annotations

from fmu_portal.engine.door import Context
from fmu_portal.engine.inputs import StepForm, long_text
from fmu_portal.money import MoneyField
from reimbursement.inputs.claims import NO_PERSON, remark

OURS = f"Regionen ser det inte. {NO_PERSON}"


class RightForm(StepForm):
    """Nothing was wrong: what the reviewer looked at, if there is something to say."""

    text = long_text("Vad har du kontrollerat?", rows=3, required=False, help_text=OURS)

    def apply(self, context: Context) -> None:
        reviewed(context, None)
        remark(context, "finding", self.cleaned_data["text"], to_region=False)


class WrongForm(StepForm):
    """What was wrong, and how large the error is; 0 when it did not change the amount."""

    error = MoneyField(
        label="Hur stort är felet, kronor?",
        help_text="Skillnaden mellan det som betalades och det rätta beloppet. Skriv 0 om felet inte ändrade beloppet.",
    )
    text = long_text("Vad är fel?", help_text=OURS)

    def apply(self, context: Context) -> None:
        reviewed(context, self.cleaned_data["error"])
        remark(context, "finding", self.cleaned_data["text"], to_region=False)


class FollowUpForm(StepForm):
    """What has been done: a recovery, a correction, a changed routine."""

    reason = long_text("Vad har gjorts?", help_text=OURS)

    def apply(self, context: Context) -> None:
        remark(context, "reason", self.cleaned_data["reason"], to_region=False)


def reviewed(context: Context, error: int | None) -> None:
    """Who, when, and the error in öre."""
    context.set(reviewed_by_id=context.actor.user_id, reviewed_on=context.today, error=error)


INPUTS = {"finding_right": RightForm, "finding_wrong": WrongForm, "reason": FollowUpForm}
