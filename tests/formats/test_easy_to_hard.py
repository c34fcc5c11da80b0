"""The official prefix-sum and maze files, and a download that verifies."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch

from longthink.base.errors import UserError
from longthink.formats.easy_to_hard import ChessPuzzleDataset, EasyToHard, MazeDataset, PrefixSumDataset
from longthink.problems.chess.problem import ChessPuzzles
from longthink.problems.mazes.problem import Mazes
from longthink.problems.prefix_sums import official as _official_prefix_sums
from longthink.problems.prefix_sums.problem import PrefixSums

LENGTHS = (16, 20)
OFFICIAL_LENGTHS = PrefixSumDataset.lengths


@pytest.fixture(autouse=True)
def few_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole of 53 lengths would take long to make; the code asks these constants."""
    monkeypatch.setattr(_official_prefix_sums, "LENGTHS", LENGTHS)
    monkeypatch.setattr(PrefixSumDataset, "lengths", LENGTHS)


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """A folder as the package leaves it, written the way its generator writes it: plain torch.save of floats."""
    folder = tmp_path / "official" / "prefix_sums_data"
    folder.mkdir(parents=True)
    for length in LENGTHS:
        bits = (torch.rand(50, length, generator=torch.Generator().manual_seed(length)) >= 0.5).float()
        torch.save(bits, folder / f"{length}_data.pth")
        torch.save(bits.cumsum(1) % 2, folder / f"{length}_targets.pth")
    return folder.parent


def archive(folder: Path, extra: dict[str, bytes] | None = None) -> str:
    path = folder.parent / "prefix_sums_data.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.add(folder / "prefix_sums_data", "prefix_sums_data")
        for name, content in (extra or {}).items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path.as_uri()


def everything_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_stated_lengths_are_the_official_ones() -> None:
    assert (*range(16, 65), 72, 128, 256, 512) == OFFICIAL_LENGTHS
    assert len(OFFICIAL_LENGTHS) == 53


def test_the_drop_in_serves_what_the_package_serves(official: Path) -> None:
    dataset = PrefixSumDataset(official, num_bits=20, download=False)
    bits = torch.load(official / "prefix_sums_data" / "20_data.pth", weights_only=True)
    assert len(dataset) == 50
    x, y = dataset[7]
    assert torch.equal(x, bits[7].unsqueeze(0) - 0.5)
    assert torch.equal(y, (bits[7].cumsum(0) % 2).long())
    batch, targets = next(iter(torch.utils.data.DataLoader(dataset, batch_size=10)))
    assert batch.shape == (10, 1, 20)
    assert targets.dtype == torch.int64


def test_written_files_are_the_official_kind(tmp_path: Path) -> None:
    puzzles = PrefixSums().sample(20, 30)
    data, targets = EasyToHard().write([puzzles[:20], puzzles[20:]], 30, tmp_path)
    assert [data.name, targets.name] == ["20_data.pth", "20_targets.pth"]
    assert data.parent.name == "prefix_sums_data"
    bits = torch.load(data, weights_only=True)
    assert bits.dtype == torch.float32
    assert bits.shape == (30, 20)
    assert torch.equal(bits.cumsum(1) % 2, torch.load(targets, weights_only=True))


