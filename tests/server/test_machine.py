"""What the server finds of its machine; the driver of GPUs is a library made for the test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gpu_driver import driver_in
from zaffre.runtime.nvml import LIBRARY, Nvml
from zaffre.server.machine import read_machine


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return driver_in(tmp_path_factory.mktemp("driver")) / LIBRARY


def test_the_machine_has_cpus_and_memory():
    machine = read_machine()
    assert machine.cpus == len(os.sched_getaffinity(0))
    assert machine.memory_bytes > 2**28


def test_gpus_are_found_through_the_driver(driver):
    nvml = Nvml(str(driver))
    assert nvml.gpus() == [(0, "Test GPU 0", 2**33, "GPU-0"), (1, "Test GPU 1", 2**33, "GPU-1")]
    assert nvml.usage(1) == (0.51, 2**30, 2**33)
    with pytest.raises(OSError, match="refuses"):
        nvml.usage(2)


def test_the_server_takes_the_driver_that_the_loader_finds(driver):
    program = "from zaffre.server.machine import read_machine; print(len(read_machine().gpus))"
    told = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        env={**os.environ, "LD_LIBRARY_PATH": str(driver.parent)},
    )
    assert told.stdout == b"2\n"


def test_what_is_no_driver_is_told_as_an_error():
    with pytest.raises(OSError, match="libnone"):
        Nvml("libnone.so.9")
    with pytest.raises(OSError, match="no `nvmlInit_v2`"):
        Nvml("libc.so.6")
