"""What is in deploy/: read by the programs that it is written for, as far as these can be had."""

import re
import shutil
import ssl
import subprocess
import threading
import time
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket

import pytest
import yaml

from tests.conftest import ROOT, needs
from tests.servers import certificate

DEPLOY = ROOT / "deploy"
VALUES = (
    {},
    {"postgres": {"enabled": False}, "chroma": {"enabled": False}, "options": ["--offline"]},
    {
        "replicas": 2, "ingress": {"enabled": False}, "data": {"storageClass": "fast"},
        "networkPolicy": {"egress": [{"ports": [{"protocol": "TCP", "port": 443}]}]},
    },
)  # fmt: skip


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "command",
    [
        ("hadolint", "--no-color", DEPLOY / "Dockerfile"),
        (
            "yamllint", "--strict", "-c", DEPLOY / ".yamllint", DEPLOY / "compose.yaml",
            DEPLOY / "chart/values.yaml", DEPLOY / "chart/Chart.yaml",
        ),
    ],
    ids=["hadolint", "yamllint"],
)  # fmt: skip
def test_linters_have_nothing_to_say(command):
    needs(command[0], bool(shutil.which(command[0])), "it comes with the extra test")
    done = run(*map(str, command))
    assert (done.returncode, done.stdout) == (0, "")


def rendered(values):
    import helm_python

    with helm_python.Chart.load(str(DEPLOY / "chart")) as chart:
        files = chart.render(values, name="desk", namespace="prod")
    return [found for text in files.values() for found in yaml.safe_load_all(text) if found]


