"""Online endpoints and deployments: a stable address with keys, and the models behind it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from zaffre.kinds.acceleration import Acceleration, Compiled
from zaffre.kinds.deployment_settings import (
    CodeConfiguration,
    DataCollector,
    Probe,
    RequestSettings,
    ScaleSettings,
)
from zaffre.kinds.follow_settings import FollowSettings, FollowStatus
from zaffre.kinds.inline import EnvironmentChoice, ModelChoice
from zaffre.kinds.near import listed
from zaffre.kinds.part import AnyCase, Part
from zaffre.kinds.resource import Action, Kind, Spec, Status
from zaffre.kinds.revision import DeploymentEvent, Launch, Load, MirrorCounts

Percent = Annotated[int, Field(ge=0, le=100)]
HEADER = r"^[A-Za-z0-9][A-Za-z0-9-]{0,99}$"


class OnlineEndpointSpec(Spec):
    """A stable address that answers requests, and how it shares them among its deployments."""

    auth_mode: Annotated[Literal["key", "aml_token", "aad_token"], AnyCase] = Field(
        default="key", title="Authentication", description="How callers prove who they are."
    )
    traffic: dict[str, Percent] = Field(
        default_factory=dict,
        title="Traffic",
        description="Percentage of requests for each deployment; adds to 0 or 100.",
    )
    mirror_traffic: dict[str, Percent] = Field(
        default_factory=dict,
        title="Mirror traffic",
        description="Percentage of requests copied to a deployment, whose answers are compared,"
        " logged and never returned.",
    )
    sticky_header: str | None = Field(
        default=None,
        pattern=HEADER,
        title="Sticky header",
        description="Request header by whose value a caller stays with one deployment.",
    )
    compute: str | None = Field(
        default=None, title="Compute", description="Cluster to serve on. Kept, not acted on."
    )
    identity: dict[str, JsonValue] | None = Field(
        default=None, title="Identity", description="Accepted, not acted on."
    )
    public_network_access: Annotated[Literal["enabled", "disabled"], AnyCase] | None = Field(
        default=None, title="Public access", description="Accepted, not acted on."
    )

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Say what is accepted but not acted on."""
        found = [(field, _NO_CLOUD) for field in ("compute", "identity", "public_network_access")]
        if self.auth_mode != "key":
            found.append(("auth_mode", "There are no cloud tokens here: callers send a key."))
        return tuple((field, text) for field, text in found if getattr(self, field))


_NO_CLOUD = "There is no cloud here: this is kept, not acted on."


class EndpointError(Part):
    """Why an endpoint or deployment is not ready."""

    code: str = Field(default="failed", title="Code", description="Stable word for the cause.")
    message: str = Field(title="Message", description="What happened.")


class Shares(Part):
    """How an endpoint shared its requests."""

    traffic: dict[str, Percent] = Field(title="Traffic", description="Percentage of each.")
    mirror_traffic: dict[str, Percent] = Field(
        title="Mirror traffic", description="Percentage copied to each."
    )


class OnlineEndpointStatus(Status):
    """Where the endpoint answers."""

    hidden: ClassVar[frozenset[str]] = frozenset({"sealed_keys", "key_digests"})

    previous_shares: Shares | None = Field(
        default=None, title="Before", description="The traffic that `rollback` goes back to."
    )

    sealed_keys: dict[str, str] = Field(
        default_factory=dict, title="Sealed keys", description="The keys, encrypted, by type."
    )
    key_digests: dict[str, str] = Field(
        default_factory=dict, title="Key digests", description="SHA-256 of the keys, by type."
    )
    provisioning_state: str = Field(
        default="Creating", title="State", description="Whether the endpoint can be used."
    )
    scoring_uri: str | None = Field(
        default=None, title="Scoring address", description="Where requests go."
    )
    openapi_uri: str | None = Field(
        default=None, title="Description address", description="Where the API is described."
    )
    error: EndpointError | None = Field(default=None, title="Error", description="Why it failed.")


ONLINE_ENDPOINT = Kind(
    name="online_endpoint",
    noun="online-endpoint",
    plural="online-endpoints",
    title="Online endpoint",
    spec=OnlineEndpointSpec,
    status=OnlineEndpointStatus,
    columns=("name", "provisioning_state", "scoring_uri", "traffic", "created_at"),
    actions=(
        Action("invoke", "Send a request and print the answer."),
        Action("get-credentials", "Print the keys."),
        Action("regenerate-keys", "Replace a key by a new one."),
        Action("rollback", "Share requests as before the last change of traffic."),
    ),
    example="""\
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineEndpoint.schema.json
name: diabetes
auth_mode: key
""",
)


