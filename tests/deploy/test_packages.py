"""Packages: the same bytes everywhere, only what a function needs, and no fnfkit in the cloud."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from deploy_accounts import compiled_wheel, wheel

from fnfkit import App, elsewhere
from fnfkit.cli.projects import project
from fnfkit.deploy import DeployError, Shelf
from fnfkit.deploy.package import STORED, Package, archive, package
from fnfkit.deploy.shelf import LARGEST
from fnfkit.dsl.function import Function
from fnfkit.model.json import Json

SHOP = """from __future__ import annotations

from dataclasses import dataclass

import prices.table
from fnfkit import App, CloudError, Steps, TaskToken, context, input, part, when

app = App("shop")
queue = app.queue("orders")


class SoldOut(CloudError):
    named = "Shop.SoldOut"


@dataclass
class Order:
    item: str
    count: int = 1


@dataclass
class Bill:
    total: int


@app.function
def bill(order: Order, token: TaskToken | None = None) -> Bill:
    if order.count > 5:
        raise SoldOut("none left")
    return Bill(prices.table.PRICE * order.count)


@app.steps
def sell(f: Steps) -> None:
    f.task("bill", bill, order=input.order)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "prices").mkdir(parents=True)
    (folder / "app.py").write_text(SHOP, "utf-8")
    (folder / "prices" / "__init__.py").write_text("", "utf-8")
    (folder / "prices" / "table.py").write_text("from .base import PRICE\n", "utf-8")
    (folder / "prices" / "base.py").write_text("PRICE = 7\n", "utf-8")
    (folder / "unused.py").write_text("raise SystemExit\n", "utf-8")
    return folder


def packed(folder: Path, name: str = "bill") -> Package:
    with project(str(folder)) as found:
        return package(found.app.functions[name], found.folder, folder / ".fnfkit")


def folder_function(path: str, handler: str = "index.handler") -> Function[..., Json]:
    app = App("made")

    @app.function(code=path, handler=handler)
    def made() -> None:
        elsewhere()

    return app.functions["made"]


def test_only_the_files_a_function_needs(shop: Path) -> None:
    own = {name for name in packed(shop).files if not name.startswith("fnfkit")}
    assert own == {"app.py", "prices/__init__.py", "prices/table.py", "prices/base.py"}


def unpacked(made: Package, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(made.archive())) as opened:
        opened.extractall(folder)
    return folder


def call(folder: Path, event: str) -> subprocess.CompletedProcess[str]:
    """Calls a handler in an interpreter that sees the package and the standard library alone."""
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import fnfkit_handler; "
        f"print(fnfkit_handler.handler({event!r}, None))"
    )
    return subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)


def test_a_package_runs_without_fnfkit(shop: Path, tmp_path: Path) -> None:
    folder = unpacked(packed(shop), tmp_path / "out")
    said = call(folder, '{"order": {"item": "tea", "count": 3}, "more": 1}')
    assert said.stdout == '{"total": 21}\n', said.stderr


def test_errors_keep_their_name(shop: Path, tmp_path: Path) -> None:
    folder = unpacked(packed(shop), tmp_path / "out")
    said = call(folder, '{"order": {"item": "tea", "count": 9}}')
    assert said.stderr.splitlines()[-1].endswith("Shop.SoldOut: none left")


def test_the_same_content_gives_the_same_bytes(shop: Path, tmp_path: Path) -> None:
    before = packed(shop)
    for file in shop.rglob("*.py"):
        os.utime(file, (1, 1))
        file.chmod(0o600)
    (shop / "other.txt").write_text("not needed", "utf-8")
    after = packed(shop)
    assert (after.digest, after.archive()) == (before.digest, before.archive())
    (shop / "prices" / "base.py").write_text("PRICE = 8\n", "utf-8")
    assert packed(shop).digest != before.digest


def test_the_order_of_files_does_not_count() -> None:
    assert archive({"b": b"1", "a": b"2"}) == archive({"a": b"2", "b": b"1"})


@pytest.mark.parametrize(("size", "method"), [(10, zipfile.ZIP_STORED), (STORED + 1, zipfile.ZIP_DEFLATED)])
def test_large_archives_are_compressed(size: int, method: int) -> None:
    with zipfile.ZipFile(io.BytesIO(archive({"a": b"x" * size}))) as opened:
        assert opened.infolist()[0].compress_type == method
        assert opened.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


def test_a_package_that_no_template_holds_is_refused() -> None:
    with pytest.raises(DeployError, match=f"room for {LARGEST}"):
        Package({"a": os.urandom(LARGEST * 2)}, "a.handler").code(Shelf())


def test_a_small_source_stands_in_the_template() -> None:
    assert Package({"index.py": b"x = 1\n"}, "index.handler").code(Shelf()) == {"SourceCode": "x = 1\n"}
    assert list(Package({"index.py": b"#" * 5000}, "index.handler").code(Shelf())) == ["ZipFile"]


