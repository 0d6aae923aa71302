"""What the store acknowledged is there and whole, whenever its process is killed."""

import hashlib
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zaffre.store.artifacts import FolderArtifacts

PROGRAM = """
import os, sys
from pathlib import Path
from zaffre.kinds.digest import digest_of
from zaffre.ports.artifacts import Blob
from zaffre.store.artifacts import FolderArtifacts
root, seed = Path(sys.argv[1]), int(sys.argv[2])
store = FolderArtifacts(root / "artifacts")
number = 0
while True:
    number += 1
    content = f"{seed}-{number}".encode() * (1 if number % 3 else 200_000)
    if number % 2:
        digest = store.put([content[:100_000], content[100_000:]]).digest
    else:
        file = root / f"out-{seed}-{number}"
        file.write_bytes(content)
        digest = digest_of(content)
        store.adopt(file, Blob(digest, len(content)))
    if number % 5 == 0:
        from datetime import UTC, datetime, timedelta
        store.discard(digest, unless_since=datetime.now(UTC) - timedelta(hours=1))
    os.write(1, digest.encode() + b"\\n")
"""


@pytest.mark.slow
def test_kills_at_random_moments(tmp_path: Path):
    chance = random.Random(7)
    answered: set[str] = set()
    for seed in range(12):
        command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(seed)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline()]
            time.sleep(chance.uniform(0, 0.3))
            process.kill()
            lines += process.stdout.readlines()
        answered |= {line.decode().strip() for line in lines if line.endswith(b"\n")}
    store = FolderArtifacts(tmp_path / "artifacts")
    store.sweep()
    assert list(store.tmp.iterdir()) == []
    stored = {blob.digest for blob, _ in store.walk()}
    assert len(answered) > 12
    assert answered <= stored
    for digest in stored:
        with store.open(digest) as file:
            assert f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" == digest
