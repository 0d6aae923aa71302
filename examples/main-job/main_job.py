"""The main job in Python: run it beside the YAML files, with `python main_job.py`."""

from __future__ import annotations

import json
from pathlib import Path

from make_data import write

from zaffre.ml import Input, MLClient, Output, command
from zaffre.ml.constants import AssetTypes
from zaffre.ml.entities import (
    CodeConfiguration,
    Data,
    Environment,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
)

HERE = Path(__file__).parent


def main() -> list[float]:
    client = MLClient()
    data = client.data.create_or_update(
        Data(name="diabetes", type=AssetTypes.URI_FILE, path=write(HERE / "diabetes.csv"))
    )
    environment = client.environments.create_or_update(
        Environment(name="diabetes", python="current")
    )

    job = client.jobs.create_or_update(
        command(
            command="python train.py --data ${{inputs.data}} --alpha ${{inputs.alpha}} "
            "--model ${{outputs.model}}",
            code=HERE / "src",
            environment=environment.id,
            inputs={"data": Input(type=AssetTypes.URI_FILE, path=data.id), "alpha": 0.1},
            outputs={"model": Output(type=AssetTypes.CUSTOM_MODEL)},
            experiment_name="diabetes",
        )
    )
    client.jobs.stream(job.name)
    print(client.jobs.metrics(job.name))

    model = client.models.create_or_update(
        Model(name="diabetes", path=f"azureml://jobs/{job.name}/outputs/model")
    )
    endpoint = client.online_endpoints.begin_create_or_update(
        ManagedOnlineEndpoint(name="diabetes-python", auth_mode="key")
    ).result()
    client.online_deployments.begin_create_or_update(
        ManagedOnlineDeployment(
            name="blue",
            endpoint_name=endpoint.name,
            model=model.id,
            environment=environment.id,
            code_configuration=CodeConfiguration(
                code=str(HERE / "onlinescoring"), scoring_script="score.py"
            ),
            instance_count=1,
        )
    ).result()
    endpoint.traffic = {"blue": 100}
    client.online_endpoints.begin_create_or_update(endpoint).result()
    answer = client.online_endpoints.invoke(endpoint.name, request_file=HERE / "request.json")
    return [float(value) for value in json.loads(answer)]


if __name__ == "__main__":
    print(main())