def test_a_download_is_verified_and_lands_below_root(official: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    dataset = PrefixSumDataset(root, num_bits=16, url=archive(official))
    assert len(dataset) == 50
    files = [f"prefix_sums_data/{n}_{what}.pth" for n in LENGTHS for what in ("data", "targets")]
    assert everything_below(root) == ["prefix_sums_data", *files]
    # What is there is not fetched again.
    assert len(PrefixSumDataset(root, num_bits=20, url="file:///nowhere.tar.gz")) == 50


@pytest.mark.parametrize("name", ["../evil.txt", "/tmp/longthink-evil.txt", "prefix_sums_data/../../evil.txt"])
def test_a_member_outside_root_is_refused(official: Path, tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    with pytest.raises(UserError, match="wants to write outside"):
        PrefixSumDataset(root, num_bits=16, url=archive(official, {name: b"evil"}))
    assert everything_below(root) == []
    assert not list(tmp_path.rglob("evil.txt"))
    assert not Path("/tmp/longthink-evil.txt").exists()


def test_a_cut_archive_is_refused(official: Path, tmp_path: Path) -> None:
    url = archive(official)
    path = Path(url.removeprefix("file://"))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UserError, match="no whole"):
        PrefixSumDataset(tmp_path / "root", num_bits=16, url=url)
    assert everything_below(tmp_path / "root") == []


def test_wrong_content_is_refused(official: Path, tmp_path: Path) -> None:
    wrong = official / "prefix_sums_data" / "20_targets.pth"
    targets = torch.load(wrong, weights_only=True)
    targets[3, 5] = 1 - targets[3, 5]
    torch.save(targets, wrong)
    with pytest.raises(UserError, match="do not hold bit strings and their prefix sums"):
        PrefixSumDataset(tmp_path / "root", num_bits=16, url=archive(official))
    assert everything_below(tmp_path / "root") == []


@pytest.mark.parametrize("url", ["file:///nowhere/data.tar.gz", "http://127.0.0.1:9/data.tar.gz", "nonsense"])
def test_an_unreachable_site_is_one_sentence(tmp_path: Path, url: str) -> None:
    with pytest.raises(UserError, match="cannot be fetched"):
        PrefixSumDataset(tmp_path / "root", num_bits=16, url=url)
    assert everything_below(tmp_path / "root") == []


@pytest.mark.parametrize("keep", [0, 10, 1000])
def test_a_truncated_file_is_refused(official: Path, keep: int) -> None:
    path = official / "prefix_sums_data" / "16_data.pth"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match="damaged, cut short"):
        PrefixSumDataset(official, num_bits=16, download=False)


def test_pickled_code_in_a_file_is_not_run(official: Path, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self):
            return (Path(tmp_path / "owned").touch, ())

    torch.save(Evil(), official / "prefix_sums_data" / "16_data.pth")
    with pytest.raises(UserError, match="more than tensors"):
        PrefixSumDataset(official, num_bits=16, download=False)
    assert not (tmp_path / "owned").exists()


