"""The markup of forms: what a screen reader hears, what the summary links to, what the page never says."""

import re
from datetime import UTC, date, datetime

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fmu_portal.forms import DateField, GradeField, PortalForm, TimeField
from fmu_portal.templatetags import portal


class Example(PortalForm):
    interpreter = forms.ChoiceField(
        label="Behövs tolk?", choices=[("j", "Ja"), ("n", "Nej")], widget=forms.RadioSelect, help_text="Fråga personen."
    )
    needs = forms.CharField(label="Särskilda behov", required=False, help_text="Det som <måste> ordnas.")
    municipality = forms.ChoiceField(label="Kommun", choices=[("", "Välj kommun"), ("0580", "Linköping")])
    method = forms.CharField(label="Metod", error_messages={"required": "Skriv vilken metod som ska användas"})
    hsa_id = forms.CharField(label="HSA-id", max_length=5)
    day = DateField(label="Handlingens datum")
    grade = GradeField(label="Fysisk uthållighet")
    examinations = forms.MultipleChoiceField(
        label="Undersökningar", choices=[("p", "Psykolog")], widget=forms.CheckboxSelectMultiple
    )
    sure = forms.BooleanField(label="Jag har kontrollerat handlingarna")
    version = forms.CharField(widget=forms.HiddenInput)


def group(form: forms.BaseForm, name: str) -> str:
    return f"{form[name].as_field_group()}"


def tag(html: str, name: str, **attrs: str) -> str:
    """The first tag of that name with these attributes, with single spaces."""
    for found in map(str, re.findall(rf"<{name}\b[^>]*>", html)):
        if all(f'{key.replace("_", "-")}="{value}"' in found for key, value in attrs.items()):
            return found
    raise AssertionError(f"no <{name} {attrs}> in {html}")


def summary(form: object, **extra: object) -> str:
    return render_to_string("parts/error_summary.html", {"form": form, **extra})


def test_no_field_has_the_required_attribute() -> None:
    html = str(Example())
    assert not re.search(r"<(input|select|textarea)[^>]*\brequired\b", html)


def test_optional_fields_are_marked_and_required_ones_are_not() -> None:
    form = Example()
    assert "(frivilligt)" in group(form, "needs")
    assert "(frivilligt)" not in group(form, "method")
    assert "(frivilligt)" not in group(form, "sure")


def test_a_filter_marks_nothing() -> None:
    class Filter(PortalForm):
        mark_optional = False
        text = forms.CharField(label="Ärendenummer", required=False)

    assert "(frivilligt)" not in str(Filter())


def test_help_and_error_are_tied_to_the_input() -> None:
    html = group(Example({}), "method")
    field = tag(html, "input", id="id_method", aria_invalid="true", aria_describedby="id_method_error")
    assert 'class="text-field__input"' in field
    assert 'id="id_method_error"' in html
    assert "Skriv vilken metod som ska användas" in html
    assert 'aria-describedby="id_needs_helptext"' in group(Example(), "needs")


def test_a_group_is_named_by_its_label_and_carries_the_error() -> None:
    html = group(Example({}), "interpreter")
    fieldset = tag(html, "fieldset", role="radiogroup", aria_labelledby="id_interpreter_label", aria_invalid="true")
    assert 'aria-describedby="id_interpreter_helptext id_interpreter_error"' in fieldset
    assert "aria-invalid" not in tag(html, "input", id="id_interpreter_0")


def test_texts_from_outside_are_escaped() -> None:
    assert "&lt;måste&gt;" in group(Example(), "needs")
    assert "<måste>" not in str(Example({"needs": "<måste>"}))


def test_the_select_has_an_arrow() -> None:
    assert "f-icon-arrow-down" in group(Example(), "municipality")


def test_errors_say_what_to_do() -> None:
    errors = {name: messages[0] for name, messages in Example({"hsa_id": "123456", "grade": "7"}).errors.items()}
    assert errors == {
        "interpreter": "Svara på frågan: Behövs tolk?",
        "municipality": "Välj kommun",
        "method": "Skriv vilken metod som ska användas",
        "hsa_id": "Skriv högst 5 tecken. Nu är det 6.",
        "day": "Fyll i handlingens datum",
        "grade": "Välj en grad för fysisk uthållighet",
        "examinations": "Välj undersökningar",
        "sure": "Kryssa i rutan: Jag har kontrollerat handlingarna",
        "version": "Fyll i version",
    }


def test_the_summary_counts_in_words_and_links_to_the_first_input() -> None:
    html = summary(Example({}), extra_errors=[{"href": "#fil3", "text": "Kontrollera filen"}])
    assert "Rätta tio uppgifter" in html
    assert 'href="#id_interpreter_0"' in html
    assert 'href="#id_grade_0"' in html
    assert 'href="#id_examinations_0"' in html
    assert 'href="#id_municipality"' in html
    assert 'href="#fil3"' in html
    assert "#id_version" not in html  # nobody can go to a hidden input


