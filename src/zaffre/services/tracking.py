"""Verbs of experiments and runs."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.resource import Key
from zaffre.kinds.run_names import run_name
from zaffre.kinds.tracking import (
    DEFAULT_EXPERIMENT,
    PARENT_RUN,
    RUN_NAME,
    DatasetInput,
    DatasetSummary,
    Experiment,
    Experiments,
    ModelLink,
    NewRun,
    Pair,
    Run,
    RunInfo,
    Runs,
    RunStatus,
    Stage,
)
from zaffre.kinds.tracking_rules import (
    VALUE,
    check_datasets,
    check_experiment_name,
    check_experiment_tag,
    check_location,
    check_run_id,
    check_tag,
    check_text,
    wrong,
)
from zaffre.ports.tracking import Search
from zaffre.services.context import Context

MISSING = "RESOURCE_DOES_NOT_EXIST"
PAGE = 50_000
MOST_DATASET_EXPERIMENTS = 20
_BIGGEST = 2**63 - 1


def create_experiment(
    ctx: Context, workspace: str, name: str, location: str = "", tags: Sequence[Pair] = ()
) -> str:
    """Create an experiment and give its id.

    Raises:
        Conflict: the name is taken.
        Invalid: the name, the location or a tag cannot be kept.
    """
    check_experiment_name(name)
    check_location(location)
    for tag in tags:
        check_experiment_tag(tag)
    return ctx.tracking.create_experiment(workspace, name, location, tags)


def find_experiment(ctx: Context, workspace: str, name: str) -> Experiment:
    """Give the experiment of a name. Every workspace has one called `Default`.

    Raises:
        NotFound: there is none.
    """
    found = ctx.tracking.find_experiment(workspace, name) if "\x00" not in name else None
    if found is not None:
        return found
    if name == DEFAULT_EXPERIMENT:
        made = ctx.tracking.ensure_experiment(workspace, name)
        return ctx.tracking.get_experiment(workspace, made)
    message = f"Could not find experiment with name '{name[:500]}'"
    raise NotFound(message, code=MISSING)


def search_experiments(ctx: Context, workspace: str, search: Search) -> Experiments:
    """Find experiments.

    Raises:
        Invalid: the page asked for is no page.
    """
    _check_limit(search.limit)
    return ctx.tracking.search_experiments(workspace, search)


def rename_experiment(ctx: Context, workspace: str, experiment_id: str, name: str) -> None:
    """Give an experiment another name.

    Raises:
        Conflict: the name is taken.
        Invalid: the name cannot be kept, or the experiment is deleted.
    """
    check_experiment_name(name)
    ctx.tracking.rename_experiment(workspace, experiment_id, name)


def tag_experiment(ctx: Context, workspace: str, experiment_id: str, tag: Pair) -> None:
    """Set a tag of an experiment.

    Raises:
        Invalid: it cannot be kept, or the experiment is deleted.
    """
    check_experiment_tag(tag)
    ctx.tracking.tag_experiment(workspace, experiment_id, tag.key, tag.value)


def create_run(ctx: Context, workspace: str, run: NewRun, *, below: str = "") -> Run:
    """Create a run; `below` names the job that creates it, whose child it then is.

    Raises:
        NotFound: there is no such experiment.
        Invalid: the experiment is deleted, or something of the run cannot be kept.
    """
    for tag in run.tags:
        check_tag(tag)
    check_text(run.name, "run_name", VALUE)
    check_text(run.user, "user_id", VALUE)
    _check_time(run.start_time, "start_time")
    tags = list(run.tags)
    if below and not any(tag.key == PARENT_RUN for tag in tags):
        tags.append(Pair(PARENT_RUN, below))
    name = _name_of(run.name, tags)
    if not run.experiment_id:
        home = ctx.tracking.ensure_experiment(workspace, DEFAULT_EXPERIMENT)
        return ctx.tracking.create_run(
            workspace, NewRun(home, name, run.user, run.start_time, tags)
        )
    return ctx.tracking.create_run(
        workspace, NewRun(run.experiment_id, name, run.user, run.start_time, tags)
    )


def _name_of(name: str, tags: Sequence[Pair]) -> str:
    tagged = next((tag.value for tag in tags if tag.key == RUN_NAME), "")
    if name and tagged and name != tagged:
        raise Invalid(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different"
            f" values (run_name='{name}', mlflow.runName='{tagged}')."
        )
    if name or tagged:
        return name or tagged
    return run_name(secrets.randbelow)


def update_run(
    ctx: Context,
    workspace: str,
    run_id: str,
    *,
    status: str | None = None,
    end_time: int | None = None,
    name: str | None = None,
) -> RunInfo:
    """Change what is given of a run. Of a job's run only the name: its state is the job's.

    Raises:
        NotFound: there is no such run.
        Invalid: the run is deleted, or a value is none.
    """
    if status is not None and status not in RunStatus.__members__:
        raise wrong("status", status, f"Known are {list(RunStatus.__members__)}.")
    _check_time(end_time, "end_time")
    check_text(name or "", "run_name", VALUE)
    if _is_job(ctx, workspace, run_id):
        status = end_time = None
    return ctx.tracking.update_run(workspace, run_id, status=status, end_time=end_time, name=name)


def _is_job(ctx: Context, workspace: str, run_id: str) -> bool:
    try:
        ctx.metadata.get(Key("job", workspace, run_id))
    except NotFound:
        return False
    return True


def delete_run(ctx: Context, workspace: str, run_id: str) -> None:
    """Put a run into the bin.

    Raises:
        NotFound: there is no such run.
    """
    ctx.tracking.stage_run(workspace, run_id, Stage.DELETED.value)


def restore_run(ctx: Context, workspace: str, run_id: str) -> None:
    """Take a run out of the bin.

    Raises:
        NotFound: there is no such run.
    """
    ctx.tracking.stage_run(workspace, run_id, Stage.ACTIVE.value)


def search_runs(
    ctx: Context, workspace: str, experiment_ids: Sequence[str], search: Search, *, below: str = ""
) -> Runs:
    """Find runs of experiments; `below` leaves only those of one job.

    Raises:
        Invalid: the page asked for is no page, or an experiment's id is none.
    """
    _check_limit(search.limit)
    return ctx.tracking.search_runs(workspace, experiment_ids, replace(search, below=below))


def log_inputs(
    ctx: Context,
    workspace: str,
    run_id: str,
    datasets: Sequence[DatasetInput],
    models: Sequence[ModelLink] = (),
) -> None:
    """Record what a run used.

    Raises:
        NotFound: there is no such run.
        Invalid: the run is deleted, or a dataset cannot be kept.
    """
    check_run_id(run_id)
    check_datasets(datasets)
    _check_models(models)
    ctx.tracking.log_inputs(workspace, run_id, datasets, models)


def log_outputs(ctx: Context, workspace: str, run_id: str, models: Sequence[ModelLink]) -> None:
    """Record which logged models a run made.

    Raises:
        NotFound: there is no such run.
        Invalid: the run is deleted.
    """
    _check_models(models)
    ctx.tracking.log_outputs(workspace, run_id, models)


def search_datasets(
    ctx: Context, workspace: str, experiment_ids: Sequence[str]
) -> list[DatasetSummary]:
    """List the datasets that runs of these experiments used.

    Raises:
        Invalid: no experiment is named, or too many are.
    """
    if not experiment_ids:
        raise Invalid("SearchDatasets request must specify at least one experiment_id.")
    if len(experiment_ids) > MOST_DATASET_EXPERIMENTS:
        raise Invalid(
            f"SearchDatasets request cannot specify more than {MOST_DATASET_EXPERIMENTS}"
            f" experiment_ids. Received {len(experiment_ids)} experiment_ids."
        )
    return ctx.tracking.search_datasets(workspace, experiment_ids)


def _check_models(models: Sequence[ModelLink]) -> None:
    for model in models:
        check_text(model.model_id, "model_id", VALUE)
        if not -_BIGGEST <= model.step <= _BIGGEST:
            raise wrong("step", model.step)


def _check_limit(limit: int) -> None:
    if limit < 1:
        raise Invalid(
            f"Invalid value {limit} for parameter 'max_results' supplied. It must be a positive"
            " integer"
        )
    if limit > PAGE:
        raise Invalid(
            f"Invalid value {limit} for parameter 'max_results' supplied. It must be at most"
            f" {PAGE}"
        )


def _check_time(moment: int | None, field: str) -> None:
    if moment is not None and not -_BIGGEST <= moment <= _BIGGEST:
        raise wrong(field, moment, "It must be a valid long (64-bit integer).")
