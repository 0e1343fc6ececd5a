"""Do the lock files fit pyproject.toml and each other? Asks no registry, so it works without a network.

Every direct dependency must be locked at a version it allows, every line pinned and hashed, no line may
name a host or a path, and what runs must be the same in both lists.
"""

import sys
import tomllib
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def read_lock(path: Path) -> tuple[dict[str, str], list[str]]:
    """Versions by package, and what is wrong with the file itself."""
    versions: dict[str, str] = {}
    problems: list[str] = []
    for block in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if not block.strip() or block.startswith("#"):
            continue
        head, *hashes = block.split(" --hash=sha256:")
        try:
            requirement = Requirement(head.strip())
        except InvalidRequirement:
            problems.append(f"{path.name}: this is no pinned requirement: {head.split()[0]}")
            continue
        pins = [spec.version for spec in requirement.specifier if spec.operator == "=="]
        if requirement.url or "://" in block or block.startswith(("-", "/", ".")):
            problems.append(f"{path.name}: {requirement.name} names a host or path")
        if len(pins) != 1 or not hashes:
            problems.append(f"{path.name}: {requirement.name} is not pinned with hashes")
            continue
        versions[canonicalize_name(requirement.name)] = pins[0]
    return versions, problems


def unmet(path: Path, wanted: list[str], versions: dict[str, str]) -> list[str]:
    """Direct dependencies that the lock lacks or holds at a version they do not allow."""
    return [
        f"{path.name}: {text} is not met by {versions.get(canonicalize_name(Requirement(text).name))}"
        for text in wanted
        if not Requirement(text).specifier.contains(
            versions.get(canonicalize_name(Requirement(text).name), "0"), prereleases=True
        )
        or canonicalize_name(Requirement(text).name) not in versions
    ]


def problems(root: Path = ROOT) -> list[str]:
    """All that is wrong, in words."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    run_wanted = project["dependencies"]
    dev_wanted = run_wanted + project["optional-dependencies"]["dev"]
    uv_wanted = (root / "requirements/uv.in").read_text(encoding="utf-8").split()
    found: list[str] = []
    locks: dict[str, dict[str, str]] = {}
    for name, wanted in (("run", run_wanted), ("dev", dev_wanted), ("uv", uv_wanted)):
        path = root / "requirements" / f"{name}.txt"
        locks[name], wrong = read_lock(path)
        found += wrong + unmet(path, wanted, locks[name])
    found += [
        f"run.txt: {package} {version} differs from dev.txt"
        for package, version in locks["run"].items()
        if locks["dev"].get(package) != version
    ]
    return found


if __name__ == "__main__":
    wrong = problems()
    for line in wrong:
        print(line)
    if wrong:
        sys.exit("the lock files do not fit: run scripts/lock and commit what it writes")
