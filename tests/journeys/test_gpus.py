"""GPUs from the driver to the job and back: counted, given, seen at work, on the bill."""

from __future__ import annotations

import time
from pathlib import Path

from faults.recording import CURRENT, ML, WS
from faults.test_kill_others import until
from gpu_driver import driver_in
from running import Server

SEEN = "echo sees $CUDA_VISIBLE_DEVICES; while ! grep -q gpu_ $ZAFFRE_JOURNAL; do sleep 0.05; done"


def test_gpus_reach_the_job_and_their_use_its_charts(home: Path, tmp_path: Path):
    server = Server(home, {"LD_LIBRARY_PATH": str(driver_in(tmp_path))}).start()
    try:
        server.call("PATCH", f"{WS}/computes/local", {"price_per_hour": 36.0})
        assert server.call("GET", f"{WS}/computes/local")["capacity"].endswith("2 GPUs")
        document = {"command": SEEN, "environment": CURRENT, "resources": {"gpus": 1}}
        server.call("POST", f"{WS}/jobs", {"name": "g", **document})
        until(lambda: server.call("GET", f"{WS}/jobs/g")["status"] == "Completed", 60)
        job = server.call("GET", f"{WS}/jobs/g")
        assert job["devices"] == ["0"]
        assert job["usage"]["gpu_seconds"] > 0.5
        assert job["usage"]["cost"] > 0
        name = "system/gpu_0_utilization_percentage"
        path = f"{ML}/metrics/get-history?run_id=g&metric_key={name}"
        points = server.call("GET", path)["metrics"]
        assert [point["value"] for point in points][:1] == [50.0]
        assert abs(points[0]["timestamp"] / 1000 - time.time()) < 600
    finally:
        server.stop()
