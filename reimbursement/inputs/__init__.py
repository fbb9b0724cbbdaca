"""What the steps of a claim take in: the same form for the page and the API."""

from reimbursement.inputs.claims import AnswerForm, CostsForm, QuestionForm, ReasonForm, SentBackForm
from reimbursement.inputs.deciding import DecideForm
from reimbursement.inputs.opening import AdministrationForm, TrainingForm
from reimbursement.inputs.paying import CancelForm, CorrectionForm, FailureForm, PaidForm

INPUTS = {
    "costs": CostsForm,
    "question": QuestionForm,
    "answer": AnswerForm,
    "reason": ReasonForm,
    "sent_back": SentBackForm,
    "decide": DecideForm,
    "administration": AdministrationForm,
    "training": TrainingForm,
    "correction": CorrectionForm,
}

OF_BATCHES = {"paid_on": PaidForm, "failure": FailureForm, "reason": CancelForm}
