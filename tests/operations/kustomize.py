"""Just enough of kustomize to know what an overlay comes to: resources, name references, labels, images, merged patches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
_WITH_PODS = ("Deployment", "Job", "CronJob")
# Where labels that are for selectors, too, stand in each kind; kustomize makes the place where it is missing, except
# for those with a question mark.
_SELECTORS = {
    "Service": ("spec/selector",),
    "Deployment": ("spec/selector/matchLabels",),
    "NetworkPolicy": ("spec/podSelector/matchLabels?",),
    "PodDisruptionBudget": ("spec/selector/matchLabels?",),
}


def build(folder: Path) -> list[Manifest]:
    """Return the manifests of a kustomization, its resources' first."""
    plan = yaml.safe_load((folder / "kustomization.yaml").read_text())
    found: list[Manifest] = []
    for name in plan["resources"]:
        path = folder / name
        found += build(path) if path.is_dir() else [one for one in yaml.safe_load_all(path.read_text()) if one]
    found += list(_generated(plan))
    for labels in plan.get("labels", []):
        for one in found:
            _label(one, labels)
    for patch in plan.get("patches", []):
        for change in yaml.safe_load_all((folder / patch["path"]).read_text()):
            merge(_target(found, change), change)
    images = {one["name"]: f"{one['newName']}:{one['newTag']}" for one in plan.get("images", [])}
    for container in containers(found):
        container["image"] = images.get(container["image"], container["image"])
    for one in found:
        one["metadata"] |= {key: plan[key] for key in ("namespace",) if key in plan}
    return found


def _generated(plan: Manifest) -> Iterator[Manifest]:
    for one in plan.get("configMapGenerator", []):
        data = dict(line.split("=", 1) for line in one["literals"])
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": one["name"]}, "data": data}
    for one in plan.get("secretGenerator", []):
        yield {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": one["name"]}, "stringData": {}}


def _label(one: Manifest, labels: Manifest) -> None:
    """Put labels on a manifest and, where they are asked for there, on its pods and into what it selects by."""
    pairs = labels["pairs"]
    one["metadata"].setdefault("labels", {}).update(pairs)
    selects, templates = labels.get("includeSelectors", False), labels.get("includeTemplates", False)
    if one["kind"] in _WITH_PODS and (selects or templates):
        _template(one)["metadata"].setdefault("labels", {}).update(pairs)
    for path in _SELECTORS.get(one["kind"], ()) if selects else ():
        place: Manifest | None = one
        for step in path.removesuffix("?").split("/"):
            place = place.get(step) if path.endswith("?") else place.setdefault(step, {})
            if place is None:
                break
        else:
            place.update(pairs)


def _target(found: list[Manifest], change: Manifest) -> Manifest:
    wanted = (change["kind"], change["metadata"]["name"])
    (target,) = [one for one in found if (one["kind"], one["metadata"]["name"]) == wanted]
    return target


def merge(target: Manifest, change: Manifest) -> None:
    """Put a change into a manifest, map into map; anything else takes the place of what was there."""
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            merge(target[key], value)
        else:
            target[key] = value


def _template(one: Manifest) -> Manifest:
    spec = one["spec"]["jobTemplate"]["spec"] if one["kind"] == "CronJob" else one["spec"]
    return spec["template"]


def pods(found: list[Manifest]) -> dict[str, Manifest]:
    """Return the specification of the pods of each Deployment, Job and CronJob, by name."""
    return {one["metadata"]["name"]: _template(one)["spec"] for one in found if one["kind"] in _WITH_PODS}


def chosen(found: list[Manifest], selector: dict[str, str]) -> set[str]:
    """Return the names of those whose pods have all the labels of a selector."""
    labels = {
        one["metadata"]["name"]: _template(one)["metadata"]["labels"] for one in found if one["kind"] in _WITH_PODS
    }
    return {name for name, own in labels.items() if selector.items() <= own.items()}


def containers(found: list[Manifest]) -> list[Manifest]:
    """Return all containers."""
    return [container for pod in pods(found).values() for container in pod["containers"]]
