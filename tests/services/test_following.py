"""Deployments that follow a model: on real stores, a clock in hand, and a gateway that the test plays."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from services.endpoint_context import BLUE, ENDPOINT, stage
from services.job_context import HeldCompute
from zaffre.errors import Conflict, Invalid
from zaffre.kinds import registry
from zaffre.kinds.following import Stage
from zaffre.kinds.loading import check
from zaffre.kinds.model import ModelSpec
from zaffre.kinds.resource import Key
from zaffre.kinds.tracking import Metric
from zaffre.ports.metadata import Browse
from zaffre.ports.tracking import Batch
from zaffre.services import deployments, endpoints, following, job_types, models
from zaffre.services import registry as aliases
from zaffre.services.rollbacks import deployment as rollback
from zaffre.services.rollbacks import endpoint as rollback_endpoint

NEXT = Key("online_deployment", "default", "blue-next", parent="churn")
GATE = {
    "job": {
        "command": "python compare.py --new ${{inputs.candidate}} --old ${{inputs.champion}}",
        "environment": {"python": "current"},
    },
    "metric": "accuracy",
    "at_least": 0.8,
    "not_worse_than": "old_accuracy",
}


class World:
    """A stage with a model that gets versions, and a deployment that follows it."""

    def __init__(self, made):
        self.stage = made
        made.ctx = replace(made.ctx, job_types=job_types.OWN)
        self.ctx = made.ctx
        self.facts = {}
        self.version()
        made.endpoint()

    def version(self):
        tree = self.stage.tree(model__pkl=f"weights {len(self.versions()) + 1}")
        made = models.create(self.ctx, Key("model", "default", "churn"), ModelSpec(path=tree))
        return made.key.version

    def versions(self):
        query = Browse("model", where={"name": "churn"}, versions=True)
        return self.ctx.metadata.browse(query).items

    def follow(self, label="latest", **fields):
        document = {
            "name": "blue",
            "endpoint_name": "churn",
            "model": f"azureml:churn@{label}",
            "code_configuration": {
                "code": self.stage.tree(score__py="run"),
                "scoring_script": "score.py",
            },
            "environment": {"python": "current"},
            **fields,
        }
        spec = check(registry.kind("online_deployment"), document).spec
        made = following.create(self.ctx, BLUE, spec)
        self.stage.settle()
        self.stage.share(blue=100)
        self.turn()
        return made

    def turn(self, **time):
        """Do what the loop does, after some time, all deployments answering."""
        if time:
            self.ctx.clock.pass_by(timedelta(**time))
        for _ in range(6):
            moved = [following.advance(self.ctx, key) for key in following.followers(self.ctx)]
            moved += [self.settle(key) for key in deployments.unfinished(self.ctx)]
            if not any(moved):
                return
        raise AssertionError("it never rests")

    def settle(self, key):
        before = self.ctx.metadata.get(key).revision
        self.stage.settle(key, **self.facts.get(key.name, {}))
        return self.ctx.metadata.get(key).revision != before

    def answered(self, requests=0, failures=0, pairs=0, agreed=0):
        """Let the candidate have answered so much since the gateway began."""
        mirror = {"pairs": pairs, "agreed": agreed}
        told = {"state": "ready", "instances": 9}
        self.stage.reports(
            blue=told,
            **{
                "blue-next": {**told, "requests": requests, "failures": failures, "mirror": mirror}
            },
        )

    @property
    def state(self):
        return self.stage.status(BLUE).following

    @property
    def serving(self):
        return self.stage.status(BLUE).serving.model_reference.rpartition(":")[2]

    @property
    def traffic(self):
        spec = self.ctx.metadata.get(ENDPOINT).spec
        return dict(spec.traffic)

    @property
    def whys(self):
        return [event.why for event in reversed(self.state.events)]

    def names(self):
        query = Browse("online_deployment", where={"parent": "churn"}, archived=None)
        return sorted(one.key.name for one in self.ctx.metadata.browse(query).items)

    def gate_job(self):
        """Give the key of the gate's job."""
        return Key("job", "default", self.state.gate_job)

    def end_gate(self, state="completed", **metrics):
        """Let the gate's job end with metrics."""
        key = self.gate_job()
        logged = [Metric(name, value, 1, 0) for name, value in metrics.items()]
        self.ctx.tracking.record("default", key.name, Batch(metrics=logged)).result()
        while job_types.advance(self.ctx, key):
            pass
        compute: HeldCompute = self.ctx.computes["local"]
        (name,) = [one for one in compute.starts if key.name in one]
        compute.end(name, state, exit_code=int(state != "completed"))
        while job_types.advance(self.ctx, key):
            pass


