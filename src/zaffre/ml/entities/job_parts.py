"""What a job says of itself beside its command."""

from __future__ import annotations

from typing import Any

from zaffre.kinds import job_settings, step
from zaffre.ml.entity import Part
from zaffre.ml.fields import Fields


class JobResourceConfiguration(Part, model=job_settings.JobResources):
    """How much of a compute a job takes."""


ResourceConfiguration = JobResourceConfiguration


class CommandJobLimits(Part, model=job_settings.CommandLimits):
    """What ends a job early."""


class QueueSettings(Part, model=job_settings.QueueSettings):
    """How urgent a job is."""


class RetrySettings(Part, model=step.RetrySettings):
    """How often a step or a mini-batch is tried again, and how long it may take."""


class PipelineJobSettings(Fields):
    """Settings of a pipeline: defaults of its steps, and what their failures mean."""


class _Distribution(Part, model=job_settings.Distribution):
    word = ""

    def __init__(self, **fields: Any) -> None:
        super().__init__({**fields, "type": self.word})


class PyTorchDistribution(_Distribution):
    """Processes that find each other as torch.distributed expects."""

    word = "pytorch"


class MpiDistribution(_Distribution):
    """Processes that find each other as MPI's do."""

    word = "mpi"


class TensorFlowDistribution(_Distribution):
    """Processes that find each other by TF_CONFIG."""

    word = "tensorflow"


class RayDistribution(_Distribution):
    """A Ray cluster for one job."""

    word = "ray"


class _Identity(Part, model=job_settings.JobIdentity):
    word = ""

    def __init__(self, **fields: Any) -> None:
        super().__init__({**fields, "type": self.word})


class UserIdentityConfiguration(_Identity):
    """The user's identity; accepted, not acted on."""

    word = "user_identity"


class ManagedIdentityConfiguration(_Identity):
    """An identity of a cloud; accepted, not acted on."""

    word = "managed"


class AmlTokenConfiguration(_Identity):
    """A token of a cloud; accepted, not acted on."""

    word = "aml_token"


class JobService(Part, model=job_settings.JobService):
    """Something to look into a running job with; accepted, never a reason to fail."""

    word = ""

    def __init__(self, **fields: Any) -> None:
        super().__init__({**({"type": self.word} if self.word else {}), **fields})


class VsCodeJobService(JobService):
    """VS Code in the job."""

    word = "vs_code"


class JupyterLabJobService(JobService):
    """JupyterLab in the job."""

    word = "jupyter_lab"


class SshJobService(JobService):
    """A shell in the job."""

    word = "ssh"


class TensorBoardJobService(JobService):
    """TensorBoard on the job's logs."""

    word = "tensor_board"
