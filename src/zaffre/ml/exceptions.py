"""Azure's names for errors that have a name of their own here."""

from __future__ import annotations

from zaffre.errors import (
    Conflict,
    Failed,
    Invalid,
    NotFound,
    Unauthenticated,
    Unavailable,
    ZaffreError,
)

MlException = ZaffreError
HttpResponseError = ZaffreError
ResourceNotFoundError = NotFound
ResourceExistsError = Conflict
ClientAuthenticationError = Unauthenticated
ServiceRequestError = Unavailable
ValidationException = Invalid
ValidationError = Invalid
UserErrorException = Invalid
JobException = Failed
DeploymentException = Failed

__all__ = [
    "ClientAuthenticationError",
    "DeploymentException",
    "HttpResponseError",
    "JobException",
    "MlException",
    "ResourceExistsError",
    "ResourceNotFoundError",
    "ServiceRequestError",
    "UserErrorException",
    "ValidationError",
    "ValidationException",
]