class OnlineDeploymentSpec(FollowSettings, Spec):
    """A model, its scoring script and its environment, behind an endpoint."""

    type: Annotated[Literal["managed", "kubernetes"], AnyCase] = Field(
        default="managed", title="Type", description="Kind of deployment; both are served here."
    )
    model: ModelChoice | None = Field(
        default=None, title="Model", description="`azureml:NAME:VERSION`, or a model written here."
    )
    code_configuration: CodeConfiguration | None = Field(
        default=None,
        title="Code",
        description="Scoring script; a model of type `mlflow_model` needs none.",
    )
    acceleration: Acceleration | None = Field(
        default=None,
        title="Acceleration",
        description="Answer by a compiled model, if it answers as the original. Not Azure's.",
    )
    environment: EnvironmentChoice | None = Field(
        default=None,
        title="Environment",
        description="`azureml:NAME:VERSION`, a curated name, or an environment written here.",
    )
    request_schema: str | None = Field(
        default=None,
        title="Request schema",
        description="File with a JSON Schema that bodies of requests must fit; "
        "not Azure's: an extension of ours.",
    )
    environment_variables: dict[str, str] = Field(
        default_factory=dict,
        title="Environment variables",
        description="Variables that the script sees.",
    )
    instance_type: str | None = Field(
        default=None, title="Instance type", description="Size of a machine. Kept, not acted on."
    )
    instance_count: int = Field(
        default=1, ge=1, le=256, title="Instances", description="How many processes answer."
    )
    scale_settings: ScaleSettings | None = Field(
        default=None, title="Scaling", description="How the number of instances follows the load."
    )
    request_settings: RequestSettings = Field(
        default_factory=RequestSettings, title="Requests", description="Limits on requests."
    )
    liveness_probe: Probe | None = Field(
        default=None,
        title="Liveness",
        description="When an instance that does not answer between requests is replaced.",
    )
    readiness_probe: Probe | None = Field(
        default=None,
        title="Readiness",
        description="How long a start may take, where `startup_probe` is not given.",
    )
    startup_probe: Probe | None = Field(
        default=None,
        title="Start-up",
        description="How long a start may take: `initial_delay` + `period` x `failure_threshold`.",
    )
    app_insights_enabled: bool = Field(
        default=False, title="Insights", description="Accepted, not acted on."
    )
    data_collector: DataCollector | None = Field(
        default=None, title="Data collector", description="What is kept of requests and answers."
    )
    model_mount_path: str | None = Field(
        default=None, title="Model path", description="Accepted, not acted on."
    )
    egress_public_network_access: Annotated[Literal["enabled", "disabled"], AnyCase] | None = (
        Field(default=None, title="Egress", description="Accepted, not acted on.")
    )
    private_network_connection: bool | None = Field(
        default=None, title="Private network", description="Accepted, not acted on."
    )
    resources: dict[str, JsonValue] | None = Field(
        default=None, title="Resources", description="Requests and limits. Kept, not acted on."
    )

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Say what is accepted but not acted on."""
        found = []
        own = self.data_collector.custom if self.data_collector else ()
        if own and self.code_configuration is None:
            text = f"Without a script nobody collects {listed(own)}."
            found.append(("data_collector", text))
        if self.type == "kubernetes":
            found.append(("type", "There is no cluster here: this machine serves the deployment."))
        return tuple((field, text) for field, text in found if getattr(self, field))


class OnlineDeploymentStatus(Status):
    """How the deployment goes."""

    hidden: ClassVar[frozenset[str]] = frozenset({"coming", "serving", "fallback", "previous"})

    coming: Launch | None = Field(
        default=None, title="Coming", description="The revision that is being prepared."
    )
    serving: Launch | None = Field(
        default=None, title="Serving", description="The revision that the gateway was given."
    )
    fallback: Launch | None = Field(
        default=None,
        title="Fallback",
        description="What served before, until the new one is ready.",
    )
    previous: Launch | None = Field(
        default=None,
        title="Previous",
        description="What served before the last rollout: `rollback` goes back to it.",
    )
    provisioning_state: str = Field(
        default="Creating", title="State", description="Whether the deployment answers."
    )
    model_version: str | None = Field(
        default=None,
        title="Model version",
        description="The model that answers now: `NAME:VERSION` where registered.",
    )
    following: FollowStatus | None = Field(
        default=None, title="Following", description="How it comes to new versions of its model."
    )
    error: EndpointError | None = Field(default=None, title="Error", description="Why it failed.")
    ready_instances: int = Field(
        default=0, title="Ready", description="How many instances answer now."
    )
    wanted_instances: int | None = Field(
        default=None, title="Wanted", description="How many instances the load asks for now."
    )
    compiled: Compiled | None = Field(
        default=None, title="Compiled", description="What came of its acceleration."
    )
    load: Load | None = Field(
        default=None, title="Load", description="Its requests so far, once there were some."
    )
    events: tuple[DeploymentEvent, ...] = Field(
        default=(),
        title="Events",
        description="What happened to its instances since the gateway started, newest first.",
    )
    mirror: MirrorCounts | None = Field(
        default=None,
        title="Mirrored",
        description="Of mirrored requests, since the gateway started.",
    )


ONLINE_DEPLOYMENT = Kind(
    name="online_deployment",
    noun="online-deployment",
    plural="online-deployments",
    title="Online deployment",
    spec=OnlineDeploymentSpec,
    status=OnlineDeploymentStatus,
    columns=(
        "name",
        "endpoint_name",
        "model_version",
        "provisioning_state",
        "ready_instances",
        "wanted_instances",
        "created_at",
    ),
    actions=(
        Action("get-logs", "Print what the scoring script wrote."),
        Action("rollback", "Go back to what served before the last rollout."),
    ),
    parent="online_endpoint",
    parent_field="endpoint_name",
    example="""\
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: diabetes
model: azureml:diabetes:1
code_configuration:
  code: ./onlinescoring
  scoring_script: score.py
environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest
instance_count: 1
""",
)
