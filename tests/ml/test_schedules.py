"""Schedules written in Python are the documents that YAML gives."""

from __future__ import annotations

from datetime import datetime

import pytest

from zaffre.errors import Invalid
from zaffre.kinds import yaml_text
from zaffre.kinds.registry import kind
from zaffre.ml import command, load_schedule
from zaffre.ml.checking import check
from zaffre.ml.constants import TimeZone
from zaffre.ml.entities import CronTrigger, JobSchedule, RecurrencePattern, RecurrenceTrigger
from zaffre.ml.job_documents import job_document

JOB = "command: echo\nenvironment: {python: current}\ninputs: {a: 1, b: 2}\ncode: src\n"


def _job(document):
    return job_document(
        check(kind("schedule"), document).data["create_job"], document, ("create_job",)
    )


def job(folder):
    return command(command="echo", environment="azureml:x:1", code=str(folder))


def test_a_recurrence_with_times_and_zone(tmp_path):
    trigger = RecurrenceTrigger(
        frequency="day",
        interval=1,
        schedule=RecurrencePattern(hours=10, minutes=[0, 1]),
        start_time=datetime(2026, 3, 1, 10),  # noqa: DTZ001 (as notebooks write it)
        time_zone=TimeZone.PACIFIC_STANDARD_TIME,
    )
    made = JobSchedule(name="one", trigger=trigger, create_job=job(tmp_path))
    sent = check(kind("schedule"), made.as_document()).data
    assert sent["trigger"] == {
        "type": "recurrence",
        "frequency": "day",
        "interval": 1,
        "schedule": {"hours": 10, "minutes": [0, 1]},
        "start_time": "2026-03-01T10:00:00",
        "time_zone": "Pacific Standard Time",
    }
    assert sent["create_job"]["code"] == str(tmp_path)


def test_a_cron_trigger_that_is_wrong_is_refused(tmp_path):
    trigger = CronTrigger(expression="15 10 * *", time_zone="UTC")
    made = JobSchedule(name="one", trigger=trigger, create_job=job(tmp_path))
    with pytest.raises(Invalid, match="five"):
        check(kind("schedule"), made.as_document())


@pytest.mark.parametrize("over", ["", "  inputs: {b: 3}\n  tags: {x: y}\n"])
def test_the_job_is_read_beside_the_schedule(tmp_path, over):
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "job.yml").write_text(JOB)
    text = (
        "create_job: ./jobs/job.yml\n"
        if not over
        else f"create_job:\n  job: ./jobs/job.yml\n{over}"
    )
    (tmp_path / "s.yml").write_text(
        f'name: s\ntrigger: {{type: cron, expression: "0 1 * * *"}}\n{text}'
    )
    document = yaml_text.read_file(tmp_path / "s.yml")
    found = _job(document)
    assert found.folder == tmp_path / "jobs"
    assert found.data["inputs"] == ({"a": 1, "b": 3} if over else {"a": 1, "b": 2})
    assert load_schedule(tmp_path / "s.yml").name == "s"


def test_a_job_that_is_not_there_is_placed(tmp_path):
    (tmp_path / "s.yml").write_text(
        'name: s\ntrigger: {type: cron, expression: "0 1 * * *"}\ncreate_job: ./none.yml\n'
    )
    document = yaml_text.read_file(tmp_path / "s.yml")
    with pytest.raises(Invalid) as caught:
        _job(document)
    assert caught.value.problems[0].place.line == 3


def test_the_zones_have_names_of_python():
    assert TimeZone.W_EUROPE_STANDARD_TIME == "W. Europe Standard Time"
    assert TimeZone.UTC == "UTC"
