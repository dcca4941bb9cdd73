"""The wheel holds what the program needs and works away from the checkout."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("domain", "projections", "consumers", "infra")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    (path,) = folder.glob("*.whl")
    return path


def test_every_file_of_the_four_packages_is_in_it_and_no_other(wheel):
    tracked = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True)
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert set(tracked.stdout.split()) <= names
    assert {name.split("/")[0] for name in names} == set(PACKAGES)


def test_the_command_line_works_from_it_alone(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = "import infra.cli; infra.cli.main()"
    said = subprocess.run(
        [sys.executable, "-c", code, "doctor", "--json"],
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": "", "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    found = {finding["what"]: finding["found"] for finding in json.loads(said.stdout)}
    assert found["data"] == str(tmp_path / ".data"), "it took the checkout, not the wheel"
    assert found["Kafka 4.4.0"] == "0 of 45 jars"