@pytest.fixture
def world(tmp_path):
    with stage(tmp_path) as made:
        yield World(made)


def test_without_steps_a_new_version_takes_over_in_place(world):
    world.follow(update_policy="auto")
    assert world.serving == "1"
    world.version()
    world.turn()
    assert world.serving == "2"
    assert world.state.stage is Stage.RESTING
    assert world.whys == ["Version 2 follows version 1.", "Version 2 serves."]
    assert world.names() == ["blue"]
    assert world.traffic == {"blue": 100}


def test_manually_nothing_happens_by_itself(world):
    world.follow()
    world.version()
    world.turn()
    assert world.serving == "1"
    assert world.state is None


def test_traffic_comes_in_steps(world):
    world.follow(update_policy="auto", steps=[10, 50, 100], interval="1m")
    world.version()
    world.turn()
    assert world.names() == ["blue", "blue-next"]
    assert world.traffic == {"blue": 90, "blue-next": 10}
    world.turn(seconds=59)
    assert world.traffic["blue-next"] == 10
    world.turn(seconds=1)
    assert world.traffic == {"blue": 50, "blue-next": 50}
    world.turn(minutes=1)
    assert world.traffic == {"blue": 0, "blue-next": 100}
    assert world.serving == "1"
    world.turn(minutes=1)
    assert world.serving == "2"
    assert world.names() == ["blue"]
    assert world.traffic == {"blue": 100}
    stages = [event.stage for event in reversed(world.state.events)]
    assert stages == [
        Stage.PREPARING,
        *[Stage.SHIFTING] * 3,
        Stage.PROMOTING,
        Stage.RESTING,
    ]


def test_answers_that_fail_bring_the_old_version_back(world):
    world.follow(update_policy="auto", steps=[20, 100], interval="1h")
    world.version()
    world.turn()
    world.answered(requests=100, failures=3)
    world.turn()
    assert world.traffic == {"blue": 100}
    assert world.names() == ["blue"]
    assert world.serving == "1"
    assert world.whys[-2:] == ["3 of 100 answers failed.", "Version 1 serves on."]
    world.turn(hours=9)
    assert world.state.refused == "2"
    assert world.names() == ["blue"]
    assert world.version() == "3"
    world.turn()
    assert world.state.version == "3"


def test_a_gate_that_is_passed_lets_the_version_in(world):
    world.follow(update_policy="gated", gate=GATE, steps=[100], interval="1m")
    world.version()
    world.turn()
    assert world.traffic == {"blue": 100, "blue-next": 0}
    job = world.ctx.metadata.get(world.gate_job())
    paths = {name: one.path for name, one in job.spec.inputs.items()}
    assert paths == {"candidate": "azureml:churn:2", "champion": "azureml:churn:1"}
    world.end_gate(accuracy=0.9, old_accuracy=0.85)
    world.turn()
    assert world.traffic == {"blue": 0, "blue-next": 100}
    assert any(
        "`accuracy` is 0.9, `old_accuracy` 0.85. (Job `churn-blue" in why for why in world.whys
    )
    world.turn(minutes=1)
    assert world.serving == "2"


@pytest.mark.parametrize(
    ("state", "metrics", "said"),
    [
        ("completed", {"accuracy": 0.7, "old_accuracy": 0.6}, "less than 0.8"),
        ("completed", {"accuracy": 0.85, "old_accuracy": 0.9}, "worse"),
        ("completed", {}, "no metric"),
        ("failed", {"accuracy": 0.9, "old_accuracy": 0.6}, "is Failed"),
    ],
)
def test_a_gate_that_is_shut_keeps_the_old_version(world, state, metrics, said):
    world.follow(update_policy="gated", gate=GATE)
    world.version()
    world.turn()
    world.end_gate(state, **metrics)
    world.turn()
    assert said in world.whys[-2]
    assert world.serving == "1"
    assert world.names() == ["blue"]