def test_requirements_are_vendored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    code = tmp_path / "code"
    code.mkdir()
    wheel(code)
    (code / "index.py").write_text("import tiny\n", "utf-8")
    (code / "requirements.txt").write_text("./tiny-1.0-py3-none-any.whl\n", "utf-8")
    made = package(folder_function("code"), tmp_path, tmp_path / "cache")
    names = set(made.files)
    assert {"tiny.py", "index.py", "tiny-1.0.dist-info/METADATA"} <= names
    assert not {"requirements.txt", "tiny-1.0.dist-info/RECORD", "tiny-1.0.dist-info/direct_url.json"} & names
    again = package(folder_function("code"), tmp_path, tmp_path / "another-cache")
    assert again.digest == made.digest


def test_compiled_requirements_are_those_of_the_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not those of this machine, which would not load there."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    here = f"cp{sys.version_info.major}{sys.version_info.minor}"
    there = "cp399-cp399-manylinux2014_x86_64"
    local = f"{here}-{here}-{re.sub('[-.]', '_', sysconfig.get_platform())}"
    for tag in (local, there):
        compiled_wheel(tmp_path / "wheels", tag)
    code = tmp_path / "code"
    code.mkdir()
    (code / "index.py").write_text("import fast\n", "utf-8")
    (code / "requirements.txt").write_text("fast\n", "utf-8")
    function, cache = folder_function("code"), tmp_path / "cache"
    assert package(function, tmp_path, cache).files["fast.so"] == local.encode()
    assert package(function, tmp_path, cache, python="3.99").files["fast.so"] == there.encode()
    with pytest.raises(DeployError, match="No matching distribution found for fast") as refused:
        package(function, tmp_path, cache, python="3.98")
    assert "a wheel for the function's Python on Linux" in refused.value.hint


@pytest.mark.parametrize("coloured", [False, True])
def test_requirements_that_cannot_be_had(coloured: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    if coloured:
        monkeypatch.setenv("FORCE_COLOR", "1")
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "index.py").write_text("", "utf-8")
    (tmp_path / "code" / "requirements.txt").write_text("nothing-of-that-name==1\n", "utf-8")
    with pytest.raises(DeployError, match="ERROR: No matching distribution found for nothing-of-that-name"):
        package(folder_function("code"), tmp_path, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


def test_what_its_owner_excludes_is_not_packed(tmp_path: Path) -> None:
    code = tmp_path / "code"
    for name in ("index.py", "notes.md", "keep.md", "lib/a.py", "lib/test/b.py", "build/c.py", "build.py", "data.bin"):
        (code / name).parent.mkdir(parents=True, exist_ok=True)
        (code / name).write_text(name, "utf-8")
    assert len(package(folder_function("code"), tmp_path, tmp_path / "cache").files) == 8
    (tmp_path / ".funignore").write_text("# from here\ncode/lib/test\n/data.bin\n", "utf-8")
    (code / ".funignore").write_text("*.md\n!keep.md\n/build/\n", "utf-8")
    (code / ".fcignore").write_text("data.bin\n", "utf-8")
    made = package(folder_function("code"), tmp_path, tmp_path / "cache")
    assert set(made.files) == {"index.py", "keep.md", "lib/a.py", "build.py"}


def test_patterns_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "index.py").write_text("", "utf-8")
    (tmp_path / ".funignore").write_text("!\n", "utf-8")
    with pytest.raises(DeployError, match=r"\.funignore cannot be read: .*'!'"):
        package(folder_function("code"), tmp_path, tmp_path / "cache")


@pytest.mark.parametrize(
    ("path", "handler", "code"),
    [("missing", "index.handler", "CodeNotFound"), ("code", "main.run", "HandlerNotFound")],
)
def test_code_that_is_not_there(tmp_path: Path, path: str, handler: str, code: str) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "index.py").write_text("", "utf-8")
    with pytest.raises(DeployError) as refused:
        package(folder_function(path, handler), tmp_path, tmp_path / "cache")
    assert refused.value.code == code


def test_a_function_inside_a_function_cannot_be_deployed(tmp_path: Path) -> None:
    app = App("made")

    @app.function
    def inner() -> None:
        return None

    with pytest.raises(DeployError) as refused:
        package(app.functions["inner"], tmp_path, tmp_path)
    assert refused.value.code == "NotImportable"


def test_archives_without_room_go_into_the_bucket() -> None:
    shelf = Shelf("code", room=10)
    assert shelf.code(b"small") == {"ZipFile": "c21hbGw="}
    code = shelf.code(b"not so small")
    assert code["OssBucketName"] == "code"
    assert shelf.uploads == {code["OssObjectName"]: b"not so small"}
    assert Shelf("code", room=1).code(b"not so small") == code
