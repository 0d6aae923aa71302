"""The pages of a package: how to run it here, in a container, in a cluster."""

from __future__ import annotations

import re
from string import Template
from typing import Dict, NamedTuple

PORT = 8080
OPENMP = (
    "RUN apt-get update && apt-get install -y --no-install-recommends libgomp1"
    " && rm -rf /var/lib/apt/lists/*\n"
)
CHECK = """
`python serve.py --check` answers `example/request.json` again, and compares with what was answered
where the package was made.
"""
SMALL = "It needs ONNX Runtime and numpy, nothing of the library that trained it.\n"
README = Template("""\
# $name, version $version

A model with all that serves it. Python $python is needed, and what `requirements.txt` lists.
$notes
```sh
python$python -m venv .venv
.venv/bin/$install
.venv/bin/python serve.py --port $port
```

```sh
curl http://127.0.0.1:$port/
curl -H 'Content-Type: application/json' -d '$body' http://127.0.0.1:$port/score
```

| address | answer |
| --- | --- |
| `GET /` | `Healthy`, once the model is loaded |
| `POST /score` | predictions; JSON, $form |
| `GET /swagger.json?version=3` | the description of both |

`SCORING_KEY=SECRET python serve.py` answers only calls with `Authorization: Bearer SECRET`.
`python serve.py --score request.json` answers one request on the terminal, without a port.
$check
In a container: `docker build -t $image .`, then `docker run -p $port:$port $image`.
In a cluster: `kubectl apply -f kubernetes.yaml`, once the image is where the cluster finds it.

`sha256sum --check SHA256SUMS` tells whether all files are as they were made.
""")
DOCKERFILE = Template("""\
FROM python:$python-slim
${openmp}WORKDIR /srv
COPY requirements.txt ./
${wheels}RUN $install
COPY . .
USER 65534
EXPOSE $port
CMD ["python", "serve.py", "--host", "0.0.0.0", "--port", "$port"]
""")
KUBERNETES = Template("""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $label
  labels: {app: $label}
spec:
  replicas: 2
  selector:
    matchLabels: {app: $label}
  template:
    metadata:
      labels: {app: $label}
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 65534}
      containers:
        - name: model
          image: $image
          ports:
            - {name: http, containerPort: $port}
          startupProbe:
            httpGet: {path: /, port: http}
            periodSeconds: 2
            failureThreshold: 90
          readinessProbe:
            httpGet: {path: /, port: http}
            periodSeconds: 5
          livenessProbe:
            httpGet: {path: /, port: http}
            periodSeconds: 10
            failureThreshold: 3
          resources:
            requests: {cpu: 250m, memory: 256Mi}
            limits: {memory: 1Gi}
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
---
apiVersion: v1
kind: Service
metadata:
  name: $label
spec:
  selector: {app: $label}
  ports:
    - {name: http, port: 80, targetPort: http}
""")


class Facts(NamedTuple):
    """What the pages speak of."""

    name: str
    version: str
    python: str
    format: str
    has_wheels: bool
    has_example: bool
    is_script: bool
    needs_openmp: bool

    @property
    def label(self) -> str:
        """Its name, as clusters and registries of images take it."""
        return re.sub(r"[^a-z0-9-]+", "-", self.name.lower()).strip("-")[:50] or "model"

    @property
    def image(self) -> str:
        """The name of its container image."""
        return f"{self.label}:{re.sub(r'[^A-Za-z0-9_.-]', '-', self.version)}"


def pages(facts: Facts) -> Dict[str, str]:
    """Give the pages by their file names."""
    where = "--no-index --find-links wheelhouse " if facts.has_wheels else ""
    install = f"pip install {where}-r requirements.txt"
    known = {**facts._asdict(), "label": facts.label, "image": facts.image, "port": PORT}
    notes = ("No network is needed: the wheels are here.\n" if facts.has_wheels else "") + (
        SMALL if facts.format == "onnx" else ""
    )
    return {
        "README.md": README.substitute(
            known,
            install=install,
            notes=notes,
            check=CHECK if facts.has_example else "",
            body="@example/request.json" if facts.has_example else '{"data": [[1, 2]]}',
            form="as the script takes it" if facts.is_script else "rows, as for an endpoint",
        ),
        "Dockerfile": DOCKERFILE.substitute(
            known,
            install=install.replace("pip install", "pip install --no-cache-dir"),
            openmp=OPENMP if facts.needs_openmp else "",
            wheels="COPY wheelhouse ./wheelhouse\n" if facts.has_wheels else "",
        ),
        ".dockerignore": "README.md\nkubernetes.yaml\n.venv\n",
        "kubernetes.yaml": KUBERNETES.substitute(known),
    }
