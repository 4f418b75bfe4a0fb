"""Where the Firestore emulator is on this machine, and how it is started."""

import http.client
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from scripts.local.addresses import answers
from scripts.local.java import find_java
from scripts.local.processes import Program

HOW_TO_GET_ONE = (
    "get one with `gcloud components install cloud-firestore-emulator`, `apt-get install "
    "google-cloud-cli-firestore-emulator` or `firebase setup:emulators:firestore`, or name its "
    "jar: FIRESTORE_EMULATOR_JAR=PATH"
)
_MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_IN_SDK = Path("platform", "cloud-firestore-emulator", "cloud-firestore-emulator.jar")
_SDK_FOLDERS = (
    "~/google-cloud-sdk",
    "/usr/lib/google-cloud-sdk",
    "/usr/share/google-cloud-sdk",
    "/opt/google-cloud-sdk",
    "/opt/homebrew/share/google-cloud-sdk",
    "/usr/local/share/google-cloud-sdk",
    "/snap/google-cloud-cli/current",
)
# Java class files count from here: 55 is Java 11.
_CLASS_FILES_BEFORE_JAVA_1 = 44


class EmulatorError(Exception):
    """The emulator that was named cannot be used; the message says what to do next."""


@dataclass(frozen=True)
class Running:
    """Somebody else's emulator, at `host:port`."""

    host: str


@dataclass(frozen=True)
class Jar:
    path: Path


def find(environment: Mapping[str, str]) -> Running | Jar | None:
    """Give the first emulator there is, in the order of the README; None where there is none."""
    if host := environment.get("FIRESTORE_EMULATOR_HOST"):
        if not answers(host, within=5):
            raise EmulatorError(
                f"FIRESTORE_EMULATOR_HOST is {host}, where nothing answers: start it, or unset it"
            )
        return Running(host)
    if named := environment.get("FIRESTORE_EMULATOR_JAR"):
        if not Path(named).is_file():
            raise EmulatorError(f"FIRESTORE_EMULATOR_JAR is {named}, which is no file")
        return Jar(Path(named).resolve())
    home = Path(environment.get("HOME", "/"))
    found = _in_gcloud(environment.get("PATH", ""), home) or _in_firebase(environment, home)
    return Jar(found) if found else None


def program(jar: Jar, port: int, environment: Mapping[str, str], folder: Path) -> Program:
    """Say how to start it; raises JavaError where there is no Java and none can be installed."""
    main_class, java = _needs(jar.path)
    # Google's SDK ships its jar without an entry, firebase-tools ships it with one.
    entry = ["-cp", str(jar.path), _MAIN_CLASS, "start"]
    if main_class is not None:
        entry = ["-jar", str(jar.path)]
    # A laptop's emulator lives for minutes: the quick compiler alone starts in half the time.
    # The emulator's messages are English only, and it says so of itself.
    options = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Duser.language=en"]
    command = [str(find_java(environment, at_least=java)), *options, *entry]
    return Program(
        "firestore",
        [*command, "--host=127.0.0.1", f"--port={port}"],
        dict(environment),
        folder,
        silent=True,
    )


def serves(host: str, *, within: float = 10.0) -> bool:
    """
    Tell whether the emulator commits a write; this one leaves nothing behind.

    The first commit of a cold emulator takes most of a second, on a busy machine more than the
    functions wait: it is better met here than by a first visitor.
    """
    document = "projects/demo-warm-up/databases/(default)/documents/warm/up"
    writes = [{"update": {"name": document, "fields": {}}}, {"delete": document}]
    connection = http.client.HTTPConnection(host, timeout=within)
    try:
        path = "/v1/projects/demo-warm-up/databases/(default)/documents:commit"
        # The emulator's own word for a caller whom no security rule stops.
        headers = {"Content-Type": "application/json", "Authorization": "Bearer owner"}
        connection.request("POST", path, json.dumps({"writes": writes}), headers)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _in_gcloud(path: str, home: Path) -> Path | None:
    executable = shutil.which("gcloud", path=path)
    for root in _sdk_roots(executable, home):
        if (root / _IN_SDK).is_file():
            return root / _IN_SDK
    if executable is None or (Path(executable).resolve().parents[1] / "lib" / "gcloud.py").exists():
        return None
    # A wrapper around an SDK in a place of its own: it alone can tell, and takes a second for it.
    asked = [executable, "info", "--format=value(installation.sdk_root)"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    jar = Path(told.stdout.strip() or os.devnull) / _IN_SDK
    return jar if jar.is_file() else None


def _sdk_roots(executable: str | None, home: Path) -> Iterator[Path]:
    if executable is not None:
        yield Path(executable).resolve().parents[1]
    for folder in _SDK_FOLDERS:
        yield home / folder[2:] if folder.startswith("~/") else Path(folder)


def _in_firebase(environment: Mapping[str, str], home: Path) -> Path | None:
    """Give the newest jar that firebase-tools has downloaded."""
    default = home / ".cache" / "firebase" / "emulators"
    folder = Path(environment.get("FIREBASE_EMULATORS_PATH") or default)
    jars = folder.glob("cloud-firestore-emulator-v*.jar")
    return max(jars, key=_version, default=None)


def _version(jar: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", jar.stem)]


def _needs(jar: Path) -> tuple[str | None, int]:
    """Read the jar's own main class, if it names one, and the Java that it was compiled for."""
    try:
        with zipfile.ZipFile(jar) as archive:
            manifest = archive.read("META-INF/MANIFEST.MF").decode()
            named = re.search(r"^Main-Class: *(\S+)", manifest, re.MULTILINE)
            main_class = named[1] if named else None
            entry = (main_class or _MAIN_CLASS).replace(".", "/") + ".class"
            with archive.open(entry) as compiled:
                major = int.from_bytes(compiled.read(8)[6:8], "big")
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise EmulatorError(
            f"{jar} is no Firestore emulator ({error}); {HOW_TO_GET_ONE}"
        ) from error
    return main_class, major - _CLASS_FILES_BEFORE_JAVA_1
