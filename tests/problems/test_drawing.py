"""Of what there are too few is refused, with the number that there are; and never looked for without end."""

import numpy as np
import pytest

import longthink as lt
from longthink.contracts import Problem, Split
from longthink.problems import _drawing

TERNARY = lt.problem("group_products", group="C3")
COMPOSITION = lt.problem("group_composition", group="C3")


def there(symbols: int, level: int, split: Split) -> int:
    return int(_drawing.is_in(split, _drawing.every_sequence(symbols, level), level).sum())


@pytest.mark.parametrize(
    ("problem", "called"), [(TERNARY, "products"), (COMPOSITION, "sequences")], ids=["products", "composition"]
)
def test_all_that_there_are_can_be_drawn_and_not_one_more(problem: Problem, called: str) -> None:
    count = there(3, 11, "test")
    puzzles = problem.sample(11, count)
    assert len({row.tobytes() for row in puzzles.x.numpy()}) == count
    with pytest.raises(lt.UserError, match=f"only {count} different test {called} of 11 elements of C3, and"):
        problem.sample(11, count + 1)
    assert len(problem.sample(11, count + 1, repeats=True)) == count + 1
    with pytest.raises(lt.UserError, match=f"only {there(3, 11, 'train')} different train"):
        problem.sample(11, 150_000, split="train")


def test_strings_of_many_bits_are_counted_where_most_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(_drawing, "is_in", lambda split, words, level: asked.append(len(words)) or np.ones(len(words)))
    with pytest.raises(lt.UserError, match="only 16777216 different test strings of 24 bits, and 16777217 are"):
        lt.problem("prefix_sums").sample(24, 2**24 + 1)
    assert asked == [2**20] * 2**4


@pytest.mark.parametrize("problem", ["prefix_sums", "mazes", "sudoku", "group_products", "group_composition"])
@pytest.mark.parametrize(("level", "count"), [(None, 10**12), (10**12 + 1, 1), (10**30, 1), (None, 10**30)])
def test_what_no_memory_holds_is_refused(problem: str, level: int | None, count: int) -> None:
    made = lt.problem(problem)
    with pytest.raises(lt.UserError, match=r"GB of memory|below 1e\+18|from 1 to 64 on a board"):
        made.sample(level or made.easy, count)