@pytest.mark.parametrize("values", VALUES, ids=["as it is", "only the application", "two"])
def test_the_chart_gives_valid_objects_in_which_nothing_has_more_rights_than_it_needs(values):
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    objects = rendered(values)
    for found in objects:
        kubernetes_validate.validate(found, "1.31", strict=True)
    deployments = [found for found in objects if found["kind"] == "Deployment"]
    assert len(deployments) == (1 if "chroma" in values else 3)
    policies = {f["metadata"]["name"] for f in objects if f["kind"] == "NetworkPolicy"}
    for deployment in deployments:
        assert deployment["metadata"]["name"] in policies
        pod = deployment["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"] and not rights["allowPrivilegeEscalation"]
            assert rights["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]
        assert all("readinessProbe" in container for container in pod["containers"])
    volumes = [f for f in objects if f["kind"] == "PersistentVolumeClaim"]
    assert all(v["spec"]["accessModes"] == ["ReadWriteOnce"] for v in volumes)


def test_helm_finds_nothing_wrong_with_the_chart():
    helm_python = pytest.importorskip("helm_python")
    found = helm_python.lint(str(DEPLOY / "chart"))
    assert found["errors"] == []
    assert [m["error"] for m in found["messages"]] == ["icon is recommended"]


def test_of_the_machine_only_nginx_has_ports_and_secrets_are_files():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    assert {"outside"} & set(services["nginx"]["networks"])
    for name, service in services.items():
        assert service["restart"] == "unless-stopped", name
        assert "no-new-privileges:true" in service["security_opt"], name
        said = " ".join(map(str, service.get("environment", {}).values()))
        assert "PASSWORD" not in re.sub(r"[A-Z_]+_FILE", "", said) and "://" not in said.replace(
            "http://chroma:8000", ""
        )


class Process(ThreadingHTTPServer):
    """Stands for one process of the application: says who it is and what it was sent."""

    daemon_threads = True
    is_gone = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def name(self):
        return str(self.server_address[1])


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.server.is_gone:  # as a connection that was kept open finds it
            self.close_connection = True
            return
        if self.path == "/events":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            for n in range(2):
                self.wfile.write(f"data: {n} {time.monotonic()}\n\n".encode())
                self.wfile.flush()
                time.sleep(1.0)
            self.close_connection = True
            return
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = "\n".join([self.server.name, *(f"{k}: {v}" for k, v in self.headers.items())])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET

    def log_message(self, *args):
        pass


class Site:
    """nginx with our file, in front of two processes."""

    def __init__(self, folder, processes):
        self.processes = processes
        with socket() as one, socket() as two:
            one.bind(("127.0.0.1", 0)), two.bind(("127.0.0.1", 0))
            self.plain, self.port = one.getsockname()[1], two.getsockname()[1]
        conf = (DEPLOY / "nginx-compose.conf").read_text()
        for old, new in (
            (" /tmp/", f" {folder}/"),
            ("app1:7860", f"127.0.0.1:{processes[0].name}"),
            ("app2:7860", f"127.0.0.1:{processes[1].name}"),
            ("listen 8080;", f"listen 127.0.0.1:{self.plain};"),
            ("listen 8443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
            ("/run/secrets/tls_certificate", f"{folder}/tls.crt"),
            ("/run/secrets/tls_key", f"{folder}/tls.key"),
        ):
            assert old in conf, old
            conf = conf.replace(old, new)
        conf = re.sub(r"listen \[::\]:.*\n", "", conf)
        if tuple(map(int, re.findall(r"\d+", run("nginx", "-v").stderr)[:3])) < (1, 25, 1):
            conf = conf.replace("http2 on;", "")
        self.file = folder / "nginx.conf"
        self.file.write_text(conf)
        self.command = ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(self.file)]

    def ask(self, path="/", method="GET", **headers):
        sent = {k.replace("_", "-"): v for k, v in headers.items()}
        link = HTTPSConnection("127.0.0.1", self.port, timeout=20, context=UNTRUSTED)
        link.request(method, path, body=b"x=1" if method == "POST" else None, headers=sent)
        return link.getresponse()


UNTRUSTED = ssl._create_unverified_context()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    needs("nginx", bool(shutil.which("nginx")), "install your system's package nginx-light")
    folder = tmp_path_factory.mktemp("nginx")
    certificate(folder / "tls.crt", folder / "tls.key")
    site = Site(folder, [Process(), Process()])
    tried = run(*site.command, "-t")
    assert tried.returncode == 0 and "[warn]" not in tried.stderr, tried.stderr
    running = subprocess.Popen([*site.command, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket().connect(("127.0.0.1", site.port))
            break
        except OSError:
            time.sleep(0.1)
    yield site
    running.terminate()
    running.wait(20)


def who(answer):
    return answer.read().decode().partition("\n")[0]


@pytest.mark.servers
def test_who_asks_stays_with_one_process_from_the_first_request_on(site):
    met = set()
    for _ in range(12):
        first = site.ask()
        cookie = first.headers["Set-Cookie"]
        assert "Secure; HttpOnly; SameSite=Lax" in cookie
        at = who(first)
        met.add(at)
        for _ in range(3):
            again = site.ask(Cookie=cookie.partition(";")[0])
            assert (who(again), again.headers["Set-Cookie"]) == (at, None)
    assert met == {process.name for process in site.processes}
    assert len({who(site.ask(Authorization="Bearer sb_1")) for _ in range(6)}) == 1


@pytest.mark.servers
def test_what_a_client_says_of_its_address_is_replaced(site):
    forged = {"X_Forwarded_For": "1.2.3.4", "X_Forwarded_Proto": "ftp", "Forwarded": "for=1.2.3.4"}
    said = site.ask(Host="briefs.example", X_Forwarded_Host="evil.example", **forged)
    body = said.read().decode()
    assert "1.2.3.4" not in body and "evil" not in body
    assert "X-Forwarded-For: 127.0.0.1" in body and "X-Forwarded-Proto: https" in body
    assert "Host: briefs.example" in body


@pytest.mark.servers
def test_a_stream_arrives_while_it_is_being_written(site):
    answer = site.ask("/events")
    for _ in range(2):
        written = float(answer.readline().split()[-1])
        assert time.monotonic() - written < 0.8
        answer.readline()


@pytest.mark.servers
def test_guessing_is_held_back_and_looking_is_not(site):
    tried = [site.ask("/login", "POST").status for _ in range(15)]
    assert tried[:11] == [200] * 11 and 429 in tried
    assert site.ask("/login").status == 200


@pytest.mark.servers
def test_without_tls_one_is_sent_to_where_it_is(site):
    link = HTTPConnection("127.0.0.1", site.plain, timeout=20)
    link.request("GET", "/?c=1", headers={"Host": "briefs.example"})
    answer = link.getresponse()
    assert (answer.status, answer.headers["Location"]) == (308, "https://briefs.example/?c=1")


@pytest.mark.servers
def test_a_process_that_is_away_is_passed_over(site):
    """The last test: it is not started again."""
    gone, left = site.processes
    gone.is_gone = True
    gone.shutdown()
    gone.server_close()
    assert {who(site.ask()) for _ in range(10)} == {left.name}
