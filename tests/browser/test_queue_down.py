"""While the queue is down people go on; what workers do comes when it is back. Last, because it stops the queue."""

from __future__ import annotations

import json
import urllib.request

from tests.browser import jobs, setting
from tests.browser.jobs import OFFICER, PHYSICIAN, REGION


def health(portal):
    with urllib.request.urlopen(portal.url + "/halsa", timeout=10) as answer:
        return answer.status, json.load(answer)


def test_queue_down(desk, portal):
    """A whole job without the queue; the notice and the report's PDF follow when it is there again."""
    fk, region, doctor = desk(OFFICER), desk(REGION), desk(PHYSICIAN)
    number = setting.written(desk)
    doctor.go(f"/arenden/{number}/utlatande/granska/")
    portal.stop_broker()
    try:
        jobs.sign(doctor)
        assert doctor.status == "Utlåtande inkommet"
        doctor.follow("Läs utlåtandet, version 1")
        assert "PDF:en görs just nu." in doctor.text
        doctor.check("version page without its PDF")
        requested = jobs.start_request(fk)
        jobs.fill_request(fk, jobs.new_person())
        fk.press("Fortsätt till kontroll")
        fk.press("Skicka begäran")
        assert fk.status == "Begäran skickad"
        status, said = health(portal)
        assert status == 200
        assert said["status"] == "degraded"
        assert said["broker"]["state"] == "down"
        region.go("/aviseringar/")
        assert requested not in region.text
    finally:
        portal.start_broker()
    region.wait_for(requested, "/aviseringar/", seconds=180)
    doctor.wait_for("Läs utlåtandet som PDF", f"/arenden/{number}/utlatande/version/1/", seconds=180)
    assert health(portal)[1]["broker"]["state"] == "ok"
