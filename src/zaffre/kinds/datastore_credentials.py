"""What opens datastores. Services seal it before anything is stored, and no answer shows it."""

from __future__ import annotations

from pydantic import Field

from zaffre.kinds.part import Part


class SqlCredentials(Part):
    """What opens a database."""

    username: str | None = Field(
        default=None, title="User", description="Instead of the one in the URL."
    )
    password: str | None = Field(default=None, title="Password", description="Of the user.")


class S3Credentials(Part):
    """What opens a bucket."""

    access_key_id: str | None = Field(
        default=None, title="Access key", description="Id of the key."
    )
    secret_access_key: str | None = Field(
        default=None, title="Secret key", description="The key itself."
    )
    session_token: str | None = Field(
        default=None, title="Session token", description="With keys that pass away."
    )


class AzureCredentials(Part):
    """What opens a storage account: a key, a signature, or a service principal."""

    account_key: str | None = Field(
        default=None, title="Account key", description="Opens the whole account."
    )
    sas_token: str | None = Field(
        default=None, title="SAS token", description="Opens what it was made for."
    )
    tenant_id: str | None = Field(default=None, title="Tenant", description="Of the principal.")
    client_id: str | None = Field(default=None, title="Client", description="The principal.")
    client_secret: str | None = Field(
        default=None, title="Client secret", description="Of the principal."
    )
    resource_url: str | None = Field(
        default=None, title="Resource", description="Accepted, not acted on."
    )
    authority_url: str | None = Field(
        default=None, title="Authority", description="Accepted, not acted on."
    )


class GoogleCredentials(Part):
    """What opens a bucket of Google's."""

    service_account_key: str | None = Field(
        default=None, title="Service account key", description="The key file's JSON, as a text."
    )
