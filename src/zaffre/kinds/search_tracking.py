"""What runs and experiments can be searched by."""

from __future__ import annotations

from zaffre.kinds.search import LISTS, NULLS, NUMERIC, TEXTUAL, Entity, Field, Subject

_RUN_FIELDS = {
    "run_id": Field("run_id", lists=True),
    "run_name": Field("run_name"),
    "run name": Field("run_name"),
    "Run name": Field("run_name"),
    "Run Name": Field("run_name"),
    "status": Field("status"),
    "artifact_uri": Field("artifact_uri"),
    "user_id": Field("user_id"),
    "start_time": Field("start_time", numeric=True),
    "created": Field("start_time", numeric=True),
    "Created": Field("start_time", numeric=True),
    "end_time": Field("end_time", numeric=True),
}
_DATASET_FIELDS = {name: Field(name, lists=True) for name in ("name", "digest", "context")}

METRIC = Entity("metric", NUMERIC, numeric=True)
PARAMETER = Entity("parameter", TEXTUAL | NULLS)
TAG = Entity("tag", TEXTUAL | NULLS)
RUN_ATTRIBUTE = Entity("attribute", TEXTUAL | LISTS, fields=_RUN_FIELDS)
DATASET = Entity("dataset", TEXTUAL | LISTS, fields=_DATASET_FIELDS)

RUNS = Subject(
    entities={
        **dict.fromkeys(("metric", "metrics"), METRIC),
        **dict.fromkeys(("parameter", "parameters", "param", "params"), PARAMETER),
        **dict.fromkeys(("tag", "tags"), TAG),
        **dict.fromkeys(("attribute", "attributes", "attr", "run"), RUN_ATTRIBUTE),
        **dict.fromkeys(("dataset", "datasets"), DATASET),
    },
    bare=RUN_ATTRIBUTE,
    sortable=frozenset({"attribute", "metric", "parameter", "tag"}),
)

_EXPERIMENT_FIELDS = {
    "name": Field("name"),
    "experiment_id": Field("experiment_id", lists=True),
    "creation_time": Field("creation_time", numeric=True),
    "last_update_time": Field("last_update_time", numeric=True),
}
EXPERIMENT_ATTRIBUTE = Entity("attribute", TEXTUAL | LISTS, fields=_EXPERIMENT_FIELDS)

EXPERIMENTS = Subject(
    entities={
        **dict.fromkeys(("attribute",), EXPERIMENT_ATTRIBUTE),
        **dict.fromkeys(("tag", "tags"), TAG),
    },
    bare=EXPERIMENT_ATTRIBUTE,
    sortable=frozenset({"attribute"}),
)
