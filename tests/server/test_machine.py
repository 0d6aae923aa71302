"""What the server finds of its machine; the driver of GPUs is a library made for the test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from zaffre.runtime.nvml import Nvml
from zaffre.server.machine import read_machine

DRIVER = r"""
#include <stdio.h>
#include <string.h>
static int gpus[2] = {0, 1};
struct memory { unsigned long long total, free, used; };
struct rates { unsigned int gpu, memory; };
int nvmlInit_v2(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned int *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device) {
    if (index > 1) return 2;
    *device = &gpus[index];
    return 0;
}
int nvmlDeviceGetName(void *device, char *text, unsigned int size) {
    snprintf(text, size, "Test GPU %d", *(int *)device);
    return 0;
}
int nvmlDeviceGetUUID(void *device, char *text, unsigned int size) {
    snprintf(text, size, "GPU-%d", *(int *)device);
    return 0;
}
int nvmlDeviceGetMemoryInfo(void *device, struct memory *memory) {
    memory->total = 8ULL << 30; memory->used = 1ULL << 30; memory->free = 7ULL << 30;
    return 0;
}
int nvmlDeviceGetUtilizationRates(void *device, struct rates *rates) {
    rates->gpu = 50 + *(int *)device; rates->memory = 10;
    return 0;
}
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    folder = tmp_path_factory.mktemp("driver")
    (folder / "driver.c").write_text(DRIVER)
    library = folder / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, folder / "driver.c"], check=True)
    return library


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
