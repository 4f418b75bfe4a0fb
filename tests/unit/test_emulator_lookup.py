import zipfile
from pathlib import Path

import pytest

from scripts.local import emulator, java
from scripts.local.emulator import EmulatorError, Jar, Running

MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
JAVA_17 = b"\xca\xfe\xba\xbe\x00\x00\x00\x3d"


@pytest.fixture(autouse=True)
def no_sdk_of_this_machine(monkeypatch):
    monkeypatch.setattr(emulator, "_SDK_FOLDERS", ("~/google-cloud-sdk",))


def a_jar(path, *, main_class=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        entry = f"Main-Class: {main_class}\r\n" if main_class else ""
        archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\n{entry}")
        archive.writestr((main_class or MAIN_CLASS).replace(".", "/") + ".class", JAVA_17)
    return path


def a_program(path, line):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path


def a_java(folder, version):
    return a_program(folder / "java", f"""echo 'openjdk version "{version}" 2025' >&2""")


def in_sdk(root):
    return root / "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"


def in_firebase(home, version):
    return home / f".cache/firebase/emulators/cloud-firestore-emulator-v{version}.jar"


def test_a_running_emulator_comes_first(tmp_path, monkeypatch):
    monkeypatch.setattr(emulator, "answers", lambda *_, **__: True)
    named = a_jar(tmp_path / "named.jar")
    environment = {"FIRESTORE_EMULATOR_HOST": "localhost:8080", "FIRESTORE_EMULATOR_JAR": named}
    assert emulator.find(environment) == Running("localhost:8080")


def test_a_named_emulator_that_does_not_answer_is_no_emulator():
    with pytest.raises(EmulatorError, match="FIRESTORE_EMULATOR_HOST is 127"):
        emulator.find({"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"})


def test_a_named_jar_comes_before_the_sdks(tmp_path):
    a_jar(in_sdk(tmp_path / "google-cloud-sdk"))
    named = a_jar(tmp_path / "named.jar")
    found = emulator.find({"FIRESTORE_EMULATOR_JAR": str(named), "HOME": str(tmp_path)})
    assert found == Jar(named)


def test_a_named_jar_that_is_no_file_is_an_error(tmp_path):
    with pytest.raises(EmulatorError, match="which is no file"):
        emulator.find({"FIRESTORE_EMULATOR_JAR": str(tmp_path / "gone.jar")})


def test_the_sdks_comes_before_firebases(tmp_path):
    a_jar(in_firebase(tmp_path, "1.22.0"))
    jar = a_jar(in_sdk(tmp_path / "google-cloud-sdk"))
    assert emulator.find({"HOME": str(tmp_path)}) == Jar(jar)


def test_the_sdk_is_found_through_a_link_to_gcloud(tmp_path):
    jar = a_jar(in_sdk(tmp_path / "sdk"))
    gcloud = a_program(tmp_path / "sdk/bin/gcloud", "exit 1")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gcloud").symlink_to(gcloud)
    found = emulator.find({"HOME": "/nowhere", "PATH": str(tmp_path / "bin")})
    assert found == Jar(jar)


def test_a_wrapper_around_gcloud_is_asked_where_its_sdk_is(tmp_path):
    jar = a_jar(in_sdk(tmp_path / "sdk"))
    a_program(tmp_path / "bin/gcloud", f"echo {tmp_path / 'sdk'}")
    found = emulator.find({"HOME": "/nowhere", "PATH": str(tmp_path / "bin")})
    assert found == Jar(jar)


def test_firebases_newest_jar_is_taken(tmp_path):
    a_jar(in_firebase(tmp_path, "1.9.0"))
    newest = a_jar(in_firebase(tmp_path, "1.19.8"))
    a_jar(in_firebase(tmp_path, "1.11.15"))
    assert emulator.find({"HOME": str(tmp_path)}) == Jar(newest)


def test_without_any_there_is_none(tmp_path):
    assert emulator.find({"HOME": str(tmp_path), "PATH": str(tmp_path)}) is None


def test_the_sdks_jar_is_started_by_its_main_class(tmp_path):
    jar = Jar(a_jar(tmp_path / "sdk.jar"))
    chosen = a_java(tmp_path / "bin", "17.0.15")
    program = emulator.program(jar, 8080, {"PATH": str(tmp_path / "bin")}, tmp_path)
    assert program.command[0] == str(chosen)
    tail = ["-cp", str(jar.path), MAIN_CLASS, "start", "--host=127.0.0.1", "--port=8080"]
    assert program.command[-6:] == tail


def test_firebases_jar_is_started_as_a_jar(tmp_path):
    jar = Jar(a_jar(tmp_path / "firebase.jar", main_class="a.b.Main"))
    a_java(tmp_path / "bin", "17.0.15")
    program = emulator.program(jar, 8080, {"PATH": str(tmp_path / "bin")}, tmp_path)
    assert program.command[-4:] == ["-jar", str(jar.path), "--host=127.0.0.1", "--port=8080"]


def test_a_file_that_is_no_emulator_is_called_so(tmp_path):
    (tmp_path / "text.jar").write_text("no zip")
    with pytest.raises(EmulatorError, match="is no Firestore emulator"):
        emulator.program(Jar(tmp_path / "text.jar"), 8080, {}, tmp_path)


def test_java_home_comes_before_the_path(tmp_path):
    a_java(tmp_path / "bin", "21.0.1")
    chosen = a_java(tmp_path / "home/bin", "17.0.15")
    environment = {"JAVA_HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "bin")}
    assert java.find_java(environment, at_least=17) == chosen


@pytest.mark.parametrize("line", ["echo 'openjdk version \"1.8.0_402\"' >&2", "exit 1"])
def test_a_java_that_is_too_old_or_none_gives_way_to_the_wheels(tmp_path, monkeypatch, line):
    a_program(tmp_path / "java", line)
    monkeypatch.setattr(java, "_from_wheel", lambda at_least: Path("wheel", str(at_least)))
    assert java.find_java({"PATH": str(tmp_path)}, at_least=11) == Path("wheel/11")