def test_mirrored_requests_judge_too(world):
    gate = {"mirror": 20, "duration": "10m", "min_requests": 50, "min_agreement": 0.9}
    world.follow(update_policy="gated", gate=gate)
    world.version()
    world.turn()
    assert world.ctx.metadata.get(ENDPOINT).spec.mirror_traffic == {"blue-next": 20}
    world.answered(requests=40, pairs=40, agreed=40)
    world.turn(minutes=11)
    assert world.state.stage is Stage.JUDGING
    world.answered(requests=60, pairs=60, agreed=59)
    world.turn()
    assert world.serving == "2"
    assert world.ctx.metadata.get(ENDPOINT).spec.mirror_traffic == {}


def test_a_version_that_does_not_start_goes_back(world):
    world.follow(update_policy="auto", steps=[100])
    world.version()
    world.facts = {"blue-next": {"state": "failed", "error": "No such column."}}
    world.turn()
    assert any("No such column." in why for why in world.whys)
    assert world.names() == ["blue"]
    assert world.serving == "1"


def test_an_alias_says_which_version(world):
    aliases.alias(world.ctx, "default", "churn", "champion", "1")
    world.follow("champion", update_policy="auto")
    world.version()
    world.turn()
    assert world.serving == "1"
    aliases.alias(world.ctx, "default", "churn", "champion", "2")
    world.turn()
    assert world.serving == "2"
    aliases.alias(world.ctx, "default", "churn", "champion", "1")
    world.turn()
    assert world.serving == "1"


def test_a_newer_version_meanwhile_begins_anew(world):
    world.follow(update_policy="auto", steps=[50, 100], interval="1h")
    world.version()
    world.turn()
    world.version()
    world.turn()
    assert world.state.version == "3"
    assert "The reference means version 3 now." in world.whys
    assert world.traffic == {"blue": 50, "blue-next": 50}


def test_another_deployment_of_that_name_is_left_alone(world):
    world.follow(update_policy="auto", steps=[100])
    world.stage.deployment(NEXT)
    world.version()
    world.turn()
    assert world.names() == ["blue", "blue-next"]
    assert world.state.stage is Stage.RESTING
    assert "There is another deployment `blue-next` already." in world.whys


def test_who_changes_how_it_follows_begins_anew(world):
    world.follow(update_policy="gated", gate=GATE, steps=[50, 100], interval="1h")
    world.version()
    world.turn()
    assert world.state.stage is Stage.JUDGING
    gate_job = world.gate_job()
    found = world.ctx.metadata.get(BLUE)
    spec = found.spec.model_copy(update={"update_policy": "auto", "gate": None})
    following.update(world.ctx, found, spec, None)
    world.turn()
    assert "How it follows was changed." in "".join(world.whys)
    assert world.ctx.metadata.get(gate_job).status.status in ("Canceled", "CancelRequested")
    assert world.traffic == {"blue": 50, "blue-next": 50}


@pytest.mark.parametrize("meddle", ["traffic", "delete", "manual"])
def test_who_meddles_has_the_last_word(world, meddle):
    world.follow(update_policy="auto", steps=[50, 100], interval="1h")
    world.version()
    world.turn()
    if meddle == "manual":
        world.stage.change(BLUE, update_policy="manual")
    else:
        world.stage.share(blue=100, **{"blue-next": 0})
    if meddle == "delete":
        deployments.delete(world.ctx, NEXT)
    world.turn()
    assert world.traffic == {"blue": 100}
    assert world.names() == ["blue"]
    assert world.serving == "1"
    assert world.state.stage is Stage.RESTING


class Dying:
    """A store that dies after some writes: nothing of the next one is kept."""

    def __init__(self, store):
        self._store = store
        self.left = None

    def __getattr__(self, name):
        return getattr(self._store, name)

    def apply(self, *given):
        if self.left is not None:
            if not self.left:
                raise OSError("killed")
            self.left -= 1
        return self._store.apply(*given)


