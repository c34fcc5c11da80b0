"""Archives that are whole are unpacked; those that want too much, or are no archives, leave nothing."""

import errno
import gzip
import io
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from longthink.base import download
from longthink.base.download import download_archive
from longthink.base.errors import UserError


def member(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, to: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size, made.type, made.linkname = size, kind, to
    return made


def packed(*members: tarfile.TarInfo) -> bytes:
    """A .tar.gz with these, and what a header says is there: zeros."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="w", mtime=0) as stream:
        for one in members:
            stream.write(one.tobuf(tarfile.GNU_FORMAT))
            stream.write(bytes(-(-min(one.size, 10**6) // 512) * 512))
        stream.write(bytes(1024))
    return out.getvalue()


WHOLE = packed(member("bits", kind=tarfile.DIRTYPE), member("bits/one", 3))


def fetched(content: bytes, folder: Path) -> list[str]:
    (folder / "bits.tar.gz").write_bytes(content)
    root = folder / "root"
    try:
        download_archive((folder / "bits.tar.gz").as_uri(), root, "bits", verify=lambda _: None)
    finally:
        found = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
        assert found in ([], ["bits", "bits/one"])
    return found


@pytest.mark.parametrize("root", [".", "./", ""])
def test_a_member_for_the_root_itself_does_no_harm(root: str, tmp_path: Path) -> None:
    content = packed(member(root, kind=tarfile.DIRTYPE), member("./bits", kind=tarfile.DIRTYPE), member("bits/one", 3))
    assert fetched(content, tmp_path) == ["bits", "bits/one"]
    assert (tmp_path / "root" / "bits" / "one").read_bytes() == bytes(3)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (packed(member("", 3)), "outside bits"),
        (packed(member(".", 3)), "outside bits"),
        (packed(member("..", kind=tarfile.DIRTYPE)), "outside bits"),
        (packed(member("/bits/one")), "outside bits"),
        (packed(member("bits/a", kind=tarfile.SYMTYPE, to="a")), "more than files"),
        (packed(member("bits/a", kind=tarfile.LNKTYPE, to="bits/a")), "more than files"),
        (packed(member("bits/a", kind=tarfile.CHRTYPE)), "more than files"),
        (packed(member("bits/a", kind=tarfile.FIFOTYPE)), "more than files"),
        (packed(member("bits/a", 10**15)), "for which there is no room"),
        (packed(*(member(f"bits/{number}") for number in range(10_001))), "more than 10000 files"),
        (packed(member("other/a", 3)), "outside bits"),
        (packed(), "holds no folder bits"),
        (packed(member("name", 2 * 10**6, tarfile.GNUTYPE_LONGNAME)), "no whole .tar.gz archive .a header has no end"),
        (packed(member("name", 10**9, tarfile.XHDTYPE)), "no whole .tar.gz archive .a header has no end"),
        (b"", "no whole"),
        (b"hello", "no whole"),
        (gzip.compress(b"hello" * 999, mtime=0), "no whole"),
        (WHOLE[:-30], "no whole"),
        (WHOLE[:30] + b"\xff" * 20 + WHOLE[50:], "no whole"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_wants_too_much_is_refused(content: bytes, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=sentence):
        fetched(content, tmp_path)


def test_a_sparse_member_is_refused(tmp_path: Path) -> None:
    header = bytearray(member("bits/a", 512, tarfile.GNUTYPE_SPARSE).tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"%011o\0%011o\0" % (0, 512)
    header[483:495] = b"%011o\0" % 2**32
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(UserError, match="more than files"):
        fetched(gzip.compress(bytes(header) + bytes(512) + bytes(1024)), tmp_path)


@pytest.fixture
def serve() -> Iterator[Callable[[bytes, dict[str, str], int], str]]:
    """Serves a body with headers and a status, from this machine to itself: the address."""
    servers = []

    def serving(body: bytes, headers: dict[str, str], status: int = 200) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,)).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/bits.tar.gz"

    yield serving
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("headers", "status", "sentence"),
    [
        (
            {"Content-Length": str(len(WHOLE) + 5)},
            200,
            "broke off after|cannot be fetched",
        ),
        ({"Transfer-Encoding": "chunked"}, 200, "cannot be fetched"),
        ({"Location": "file:///etc/passwd"}, 302, "cannot be fetched .*not allowed"),
        ({"Location": "/bits.tar.gz"}, 302, "cannot be fetched .*infinite loop"),
        ({}, 404, "cannot be fetched .*404"),
    ],
)
def test_what_a_site_does_wrong_is_one_sentence(
    headers: dict[str, str], status: int, sentence: str, serve: Callable[..., str], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=sentence):
        download_archive(serve(WHOLE, headers, status), tmp_path / "root", "bits", verify=lambda _: None)
    assert os.listdir(tmp_path / "root") == []


@pytest.mark.parametrize("headers", [{}, {"Content-Length": str(len(WHOLE))}, {"Content-Length": "many"}])
def test_a_site_serves_an_archive_whatever_it_says_of_its_length(
    headers: dict[str, str], serve: Callable[..., str], tmp_path: Path
) -> None:
    download_archive(serve(WHOLE, headers), tmp_path / "root", "bits", verify=lambda _: None)
    assert (tmp_path / "root" / "bits" / "one").read_bytes() == bytes(3)


def test_a_download_that_does_not_end_is_broken_off(
    serve: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "LARGEST", 10_000)
    monkeypatch.setattr(download, "CHUNK", 1000)
    with pytest.raises(UserError, match="has more than 0.0 GB, and was not to"):
        download_archive(serve(bytes(50_000), {}), tmp_path / "root", "bits", verify=lambda _: None)
    assert os.listdir(tmp_path / "root") == []


def test_what_a_killed_download_left_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "here" / ".partial.bits" / ".unpacked" / "bits").mkdir(parents=True)
    (tmp_path / "here" / ".partial.bits" / ".archive.tar.gz").write_bytes(b"half")
    (tmp_path / "there.tar.gz").write_bytes(WHOLE)
    download_archive((tmp_path / "there.tar.gz").as_uri(), tmp_path / "here", "bits", verify=lambda _: None)
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["bits"]
    assert not any(path.name.startswith(".") for path in (tmp_path / "here").rglob("*"))


def test_a_full_disk_is_not_called_a_damaged_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "extractall", full)
    (tmp_path / "there.tar.gz").write_bytes(WHOLE)
    with pytest.raises(UserError, match=r"bits cannot be written \(No space left on device\)"):
        download_archive((tmp_path / "there.tar.gz").as_uri(), tmp_path / "here", "bits", verify=lambda _: None)
    assert not [*(tmp_path / "here").iterdir()]
