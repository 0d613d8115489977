"""The image, the compose file and the manifests: they are whole, agree with the settings, and give nobody more than needed."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from gkec import gunicorn_conf
from gkec.environment import ROOT
from tests.operations import kustomize
from tests.operations.deployment import KUBERNETES, arguments, compose, instructions

GRACE = re.compile(r"^(\d+)s$")
# A batch begins nothing once its lease is over; the hand-over that it began last goes on.
LONGEST_BATCH = settings.MAIL_LEASE_SECONDS + settings.MAIL_HANDOVER_SECONDS


def queues(command: list[str]) -> set[str]:
    return set(command[command.index("-Q") + 1].split(",")) if "-Q" in command else set()


# The image ---------------------------------------------------------------------------------------


def test_every_instruction_is_one_that_docker_knows():
    known = {"FROM", "ARG", "WORKDIR", "COPY", "ENV", "RUN", "USER", "EXPOSE", "VOLUME", "HEALTHCHECK", "CMD"}
    assert {instruction for instruction, _words in instructions()} == known


def test_each_check_asks_hadolint_and_the_image_ends_as_nobody():
    # Its rules are not repeated here; these say what it does not.
    dry = subprocess.run(["make", "-n", "check"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ".venv/bin/hadolint Dockerfile\n" in dry
    assert arguments("USER")[-1] == "10001"
    assert all(words.startswith("/") for words in arguments("WORKDIR"))
    for name in ("CMD", "VOLUME"):
        assert all(isinstance(json.loads(words), list) for words in arguments(name))
    programs = [f"/usr/lib/postgresql/17/bin/{name}" for name in ("pg_dump", "pg_restore")]
    assert arguments("COPY") == [
        ". .",
        f"--from=postgresql {' '.join(programs)} /usr/local/bin/",
        "--from=build /app /app",
    ]


def test_the_steps_are_the_makefiles():
    (step,) = [words for words in arguments("RUN") if "make " in words]
    target = shlex.split(step.split("make ", 1)[1])[0]
    answer = subprocess.run(["make", "-n", target, "EXTRAS=s3"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert "--extra s3" in answer.stdout
    assert "collectstatic" in answer.stdout


def test_the_commands_name_what_is_there():
    assert json.loads(arguments("CMD")[0])[2] == f"python:{gunicorn_conf.__name__}"


def test_nothing_but_the_base_images_comes_from_a_registry():
    # A line "# syntax=" would let a program of Docker Hub, of the day's version, read the file.
    assert "syntax=" not in (ROOT / "Dockerfile").read_text()
    names = {words.split()[0].partition("@")[0] for words in arguments("FROM")}
    assert names == {"python:3.11-trixie", "python:3.11-slim-trixie"}


def test_a_new_installation_is_told_to_make_its_pages():
    text = " ".join((ROOT / "docs" / "operations.md").read_text().split())
    install = text[text.index("## Install on one machine") : text.index("## Settings")]
    assert install.index("up -d --build") < install.index("manage.py found_site") < install.index("createsuperuser")
    assert "manage.py found_site" in text[text.index("In Kubernetes") : text.index("A new pod joins")]


def test_the_image_is_given_nothing_that_it_need_not_have():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", ".env", "var", "tests", "deploy", "docs", "benchmarks"} <= set(ignored)


# One machine ---------------------------------------------------------------------------------------


def test_compose_serves_every_queue_with_one_beat_and_prepares_the_database_first():
    services = compose()
    assert set().union(*(queues(one.get("command", [])) for one in services.values())) == set(settings.WORK_QUEUES)
    assert [name for name, one in services.items() if "beat" in one.get("command", [])] == ["beat"]
    for name in ("web", "worker-transactional", "worker-bulk", "worker-default", "beat"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_an_upgrade_with_compose_migrates_first_and_replaces_every_process_but_not_the_proxy():
    text = (ROOT / "docs" / "operations.md").read_text()
    block = text[text.index("docker compose build\n") : text.index("There is one web container")]
    migrates, *replaces = block.split("```")[0].splitlines()[1:]
    assert migrates == "docker compose run --rm migrate"
    assert all(line.startswith("docker compose up -d --no-deps ") for line in replaces)
    ours = {name for name, one in compose().items() if one["image"].startswith("${IMAGE") and "profiles" not in one}
    assert {name for line in replaces for name in line.split()[5:]} == ours - {"migrate"}


def test_compose_restores_into_a_database_that_nothing_has_filled_and_media_that_can_be_written():
    found = [one for one in compose().values() if "restore" in one.get("entrypoint", [])]
    assert [one["entrypoint"] for one in found] == [["python", "manage.py", "restore"]]
    assert found[0]["depends_on"] == {"db": {"condition": "service_healthy"}, "cache": {"condition": "service_healthy"}}
    assert found[0]["volumes"] == ["media:/app/var/media", "backups:/backups:ro"]
    assert "docker compose run --rm restore /backups/" in (ROOT / "docs" / "operations.md").read_text()


def test_compose_gives_everybody_time_to_end():
    services = compose()
    web = int(GRACE.match(services["web"]["stop_grace_period"]).group(1))
    assert web > gunicorn_conf.graceful_timeout
    for name, one in services.items():
        if queues(one.get("command", [])):
            assert int(GRACE.match(one["stop_grace_period"]).group(1)) > LONGEST_BATCH, name


def test_compose_gives_nobody_more_than_needed():
    for name, one in compose().items():
        if one["image"].startswith("${IMAGE"):
            assert one["read_only"] is True, name
            assert one["cap_drop"] == ["ALL"], name
            assert one["security_opt"] == ["no-new-privileges:true"], name
    assert [name for name, one in compose().items() if "ports" in one] == ["proxy"]
    assert [name for name, one in compose().items() if "user" in one] == ["migrate"]


def test_every_variable_of_compose_stands_in_the_example():
    text = (ROOT / "compose.yaml").read_text()
    asked = {name for name in re.findall(r"\$\{(\w+)", text) if name != "IMAGE"}
    example = (ROOT / "deploy" / "env.example").read_text()
    given = set(re.findall(r"^(\w+)=", example, re.MULTILINE))
    assert asked | {"SECRET_KEY", "EMAIL_URL"} <= given


def caddyfile() -> str:
    return (ROOT / "deploy" / "caddy" / "Caddyfile").read_text()


def test_caddy_lets_browsers_keep_for_ever_only_what_is_there_and_named_after_its_content():
    block = re.search(r"@hashed \{\n\t+file\n\t+path_regexp (\S+)\n", caddyfile())
    pattern = re.compile(block.group(1))
    assert pattern.search("/static/css/admin.f08b3ebd5cd7.css")
    for path in ("/static/staticfiles.json", "/static/css/admin.css", "/static/a.f08b3ebd5cd7/b.css"):
        assert not pattern.search(path)
    assert re.findall(r"header (\S+) Cache-Control .*immutable", caddyfile()) == ["@hashed"]


@pytest.mark.parametrize(
    ("length", "is_refused"), [("24999999", False), ("25000000", True), ("99999999", True), ("100000000", True)]
)
def test_caddy_refuses_at_once_what_says_that_it_is_too_large(length: str, is_refused: bool) -> None:
    pattern = re.search(r"@too_large header_regexp Content-Length (\S+)", caddyfile()).group(1)
    assert bool(re.search(pattern, length)) is is_refused
    assert "max_size 25MB" in caddyfile()


def test_caddy_hands_out_pictures_and_static_files_and_nothing_else_of_the_media():
    text = caddyfile()
    assert text.count("{") == text.count("}")
    pattern = re.compile(re.search(r"@pictures path_regexp (\S+)", text).group(1))
    assert pattern.match("/media/images/a.width-400.webp")
    assert pattern.match("/media/original_images/B.JPG")
    assert pattern.match("/media/original_images/a.jpg")
    for path in (
        "/media/erasures/20260101T000000.000000Z.json",
        "/media/documents/a.pdf",
        "/media/images/a.svg",
        "/media/images/../documents/a.png",
        "/media/a.png",
    ):
        assert not pattern.match(path)
    assert text.index("handle @pictures") < text.index("handle /media/*") < text.index("reverse_proxy")


# Many machines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["base", "overlays/example"])
def test_the_manifests_are_valid(folder: str) -> None:
    found = kustomize.build(KUBERNETES / folder)
    assert len(found) >= 15
    for one in found:
        kubernetes_validate.validate(one, "1.30", strict=True)


def test_the_validator_sees_what_is_wrong() -> None:
    (web,) = [one for one in kustomize.build(KUBERNETES / "base") if (one["kind"], one["metadata"]["name"]) == WEB]
    web["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(web, "1.30", strict=True)


WEB = ("Deployment", "web")


def test_kubernetes_serves_every_queue_with_one_beat():
    pods = kustomize.pods(kustomize.build(KUBERNETES / "base"))
    commands = [one["containers"][0].get("command", []) for one in pods.values()]
    assert set().union(*map(queues, commands)) == set(settings.WORK_QUEUES)
    found = kustomize.build(KUBERNETES / "base")
    (beat,) = [one for one in found if one["metadata"]["name"] == "beat"]
    assert (beat["spec"]["replicas"], beat["spec"]["strategy"]) == (1, {"type": "Recreate"})


def test_kubernetes_runs_what_compose_runs():
    # What compose starts is started by tests/operations/test_installed.py; a pod's name tells its workers apart.
    services = compose()
    pods = kustomize.pods(kustomize.build(KUBERNETES / "base"))
    names = [name for name, one in services.items() if "celery" in one.get("command", [])]
    assert len(names) == 4
    for name in names:
        words = list(services[name]["command"])
        if "-n" in words:
            del words[words.index("-n") : words.index("-n") + 2]
        assert pods[name]["containers"][0]["command"] == words
    assert "command" not in services["web"]
    assert "command" not in pods["web"]["containers"][0]


def test_each_pod_runs_without_rights_on_a_root_that_it_cannot_write():
    for name, pod in kustomize.pods(kustomize.build(KUBERNETES / "base")).items():
        assert pod["automountServiceAccountToken"] is False, name
        assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, 10001), name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert container["resources"]["limits"]["memory"], name


def test_each_pod_has_time_to_end():
    pods = kustomize.pods(kustomize.build(KUBERNETES / "base"))
    (web,) = pods["web"]["containers"]
    waits = int(web["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pods["web"]["terminationGracePeriodSeconds"] > waits + gunicorn_conf.graceful_timeout
    for name, pod in pods.items():
        if name.startswith("worker-"):
            assert pod["terminationGracePeriodSeconds"] > LONGEST_BATCH, name


def test_what_is_selected_referred_to_and_scaled_exists():
    found = kustomize.build(KUBERNETES / "overlays" / "example")
    names = {(one["kind"], one["metadata"]["name"]) for one in found}
    components = {
        one["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]
        for one in found
        if one["kind"] == "Deployment"
    }
    scaled = [one["spec"]["scaleTargetRef"]["name"] for one in found if one["kind"] == "HorizontalPodAutoscaler"]
    # A number in the manifest would undo the autoscaler's with each release.
    assert sorted(scaled) == sorted(
        one["metadata"]["name"] for one in found if one["kind"] == "Deployment" and "replicas" not in one["spec"]
    )
    for one in found:
        if one["kind"] == "HorizontalPodAutoscaler":
            target = one["spec"]["scaleTargetRef"]
            assert (target["kind"], target["name"]) in names
            assert one["spec"]["minReplicas"] < one["spec"]["maxReplicas"]
        if one["kind"] == "PodDisruptionBudget":
            assert one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"] in components
        if one["kind"] == "Deployment":
            labels = one["spec"]["template"]["metadata"]["labels"]
            assert one["spec"]["selector"]["matchLabels"].items() <= labels.items()
    for container in kustomize.containers(found):
        assert container["image"] == "registry.gkec.example/gkec:0.1.0"
        assert {("ConfigMap", "gkec-settings"), ("Secret", "gkec-secrets")} <= names
    budgets = {name for kind, name in names if kind == "PodDisruptionBudget"}
    assert budgets == {"web", "worker-transactional", "worker-bulk", "worker-default"}


EVERYBODY = {"web", "worker-transactional", "worker-bulk", "worker-default", "beat", "migrate", "backup"}


def test_what_closes_doors_closes_our_own_alone():
    found = kustomize.build(KUBERNETES / "overlays" / "example")
    policies = {one["metadata"]["name"]: one["spec"] for one in found if one["kind"] == "NetworkPolicy"}
    assert set(policies) == {"nothing-comes-in", "web-comes-in", "goes-out"}
    for name, spec in policies.items():
        assert spec["podSelector"]["matchLabels"]["app.kubernetes.io/name"] == "gkec", name


def test_each_policy_budget_and_service_chooses_the_pods_that_it_is_made_for():
    found = kustomize.build(KUBERNETES / "overlays" / "example")
    places = {
        "NetworkPolicy": lambda spec: spec["podSelector"]["matchLabels"],
        "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
        "Deployment": lambda spec: spec["selector"]["matchLabels"],
        "Service": lambda spec: spec.get("selector"),
    }
    selectors = {
        (one["kind"], one["metadata"]["name"]): places[one["kind"]](one["spec"])
        for one in found
        if one["kind"] in places
    }
    # A Service without a selector has no pods, however many there are.
    assert {key for key, selector in selectors.items() if not selector} == {("Service", "nobody")}
    chosen = {key: kustomize.chosen(found, selector) for key, selector in selectors.items() if selector}
    assert chosen == {
        ("NetworkPolicy", "nothing-comes-in"): EVERYBODY,
        ("NetworkPolicy", "web-comes-in"): {"web"},
        ("NetworkPolicy", "goes-out"): EVERYBODY,
        ("Service", "web"): {"web"},
        **{(kind, name): {name} for kind, name in chosen if kind in ("Deployment", "PodDisruptionBudget")},
    }
    assert {name for kind, name in chosen if kind == "Deployment"} == EVERYBODY - {"migrate", "backup"}


def test_nobody_outside_is_led_to_the_figures():
    found = kustomize.build(KUBERNETES / "overlays" / "example")
    (ingress,) = [one["spec"] for one in found if one["kind"] == "Ingress"]
    for rule in ingress["rules"]:
        led = {(one["path"], one["pathType"]): one["backend"]["service"]["name"] for one in rule["http"]["paths"]}
        # An exact path goes before a prefix, whichever stands first.
        assert led == {("/metrics", "Exact"): "nobody", ("/", "Prefix"): "web"}
    (nobody,) = [one["spec"] for one in found if (one["kind"], one["metadata"]["name"]) == ("Service", "nobody")]
    assert nobody == {"ports": [{"name": "http", "port": 80}]}
    assert re.search(r"\thandle /metrics \{\n\t\trespond 404\n", caddyfile())
    assert reverse("metrics") == "/metrics"


def test_what_needs_the_database_server_itself_goes_past_the_pooler():
    pods = kustomize.pods(kustomize.build(KUBERNETES / "base"))
    direct = {"secretRef": {"name": "gkec-secrets-direct", "optional": True}}
    last = {name: pod["containers"][0]["envFrom"][-1] for name, pod in pods.items()}
    assert sorted(name for name, one in last.items() if one == direct) == ["backup", "migrate"]
    assert sorted(name for name, one in last.items() if one == {"secretRef": {"name": "gkec-secrets"}}) == sorted(
        set(pods) - {"backup", "migrate"}
    )
    example = KUBERNETES / "overlays" / "example"
    assert (example / "secrets-direct.env.example").read_text().startswith("DATABASE_URL=postgres://")
    names = {one["metadata"]["name"] for one in kustomize.build(example) if one["kind"] == "Secret"}
    assert names == {"gkec-secrets", "gkec-secrets-direct"}


def test_kubernetes_backs_up_each_night_to_a_place_that_stays():
    found = kustomize.build(KUBERNETES / "base")
    (cron,) = [one["spec"] for one in found if one["kind"] == "CronJob"]
    (minute, hour, *others) = cron["schedule"].split()
    assert (minute.isdigit(), hour.isdigit(), others, cron["concurrencyPolicy"]) == (True, True, ["*"] * 3, "Forbid")
    pod = kustomize.pods(found)["backup"]
    (container,) = pod["containers"]
    assert container["command"] == ["python", "manage.py", "backup", "/backups"]
    assert {"name": "backups", "mountPath": "/backups"} in container["volumeMounts"]
    claims = [one["metadata"]["name"] for one in found if one["kind"] == "PersistentVolumeClaim"]
    assert {"name": "backups", "persistentVolumeClaim": {"claimName": claims[0]}} in pod["volumes"]


def test_probes_ask_addresses_of_the_site_in_a_name_that_it_answers_to():
    pods = kustomize.pods(kustomize.build(KUBERNETES / "base"))
    (web,) = pods["web"]["containers"]
    asked = {name: web[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert {name: one["path"] for name, one in asked.items()} == {
        "startupProbe": "/readyz",
        "readinessProbe": "/healthz",
        "livenessProbe": "/healthz",
    }
    assert all(one["httpHeaders"] == [{"name": "Host", "value": "localhost"}] for one in asked.values())
    found = kustomize.build(KUBERNETES / "overlays" / "example")
    (config,) = [one["data"] for one in found if one["metadata"]["name"] == "gkec-settings"]
    assert "localhost" in config["ALLOWED_HOSTS"].split(",")


def test_prometheus_asks_from_inside_in_a_name_that_the_site_answers_to(client: Client, settings: Any) -> None:
    found = kustomize.build(KUBERNETES / "overlays" / "example")
    (config,) = [one["data"] for one in found if one["metadata"]["name"] == "gkec-settings"]
    (service,) = [one["metadata"] for one in found if one["kind"] == "Service" and "selector" in one["spec"]]
    inside = (ROOT / "compose.yaml").read_text().split("ALLOWED_HOSTS: ", 1)[1].splitlines()[0]
    answering = {
        "compose": (inside.replace("${DOMAIN}", "gkec.example"), ["web:8000"]),
        "kubernetes": (config["ALLOWED_HOSTS"], [service["name"], f"{service['name']}.{service['namespace']}.svc"]),
    }
    settings.METRICS_TOKEN = "m" * 32
    for names, asked in answering.values():
        settings.ALLOWED_HOSTS = names.split(",")
        for name in ["gkec.example", *asked]:
            # 401 is the view's own answer; a name that is not known gets 400 from Django.
            assert (name, client.get("/metrics", headers={"host": name}).status_code) == (name, 401)
        assert client.get("/metrics", headers={"host": "other.example"}).status_code == 400


def test_every_setting_of_the_deployments_is_one_that_is_read():
    read = "".join(path.read_text() for path in [*Path(ROOT / "site" / "gkec").rglob("*.py")])
    found = kustomize.build(KUBERNETES / "overlays" / "example")
    (config,) = [one["data"] for one in found if one["metadata"]["name"] == "gkec-settings"]
    secrets = (KUBERNETES / "overlays" / "example" / "secrets.env.example").read_text()
    example = (ROOT / "deploy" / "env.example").read_text()
    given = {*config, *re.findall(r"^(\w+)=", secrets + example, re.MULTILINE)} - {"DOMAIN", "POSTGRES_PASSWORD"}
    assert sorted(name for name in given if f'"{name}"' not in read) == []
