"""What each step of an assessment takes in, by noun."""

from orders.inputs.ending import EndForm, HandBackForm, ProposeEndForm, ReasonForm, VoidForm
from orders.inputs.order import AddForm, OrderForm, PromiseForm, QuestionForm, SupplementUnderlagForm
from orders.inputs.people import HandOverForm, NamePhysicianForm
from orders.inputs.report import CompleteForm, DeliverForm, RegisterReportForm, RequestSupplementForm
from orders.inputs.report_others import SectionNotDoneForm, SignSectionForm
from orders.inputs.request import ProtectForm, RequestAnewForm, RequestForm

INPUTS = {
    "add": AddForm,
    "complete": CompleteForm,
    "deliver": DeliverForm,
    "end": EndForm,
    "hand_back": HandBackForm,
    "hand_over": HandOverForm,
    "name_physician": NamePhysicianForm,
    "order": OrderForm,
    "promise_underlag": PromiseForm,
    "propose_end": ProposeEndForm,
    "protect": ProtectForm,
    "question_underlag": QuestionForm,
    "reason": ReasonForm,
    "register_report": RegisterReportForm,
    "request": RequestForm,
    "request_anew": RequestAnewForm,
    "request_supplement": RequestSupplementForm,
    "section_not_done": SectionNotDoneForm,
    "sign_section": SignSectionForm,
    "supplement_underlag": SupplementUnderlagForm,
    "void_document": VoidForm,
}
