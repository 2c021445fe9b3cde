"""A running Usher for programs that try it from outside: standard library only.

The server gets a folder of its own, a free port and a fresh database: an SQLite file, or a database
of the PostgreSQL server that TEST_DATABASE_URL names, which is dropped afterwards.
"""

import email
import email.policy
import glob
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Usher:
    def __init__(self, binary, postgres=None, log="info", heard=None):
        """`heard` is told what a command prints."""
        self.binary = os.path.abspath(binary)
        self.folder = tempfile.mkdtemp(prefix="usher-")
        self.process, self.heard = None, heard
        self.postgres = postgres
        if postgres:
            self.database = f"usher_{secrets.token_hex(6)}"
            self._psql(f"CREATE DATABASE {self.database}")
            url = urllib.parse.urlsplit(postgres)._replace(path=f"/{self.database}").geturl()
        else:
            url = f"sqlite://{self.folder}/usher.db"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = os.path.join(self.folder, "log")
        kept = {k: v for k, v in os.environ.items() if not k.startswith("USHER_")}
        self.environment = dict(
            kept,
            USHER_DATABASE_URL=url,
            USHER_MASTER_KEY_FILE=f"{self.folder}/usher.key",
            USHER_LISTEN=f"127.0.0.1:{self.port}",
            USHER_PUBLIC_URL=self.url,
            USHER_LOG=log,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        if self.postgres:
            self._psql(f"DROP DATABASE {self.database} WITH (FORCE)")
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *arguments):
        """Runs a command and reads the JSON that it prints."""
        done = subprocess.run(
            [self.binary, *arguments, "--json"],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60,
        )
        with open(self.log, "a", encoding="utf-8") as out:
            out.write(done.stderr)
        if done.returncode != 0:
            raise RuntimeError(f"usher {' '.join(arguments)}: {done.returncode} {done.stderr}")
        printed = json.loads(done.stdout)
        if self.heard:
            self.heard(printed)
        return printed

    def events(self, org):
        """Every event of an organization."""
        done = subprocess.run(
            [self.binary, "events", "--org", org],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60,
        )
        if done.returncode != 0:
            raise RuntimeError(f"usher events: {done.returncode} {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def mailed(self, address, pattern, seconds=20):
        """What the last mail to an address says, once it is there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for path in sorted(glob.glob(f"{self.folder}/outbox/*.eml"), key=os.path.getmtime, reverse=True):
                with open(path, "rb") as file:
                    mail = email.message_from_binary_file(file, policy=email.policy.default)
                if address not in str(mail["To"]):
                    continue
                found = re.search(pattern, mail.get_body(("plain",)).get_content(), re.M)
                if found:
                    return found.group(0)
            time.sleep(0.1)
        raise RuntimeError(f"no mail to {address} has {pattern}")

    def start(self, seconds=30):
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve"], cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if LOCAL.open(f"{self.url}/readyz", timeout=1).status == 200:
                    return
            except OSError:
                time.sleep(0.02)
        with open(self.log, encoding="utf-8") as log:
            raise RuntimeError(f"usher serve is not ready: {log.read()[-2000:]}")

    def stop(self):
        """Asks the server to stop; answers its exit code."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process = None
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def _psql(self, statement):
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
        psql = shutil.which("psql", path=os.pathsep.join([os.environ["PATH"], *programs]))
        if psql is None:
            raise RuntimeError("psql is not installed")
        command = [psql, "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, self.postgres]
        subprocess.run(command, check=True, timeout=60)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