def test_the_summary_is_singular_for_one_and_absent_for_none() -> None:
    class One(PortalForm):
        name = forms.CharField(label="Namn")

    assert "Rätta en uppgift</h2>" in summary(One({}))
    assert "errorbox" not in summary(One({"name": "x"}))
    assert "errorbox" not in summary(One())


def test_a_grade_is_five_radios_and_says_the_chosen_one_in_words() -> None:
    html = group(Example(initial={"grade": 2}), "grade")
    assert html.count('type="radio"') == 5
    assert "Vald grad: 2" in html
    assert "Ingen grad vald" in group(Example(), "grade")


@pytest.mark.parametrize(
    "typed",
    ["2027-01-14", "20270114", "14/1 2027", "14/1-2027", "14.1.2027", "14 januari 2027", "14 jan 2027", " 2027-01-14 "],
)
def test_swedish_ways_to_write_a_date(typed: str) -> None:
    assert DateField().clean(typed) == date(2027, 1, 14)


@pytest.mark.parametrize("typed", ["2027-02-30", "14/13 2027", "14 foo 2027", "i morgon", "14/1", "0000-01-01"])
def test_what_is_no_date_is_refused_and_kept_on_the_page(typed: str) -> None:
    class OneDay(PortalForm):
        day = DateField(label="Dag")

    form = OneDay({"day": typed})
    assert form.errors["day"] == ["Dag: skriv ett datum, till exempel 2027-01-14"]
    assert typed in group(form, "day")
    assert 'type="date"' not in group(form, "day") or typed[:4].isdigit()


def test_a_message_says_which_field_it_is_about_whatever_its_label() -> None:
    class Odd(PortalForm):
        first = DateField(label="Sista dag från")
        told = DateField(label="När fick den försäkrade information?")
        part = forms.IntegerField(label="Andel (%)", max_value=100)

    form = Odd({"first": "x", "told": "x", "part": "101"})
    assert form.errors == {
        "first": ["Sista dag från: skriv ett datum, till exempel 2027-01-14"],
        "told": ["När fick den försäkrade information? Skriv ett datum, till exempel 2027-01-14"],
        "part": ["Andel (%): skriv ett tal som är högst 100"],
    }
    assert Odd({"part": "x"}).errors["part"] == ["Andel (%): skriv ett heltal"]


def test_a_date_input_gets_an_iso_value() -> None:
    class OneDay(PortalForm):
        day = DateField(label="Dag")

    for form in (OneDay(initial={"day": date(2027, 1, 14)}), OneDay({"day": "14/1 2027"})):
        assert 'value="2027-01-14"' in tag(group(form, "day"), "input", type="date")


def test_a_time_with_a_dot() -> None:
    cleaned = TimeField().clean("9.30")
    assert (cleaned.hour, cleaned.minute) == (9, 30)


def test_dates_in_swedish_whatever_the_locale() -> None:
    day = date(2027, 1, 25)
    assert portal.day(day) == '<time datetime="2027-01-25">måndag 25\xa0januari\xa02027</time>'
    assert portal.day(None) == ""
    assert portal.iso(day) == '<time datetime="2027-01-25">2027-01-25</time>'
    evening = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # half past midnight in Sweden
    assert 'datetime="2026-07-02T00:30"' in portal.moment(evening)
    assert "kl.\xa000.30" in portal.clock(evening)


def test_an_amount_stays_on_one_line():
    assert (
        portal.nbsp("tak 1 350 000,50 kr") == "tak 1\N{NO-BREAK SPACE}350\N{NO-BREAK SPACE}000,50\N{NO-BREAK SPACE}kr"
    )
    assert portal.nbsp("år 2026 1234 rader") == "år 2026 1234 rader"


def test_nbsp_escapes_and_keeps_numbers_whole() -> None:
    html = portal.nbsp("<b> 8 § senast 25 januari 2027, 10 vardagar, ärende 2026-004127")
    assert isinstance(html, SafeString)
    assert "&lt;b&gt; 8\xa0§ senast 25\xa0januari\xa02027, 10\xa0vardagar" in html
    assert '<span class="nowrap">2026-004127</span>' in html


def test_days_left_has_words_an_icon_and_escapes() -> None:
    html = portal.days_left({"text": "<1 vardag för sent", "tone": "late"})
    assert "left--late" in html
    assert "f-icon-error" in html
    assert "&lt;1\xa0vardag" in html
    assert portal.days_left(None) == ""