def test_a_crash_before_any_write_changes_nothing(world):
    world.follow(update_policy="auto", steps=[50, 100], interval="1m")
    world.version()
    store = Dying(world.ctx.metadata)
    world.ctx = world.stage.ctx = replace(world.ctx, metadata=store)
    for turn in range(60):
        store.left = turn % 4
        with suppress(OSError):
            world.turn(seconds=20)
        store.left = None
        if world.serving == "2" and world.names() == ["blue"]:
            break
    world.turn()
    assert world.serving == "2"
    assert world.traffic == {"blue": 100}
    assert world.names() == ["blue"]
    stages = [event.stage for event in reversed(world.state.events)]
    assert stages == [
        Stage.PREPARING,
        *[Stage.SHIFTING] * 2,
        Stage.PROMOTING,
        Stage.RESTING,
    ]


def test_a_change_of_the_document_keeps_the_version(world):
    world.follow(update_policy="gated", gate=GATE)
    world.version()
    found = world.ctx.metadata.get(BLUE)
    spec = found.spec.model_copy(update={"environment_variables": {"A": "1"}})
    following.update(world.ctx, found, spec, None)
    world.stage.settle()
    assert world.serving == "1"
    assert world.stage.status(BLUE).serving.variables == {"A": "1"}


def test_a_rollback_ends_following(world):
    world.follow(update_policy="auto")
    world.version()
    world.turn()
    assert world.serving == "2"
    rollback(world.ctx, BLUE, None)
    world.stage.settle()
    world.turn()
    assert world.serving == "1"
    spec = world.ctx.metadata.get(BLUE).spec
    assert (spec.model, spec.update_policy) == ("azureml:churn:1", "manual")
    document = {"name": "blue", "endpoint_name": "e"} | spec.model_dump(exclude_unset=True)
    check(registry.kind("online_deployment"), document)


def test_the_endpoint_goes_back_to_the_version_before_a_promotion(world):
    world.follow(update_policy="auto", steps=[50, 100], interval="1m")
    world.version()
    world.turn()
    for _ in range(2):
        world.turn(minutes=1)
    assert (world.serving, world.names()) == ("2", ["blue"])
    found = rollback_endpoint(world.ctx, ENDPOINT, None)
    assert found.spec.traffic == {"blue": 100}
    world.stage.settle()
    assert world.serving == "1"
    with pytest.raises(Conflict, match="took back version 2 already: version 1 serves"):
        rollback_endpoint(world.ctx, ENDPOINT, None)


def test_the_endpoint_has_nothing_to_undo_where_the_version_went_back(world):
    world.follow(update_policy="auto", steps=[50, 100], interval="1m")
    world.version()
    world.turn()
    world.answered(requests=100, failures=100)
    world.turn()
    assert (world.serving, world.names()) == ("1", ["blue"])
    with pytest.raises(Conflict, match="version 1 serves, with all its requests"):
        rollback_endpoint(world.ctx, ENDPOINT, None)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"update_policy": "gated"}, "`gate` is missing"),
        ({"update_policy": "auto", "gate": GATE}, "has no gate"),
        ({"update_policy": "gated", "gate": {"job": GATE["job"]}}, "`gate.metric` is missing"),
        ({"update_policy": "gated", "gate": {"metric": "x"}}, "either a job or mirrored"),
        ({"update_policy": "auto", "steps": [50, 10]}, "Steps rise"),
        ({"update_policy": "auto", "interval": "soon"}, "interval"),
        ({"update_policy": "auto", "model": "azureml:churn:1"}, "names none"),
    ],
)
def test_what_is_written_wrong_is_said_so(fields, said):
    document = {"name": "blue", "endpoint_name": "e", "model": "azureml:churn@latest", **fields}
    with pytest.raises(Invalid) as raised:
        check(registry.kind("online_deployment"), document)
    assert any(said in problem.message for problem in raised.value.problems), raised.value.problems


def test_a_gate_without_a_job_that_can_run_is_refused(world):
    gate = {**GATE, "job": {"command": "true", "timeout": 3}}
    with pytest.raises(Invalid) as raised:
        world.follow(update_policy="gated", gate=gate)
    assert raised.value.problems[0].place.field.startswith("gate.job")
    assert endpoints.keys(world.ctx, ENDPOINT)
