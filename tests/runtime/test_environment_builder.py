"""The parts of the build program that decide: pip's settings, relaxing, failures, what is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zaffre.runtime.builder import failure, installed, pip_settings, relaxing
from zaffre.runtime.builder.state import BuildError
from zaffre.runtime.builder.tool import Tool
from zaffre.runtime.overlay import lay


def test_pips_files_and_variables_become_uvs(tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://one.example/simple\n"
        f"find-links = {wheels}\n[install]\nextra-index-url = https://two.example/simple\n"
    )
    found = pip_settings.uv_variables(
        {
            "HOME": str(tmp_path),
            "PIP_CONFIG_FILE": str(config),
            "PIP_INDEX_URL": "https://three.example/simple",
        }
    )
    assert found["UV_DEFAULT_INDEX"] == "https://three.example/simple"
    assert found["UV_FIND_LINKS"] == str(wheels)
    assert found["UV_INDEX_STRATEGY"] == "unsafe-best-match"


def test_folders_that_do_not_exist_are_left_out(tmp_path):
    pip = {
        "extra-index-url": f"file://{tmp_path}/none https://two.example/simple file://{tmp_path}",
        "find-links": f"{tmp_path}/none",
    }
    found = pip_settings.translate(pip, {})
    assert found["UV_INDEX"] == f"https://two.example/simple file://{tmp_path}"
    assert "UV_FIND_LINKS" not in found


def test_what_is_set_for_uv_wins():
    pip = {"index-url": "https://one.example/simple", "no-index": "true", "trusted-host": "a b"}
    found = pip_settings.translate(pip, {"UV_INSECURE_HOST": "c"}, own_index=True)
    assert found == {"UV_NO_INDEX": "1", "UV_INDEX_STRATEGY": "unsafe-best-match"}


def test_uvs_own_file_names_an_index(tmp_path):
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text(
        '[[index]]\nurl = "https://x.example"\ndefault = true\n'
    )
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "PIP_INDEX_URL": "https://one.example/simple"}
    assert "UV_DEFAULT_INDEX" not in pip_settings.uv_variables(environ)


def test_an_empty_configuration_says_little(tmp_path):
    found = pip_settings.pip_configuration({"PIP_CONFIG_FILE": "/dev/null", "HOME": str(tmp_path)})
    assert found == {}


NUMPY = {"1.19": ("3.6",), "2.3": ("3.11", "3.12")}


def resolves(lines, wheels):
    """A world with numpy 2.3 alone, and six, which excludes nothing."""
    for line in lines:
        if "numpy" in line and ("==1.19" in line or "~=1.19" in line):
            return False
        if "never" in line:
            return False
    return True


def test_only_what_has_no_build_is_relaxed():
    found = relaxing.relax(["numpy==1.19", "six==1.17"], resolves)
    assert found.lines == ("numpy>=1.19", "six==1.17")
    assert found.changes == ("numpy==1.19 -> numpy>=1.19",)
    assert found.wheels == ("numpy", "six")


def test_pins_that_exclude_each_other_are_all_relaxed():
    def together(lines, wheels):
        return len(lines) < 2 or all("==" not in line for line in lines)

    found = relaxing.relax(["a==1", "b==2", "c"], together)
    assert found.lines == ("a>=1", "b>=2", "c")


def test_bounds_go_last():
    def together(lines, wheels):
        return len(lines) < 2 or all("=" not in line for line in lines)

    assert relaxing.relax(["a==1", "b==2"], together).lines == ("a", "b")


def test_what_never_resolves_is_left_as_it_was():
    found = relaxing.relax(["never==1", "six==1.17"], resolves)
    assert found.lines == ("never==1", "six==1.17")
    assert found.changes == ()


@pytest.mark.parametrize(
    ("line", "lowest", "alone"),
    [
        ("x==1.2", "x>=1.2", "x"),
        ("x==1.2.*", "x>=1.2", "x"),
        (
            "x[a,b]~=1.2 ; python_version>'3'",
            "x[a,b]>=1.2; python_version>'3'",
            "x[a,b]; python_version>'3'",
        ),
        ("x>=1,<2", "x>=1", "x"),
        ("x<2", "x", "x"),
        ("x", "x", "x"),
        (
            "x @ https://e.example/x.whl",
            "x @ https://e.example/x.whl",
            "x @ https://e.example/x.whl",
        ),
        ("--pre", "--pre", "--pre"),
    ],
)
def test_looser_requirements(line, lowest, alone):
    assert relaxing.lower_bound(line) == lowest
    assert relaxing.bare(line).replace(" ;", ";") == alone


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        (
            (
                "error: No solution found when resolving dependencies\n  cause: Because nope was not found in the "
                "package registry and you require nope, we can conclude that your requirements are unsatisfiable."
            ),
            "There is no package `nope` on the package index.",
        ),
        (
            (
                "  × No solution found when resolving dependencies:\n  ╰─▶ Because there is no version of numpy==99 "
                "and you require numpy==99, we can\n      conclude that your requirements are unsatisfiable."
            ),
            "There is no version `numpy==99` on the package index.",
        ),
        (
            (
                "error: No solution found when resolving dependencies\n  cause: Because tensorflow==2.1.4 has no wheels "
                "with a matching Python ABI tag (e.g., `cp311`) and you require tensorflow==2.1.4"
            ),
            "`tensorflow==2.1.4` has no build for this Python.",
        ),
        (
            "error: Failed to build `oldthing==0.1`\n  cause: The build backend returned an error",
            "`oldthing` has no ready-made build here",
        ),
        (
            "error: Failed to fetch: `https://x/simple/six/`\n cause: client error (Connect)\n cause: dns error",
            "The package index cannot be reached.",
        ),
        (
            "error: failed to copy: No space left on device (os error 28)",
            "No room is left on the disk.",
        ),
        (
            (
                "error: No solution found when resolving dependencies\n cause: Because a==1 depends on b==1 and you "
                "require b==2, we can conclude that a==1 cannot be used."
            ),
            "The packages exclude each other.",
        ),
        ("something else", "The packages cannot be installed. something else."),
    ],
)
def test_failures_name_the_package_and_what_to_do(messages, says):
    error = failure.explain(messages)
    assert error.message.startswith(says)
    assert error.hint


def test_what_is_installed_is_read_from_folders(tmp_path):
    (tmp_path / "Scikit_Learn-1.5.2.dist-info").mkdir()
    (tmp_path / "old-1.0-py3.11.egg-info").mkdir()
    (tmp_path / "other").mkdir()
    assert installed.distributions([str(tmp_path), str(tmp_path / "none")]) == [
        "old==1.0",
        "scikit-learn==1.5.2",
    ]
    before = installed.fingerprint([str(tmp_path)])
    (tmp_path / "old-1.0-py3.11.egg-info" / "PKG-INFO").write_text("x")
    assert installed.fingerprint([str(tmp_path)]) != before


def test_a_program_ends_at_the_deadline(tmp_path):
    tool = Tool(os.environ, time.monotonic() + 0.5)
    began = time.monotonic()
    with pytest.raises(BuildError, match="not built in time"):
        tool.start([sys.executable, "-c", "import time; print('x', flush=True); time.sleep(60)"])
    assert time.monotonic() - began < 30


def test_a_program_does_not_outlive_its_builder(tmp_path):
    mark = tmp_path / "mark"
    inner = f"import pathlib, os, time; pathlib.Path({str(mark)!r}).write_text(str(os.getpid())); time.sleep(60)"
    outer = (
        "import os, sys, time\nfrom zaffre.runtime.builder.tool import Tool\n"
        f"Tool(os.environ, time.monotonic() + 60).start([sys.executable, '-c', {inner!r}])"
    )
    builder = subprocess.Popen([sys.executable, "-c", outer])
    deadline = time.monotonic() + 30
    while not (mark.exists() and mark.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    builder.kill()
    builder.wait()
    pid = int(mark.read_text())
    while Path(f"/proc/{pid}").exists() and " Z " not in Path(f"/proc/{pid}/stat").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_layer_sees_what_is_below_and_keeps_what_is_put_into_it(tmp_path):
    version = ".".join(map(str, sys.version_info[:3]))
    programs = lay(str(tmp_path / "venv"), sys.executable, version)
    assert lay(str(tmp_path / "venv"), sys.executable, version) == programs
    python = f"{programs}/python"
    inner = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    (inner / "only_here.py").write_text("x = 1\n")
    code = "import sys, only_here, pytest; print(sys.prefix); print(pytest.__file__)"
    answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    prefix, place = answer.stdout.split()
    assert prefix == str(tmp_path / "venv")
    assert not place.startswith(prefix)
    shown = subprocess.run(
        [f"{programs}/pip", "--version"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.startswith("pip ")


def test_a_layer_over_a_plain_interpreter(tmp_path):
    base = os.path.realpath(sys.executable)
    version = ".".join(map(str, sys.version_info[:3]))
    programs = lay(str(tmp_path / "venv"), base, version)
    code = "import sys; print(sys.prefix)"
    answer = subprocess.run(
        [f"{programs}/python", "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == str(tmp_path / "venv")


def test_a_conda_solvers_tree_becomes_a_sentence():
    tree = (
        "Cannot solve the request because of: The following packages are incompatible\n"
        "└─ old * cannot be installed because there are no viable options:\n"
        "   └─ old 1.0 would require\n"
        "      └─ base <2, for which no candidates were found.\n"
    )
    assert failure.explained(tree) == (
        "The following packages are incompatible; old * cannot be installed because there are no "
        "viable options: old 1.0 would require base <2, for which no candidates were found."
    )
