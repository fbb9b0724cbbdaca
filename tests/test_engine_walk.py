"""The main job through the door alone: from a draft to a complete report."""

from tests import situations as s


def test_every_status_is_reached_through_the_door(cast):
    for name, make in s.IN_STATUS.items():
        assert make(cast).status == name


def test_the_duties_of_the_main_path(cast):
    case = s.requested(cast)
    assert s.open_kinds(case) == ["answer_request"]
    assert s.open_kinds(s.assigned(cast)) == ["send_order"]
    assert s.open_kinds(s.ordered(cast)) == ["confirm_underlag"]
    assert s.open_kinds(s.in_progress(cast)) == ["deliver_report", "deliver_report"]
    assert s.open_kinds(s.delivered(cast)) == ["review_report"]
    assert s.open_kinds(s.accepted(cast)) == []