def test_missing_files_and_lengths_are_one_sentence(official: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        PrefixSumDataset(tmp_path / "empty", num_bits=16, download=False)
    with pytest.raises(UserError, match="no strings of 17 bits"):
        PrefixSumDataset(official, num_bits=17, download=False)


def maze_folder(folder: Path, name: str = "maze_data_train_9") -> Path:
    """Mazes as the package keeps them."""
    puzzles = Mazes().sample(9, 12, split="train")
    (folder / name).mkdir(parents=True)
    np.save(folder / name / "inputs.npy", puzzles.x.numpy())
    np.save(folder / name / "solutions.npy", puzzles.y.numpy().astype(float))
    return folder / name


def test_the_maze_drop_in_serves_what_the_package_serves(tmp_path: Path) -> None:
    folder = maze_folder(tmp_path)
    dataset = MazeDataset(tmp_path, size=9, download=False)
    assert len(dataset) == 12
    x, y = dataset[5]
    assert (x.dtype, y.dtype) == (torch.float32, torch.int64)
    assert np.array_equal(x.numpy(), np.load(folder / "inputs.npy")[5])
    assert np.array_equal(y.numpy(), np.load(folder / "solutions.npy")[5])
    turned_x, turned_y = MazeDataset(tmp_path, size=9, download=False, transform=lambda both: both.rot90(1, (1, 2)))[5]
    assert torch.equal(turned_x, x.rot90(1, (1, 2)))
    assert torch.equal(turned_y, y.rot90(1, (0, 1)))


def test_mazes_are_downloaded_once_and_verified(tmp_path: Path) -> None:
    folder = maze_folder(tmp_path / "official", "maze_data_test_9")
    path = tmp_path / "maze_data_test_9.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.add(folder, folder.name)
    root = tmp_path / "root"
    assert len(MazeDataset(root, train=False, url=path.as_uri())) == 12
    assert len(MazeDataset(root, train=False, url="file:///nowhere.tar.gz")) == 12
    with pytest.raises(UserError, match="cannot be fetched"):
        MazeDataset(root, train=True, url="file:///nowhere.tar.gz")
    assert [path.name for path in root.iterdir()] == ["maze_data_test_9"]


def spoil(folder: Path, how: str) -> None:
    solutions = np.load(folder / "solutions.npy")
    if how == "missing":
        (folder / "inputs.npy").unlink()
    elif how == "cut":
        (folder / "inputs.npy").write_bytes((folder / "inputs.npy").read_bytes()[:500])
    elif how == "too few":
        np.save(folder / "solutions.npy", solutions[:5])
    elif how == "on walls":
        np.save(folder / "solutions.npy", np.ones_like(solutions))


@pytest.mark.parametrize("how", ["missing", "cut", "too few", "on walls"])
def test_damaged_mazes_are_refused(tmp_path: Path, how: str) -> None:
    spoil(maze_folder(tmp_path), how)
    with pytest.raises(UserError, match="maze_data_train_9"):
        MazeDataset(tmp_path, download=False)


def test_mazes_of_another_size_and_even_sizes_are_refused(tmp_path: Path) -> None:
    maze_folder(tmp_path, "maze_data_train_11")
    with pytest.raises(UserError, match="28 x 28 pixels"):
        MazeDataset(tmp_path, size=11, download=False)
    with pytest.raises(UserError, match="odd number"):
        MazeDataset(tmp_path, size=10, download=False)


# ------------------------------------------------------------------------------------------------ chess


@pytest.fixture
def chess_files(tmp_path: Path) -> Path:
    """A folder as the package's generator leaves it."""
    problem = ChessPuzzles(unit="index", width=1000)
    puzzles = problem.sample(1000, 20, split="train")
    EasyToHard().write([puzzles], 20, tmp_path)
    return tmp_path


def test_the_chess_drop_in_serves_ranges(chess_files: Path) -> None:
    problem = ChessPuzzles(unit="index", width=1000)
    puzzles = problem.sample(1000, 20, split="train")
    whole = ChessPuzzleDataset(chess_files, idx_start=0, idx_end=100, download=False)
    assert len(whole) == 20
    board, target, black = whole[3]
    assert torch.equal(board, puzzles.x[3])
    assert torch.equal(target, puzzles.y[3])
    assert bool(black) == bool(puzzles.extras["who_moves"][3])
    assert black.shape == (1,)
    part = ChessPuzzleDataset(chess_files, idx_start=5, idx_end=9, who_moves=False, download=False)
    assert len(part) == 4
    assert torch.equal(part[0][0], puzzles.x[5])
    assert len(part[0]) == 2
    with pytest.raises(UserError, match="none from 600000 on"):
        ChessPuzzleDataset(chess_files, train=False, download=False)
    with pytest.raises(UserError, match="up to a higher idx_end"):
        ChessPuzzleDataset(chess_files, idx_start=9, idx_end=3, download=False)


def test_levels_of_official_chess_files_are_places_or_ratings(chess_files: Path) -> None:
    whole = ChessPuzzleDataset(chess_files, idx_start=0, idx_end=20, download=False)
    places = EasyToHard().read(ChessPuzzles(unit="index", width=5), 10, chess_files)
    assert torch.equal(places.x, whole.puzzles[5:10])
    ratings = torch.load(chess_files / "chess_data" / "rating.pth")[:, 0].long()
    top = int(ratings.max())
    rated = EasyToHard().read(ChessPuzzles(unit="rating", width=1), top + 1, chess_files)
    assert torch.equal(rated.x, whole.puzzles[ratings == top])
    with pytest.raises(UserError, match="no puzzles of level 100"):
        EasyToHard().read(ChessPuzzles(unit="index", width=5), 100, chess_files)


def test_chess_targets_that_are_upside_down_are_turned(chess_files: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "chess_data"
    other.mkdir(parents=True)
    for name in ("data.pth", "who_moves.pth"):
        (other / name).write_bytes((chess_files / "chess_data" / name).read_bytes())
    targets = torch.load(chess_files / "chess_data" / "targets.pth")
    torch.save(targets.flip(1), other / "segment_targets.pth")
    turned = ChessPuzzleDataset(other.parent, idx_start=0, idx_end=20, download=False)
    assert torch.equal(turned.targets, targets)


def test_chess_files_that_are_none_are_refused(chess_files: Path) -> None:
    folder = chess_files / "chess_data"
    (folder / "data.pth").write_bytes((folder / "data.pth").read_bytes()[:900])
    with pytest.raises(UserError, match="damaged, cut short"):
        ChessPuzzleDataset(chess_files, idx_start=0, idx_end=20, download=False)
    torch.save(torch.zeros(20, 12, 8, 8), folder / "data.pth")
    with pytest.raises(UserError, match="boards and moves"):
        ChessPuzzleDataset(chess_files, idx_start=0, idx_end=20, download=False)
    torch.save(torch.zeros(20, 8, 8), folder / "data.pth")
    with pytest.raises(UserError, match=r"boards \(N, 12, 8, 8\)"):
        ChessPuzzleDataset(chess_files, idx_start=0, idx_end=20, download=False)
    with pytest.raises(UserError, match="from White's side only"):
        EasyToHard().write([ChessPuzzles(perspective="mover").sample(6, 2)], 2, chess_files)
