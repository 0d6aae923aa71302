"""What the documents of a cloud's computes have in common."""

from __future__ import annotations

from pydantic import Field, JsonValue

from zaffre.kinds.compute_price import Price
from zaffre.kinds.part import Dropped, Part
from zaffre.kinds.resource import Spec


class SshSettings(Part):
    """Access to the nodes of a cluster. Accepted, not acted on."""

    admin_username: str | None = Field(default=None, title="User", description="Login name.")
    admin_password: Dropped = Field(
        default=None, title="Password", description="Accepted, never stored."
    )
    ssh_key_value: str | None = Field(default=None, title="Key", description="Public key.")
    ssh_port: int | None = Field(default=None, title="Port", description="Port of the service.")


class CloudComputeSpec(Spec):
    """What the computes of a cloud have in common. Here they are names for the local pool."""

    size: str | None = Field(
        default=None, title="Size", description="Size of a machine. Kept, not acted on."
    )
    location: str | None = Field(
        default=None, title="Location", description="Region. Kept, not acted on."
    )
    network_settings: dict[str, JsonValue] | None = Field(
        default=None, title="Network", description="Accepted, not acted on."
    )
    identity: dict[str, JsonValue] | None = Field(
        default=None, title="Identity", description="Accepted, not acted on."
    )
    ssh_settings: SshSettings | None = Field(
        default=None, title="SSH", description="Accepted, not acted on."
    )
    ssh_public_access_enabled: bool | None = Field(
        default=None, title="SSH access", description="Accepted, not acted on."
    )
    enable_node_public_ip: bool | None = Field(
        default=None, title="Public address", description="Accepted, not acted on."
    )
    price_per_hour: Price = None

    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Say that the local pool does the work."""
        return (("type", "There is no cloud here: jobs for this compute run in the local pool."),)
