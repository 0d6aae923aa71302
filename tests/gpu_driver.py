"""A driver of GPUs made for tests: a library that answers as NVIDIA's does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

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


def driver_in(folder: Path) -> Path:
    """Give a folder in which the loader finds a driver of two GPUs."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("a driver for the test needs a C compiler")
    source, library = folder / "driver.c", folder / "libnvidia-ml.so.1"
    source.write_text(DRIVER)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return folder
