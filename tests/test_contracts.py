"""The same tests over everything in the registry: a new plugin is tested by being there."""

import inspect
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from longthink import registry
from longthink.contracts import Problem, Puzzles, Thinker
from longthink.errors import UserError
from longthink.models._parts import ConvolutionalThinker
from longthink.models.composer import Composer
from longthink.models.row_column_box import RowColumnBox
from longthink.models.two_layer import TwoLayer
from longthink.recipe import ModelChoice, parse_recipe
from longthink.runs import Run
from longthink.thinking import last_state, think
from longthink.trials import folder_of

SPLITS = ("train", "validation", "test")
SHAPES = {0: (32, 32), 1: (7,), 2: (6, 5)}
"""Of inputs; answers have the same, but for problems without positions (ndim 0)."""
CLASSES = 4


def problem(name: str) -> Problem:
    return registry.find("problems", name)()


def small_net(name: str, ndim: int = 1) -> Thinker:
    """Any model in its defaults, but as narrow as its options allow."""
    options = registry.options(registry.find("models", name)).model_fields
    narrow = {key: value for key, value in {"width": 8, "head": (8, 4), "limit": 4}.items() if key in options}
    return registry.find("models", name)(channels=2, classes=CLASSES, ndim=ndim, **narrow).eval()


@pytest.fixture(params=registry.names("problems"))
def any_problem(request: pytest.FixtureRequest) -> Problem:
    return problem(request.param)


def steps(net: Thinker, wanted: int) -> int:
    """So many, or as many as there are."""
    return min(wanted, net.limit or wanted)


def inputs_for(net: Thinker, count: int) -> torch.Tensor:
    """Noise in the shape of inputs that a net takes, which answers with CLASSES classes."""
    if isinstance(net, RowColumnBox):
        return torch.randn(count, 1 + CLASSES, CLASSES, CLASSES)
    if net.ndim == 0 and isinstance(net, Composer):
        return torch.randn(count, 2, *SHAPES[1])  # nets that give a sequence one answer see no pictures
    return torch.randn(count, 2, *((net.degree,) if isinstance(net, TwoLayer) else SHAPES[net.ndim]))


def has_batch_norm(net: Thinker) -> bool:
    return any(isinstance(module, torch.nn.BatchNorm2d) for module in net.modules())


@pytest.fixture(
    params=[(name, ndim) for name in registry.names("models") for ndim in registry.find("models", name).ndims], ids=str
)
def any_net(request: pytest.FixtureRequest) -> Thinker:
    return small_net(*request.param)


@pytest.mark.parametrize("kind", [*registry.BASES, *registry.FUNCTIONS])
def test_every_plugin_says_what_it_is(kind: str) -> None:
    for name in registry.names(kind):
        assert inspect.getdoc(registry.find(kind, name)), name


def test_puzzles_have_the_stated_shapes(any_problem: Problem) -> None:
    puzzles = any_problem.sample(any_problem.easy, 5)
    assert puzzles.level == any_problem.easy
    assert puzzles.x.shape[:2] == (5, any_problem.channels)
    assert puzzles.x.dtype == torch.float32
    assert puzzles.y.dtype == torch.int64
    assert puzzles.y.shape[0] == 5
    assert puzzles.y.ndim - 1 == any_problem.ndim
    assert 0 <= puzzles.y.min() <= puzzles.y.max() < any_problem.classes


def test_sampling_depends_on_its_arguments_alone(any_problem: Problem) -> None:
    state = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    level = any_problem.easy
    first, again = any_problem.sample(level, 6, seed=3), any_problem.sample(level, 6, seed=3)
    assert torch.equal(first.x, again.x)
    assert not torch.equal(first.x, any_problem.sample(level, 6, seed=4).x)
    assert not torch.equal(first.x, any_problem.sample(level, 6, seed=3, index=1).x)
    assert torch.equal(state[0], torch.random.get_rng_state())
    assert (state[1] == np.random.get_state()[1]).all()


def test_splits_share_no_puzzle(any_problem: Problem) -> None:
    seen: dict[bytes, str] = {}
    for split in SPLITS:
        for seed in range(3):
            for one in any_problem.sample(any_problem.easy, 100, seed, split, repeats=True).x:
                assert seen.setdefault(one.numpy().tobytes(), split) == split


def test_the_true_answer_is_correct_and_a_wrong_one_is_not(any_problem: Problem) -> None:
    puzzles = any_problem.sample(any_problem.easy, 4)
    one_hot = torch.nn.functional.one_hot(puzzles.y, any_problem.classes).movedim(-1, 1).float() * 30
    logits = puzzles.details.get("target", one_hot)  # of a regression
    answers = any_problem.answer(logits, puzzles)
    assert any_problem.correct(answers, puzzles).all()
    assert (any_problem.position_accuracy(answers, puzzles) == 1).all()
    assert any_problem.loss(logits, puzzles) < 1e-6
    confident = any_problem.confidence(logits, puzzles)
    if "target" in puzzles.details:
        assert (confident > any_problem.confidence(logits * 0, puzzles)).all()
    else:
        assert (confident > 0.999).all()
    counted = torch.ones_like(puzzles.y, dtype=torch.bool) if puzzles.mask is None else puzzles.mask
    for index in range(4):
        position = tuple(counted[index].nonzero()[0])
        answers[index][position] = (answers[index][position] + 1) % any_problem.classes
    assert not any_problem.correct(answers, puzzles).any()


def test_puzzles_can_be_cut_and_served_as_a_dataset(any_problem: Problem) -> None:
    puzzles = any_problem.sample(any_problem.easy, 5)
    assert torch.equal(puzzles[torch.tensor([3, 1])].x, puzzles.x[[3, 1]])
    assert len(puzzles[1:3]) == 2
    dataset = puzzles.dataset()
    assert len(dataset) == 5
    assert torch.equal(dataset[2][1], puzzles.y[2])


def test_a_picture_is_made(any_problem: Problem) -> None:
    picture = any_problem.render(any_problem.sample(any_problem.easy, 1))
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert len(np.unique(picture)) > 1


@pytest.mark.parametrize("level", [0, -3])
def test_levels_below_one_are_refused(any_problem: Problem, level: int) -> None:
    with pytest.raises(UserError):
        any_problem.sample(level, 1)


def test_a_net_answers_in_the_stated_shape_in_train_and_eval(any_net: Thinker) -> None:
    x = inputs_for(any_net, 3)
    with torch.no_grad():
        answers = [any_net.train(mode).read(last_state(any_net, x, steps(any_net, 2))) for mode in (True, False)]
    assert answers[0].shape == (3, CLASSES, *(x.shape[2:] if any_net.ndim else ()))
    assert torch.equal(*answers) or has_batch_norm(any_net)


def test_thoughts_are_numbered_and_changes_are_per_puzzle(any_net: Thinker) -> None:
    x = inputs_for(any_net, 3)
    with torch.inference_mode():
        thoughts = list(think(any_net, x, steps(any_net, 3)))
    assert [thought.iteration for thought in thoughts] == [1, 2, 3][: steps(any_net, 3)]
    assert all(thought.change.shape == (3,) for thought in thoughts)


def test_stopping_and_going_on_is_the_same_as_going_through(any_net: Thinker) -> None:
    x = inputs_for(any_net, 2)
    with torch.no_grad():
        most = steps(any_net, 4)
        through = any_net.features(last_state(any_net, x, most))
        on = any_net.features(last_state(any_net, x, most - 1, last_state(any_net, x, 1)))
    assert torch.equal(through, on)


def test_a_net_does_not_mix_puzzles(any_net: Thinker) -> None:
    x = inputs_for(any_net, 4)
    with torch.no_grad():
        together, alone = (any_net.read(last_state(any_net, part, steps(any_net, 3))) for part in (x, x[2:3]))
    assert torch.allclose(together[2:3], alone, atol=1e-5)


def test_beyond_the_limit_is_refused(any_net: Thinker) -> None:
    if any_net.limit is None:
        return
    x = inputs_for(any_net, 1)
    with pytest.raises(ValueError, match=f"{any_net.limit} steps"):
        think(any_net, x, any_net.limit + 1)
    with pytest.raises(ValueError, match="all of them are done"):
        last_state(any_net, x, 1, last_state(any_net, x, any_net.limit))


def test_recurrent_parameters_are_those_of_the_step(any_net: Thinker) -> None:
    seen = any_net.see(inputs_for(any_net, 2))
    with torch.no_grad():
        state = any_net.start(seen)
    for _ in range(any_net.limit or 1):
        state = any_net.step(state, seen)
    touched = torch.autograd.grad(
        any_net.features(state).sum(), list(any_net.parameters()), allow_unused=True, retain_graph=False
    )
    recurrent = {id(parameter) for parameter in any_net.recurrent_parameters()}
    if not recurrent:
        return
    for parameter, gradient in zip(any_net.parameters(), touched, strict=True):
        assert (gradient is not None) == (id(parameter) in recurrent)


def test_the_receptive_field_is_what_the_gradient_says(any_net: Thinker) -> None:
    """Positive weights let every path through, so that the gradient shows exactly which inputs can matter."""
    if not isinstance(any_net, ConvolutionalThinker):
        return
    with torch.no_grad():
        for parameter in any_net.parameters():
            parameter.fill_(0.01)
    width = any_net.receptive_field(1) + 6
    x = torch.rand(1, 2, *((width,) * any_net.ndim), requires_grad=True)
    middle = (slice(None), slice(None), *((width // 2,) * any_net.ndim))
    any_net.read(last_state(any_net, x, 1))[middle].sum().backward()
    assert x.grad is not None
    line = x.grad.abs().sum(1)[0] if any_net.ndim == 1 else x.grad.abs().sum((1, 2))[0]
    assert int((line > 0).sum()) == any_net.receptive_field(1)


def test_a_net_comes_back_from_its_folder(any_net: Thinker, tmp_path: Path) -> None:
    any_net.save_pretrained(tmp_path)
    x = inputs_for(any_net, 2)
    for again in (Run(tmp_path).model(), type(any_net).from_pretrained(tmp_path).eval()):
        with torch.no_grad():
            answers = [net.read(last_state(net, x, steps(net, 2))) for net in (again, any_net)]
        assert torch.equal(*answers)


@pytest.mark.parametrize("name", registry.names("objectives"))
@pytest.mark.parametrize("iterations", [1, 2, 5])
def test_an_objective_gives_a_loss_with_gradients(name: str, iterations: int) -> None:
    net = small_net("dt_net")
    x, y = torch.randn(3, 2, 7), torch.randint(0, CLASSES, (3, 7))
    for seed in range(5):
        loss, logits = registry.find("objectives", name)().loss(
            net, x, iterations, lambda out: torch.nn.functional.cross_entropy(out, y), np.random.default_rng(seed)
        )
        assert loss.shape == ()
        assert logits.shape == (3, CLASSES, 7)
        net.zero_grad()
        loss.backward()
        assert all(parameter.grad is not None for parameter in net.recurrent_parameters())


@pytest.mark.parametrize("name", registry.names("recipes"))
def test_a_recipe_survives_json_and_builds(name: str) -> None:
    recipe = registry.find("recipes", name)()
    assert recipe.name == name
    assert parse_recipe(recipe.to_json()) == recipe
    net = recipe.model.build(recipe.problem, recipe.seed)
    puzzles = recipe.problem.sample(recipe.curriculum.lowest, 2, repeats=True)
    with torch.no_grad():
        logits = net.read(last_state(net, puzzles.x, steps(net, 2)))
    assert recipe.problem.answer(logits, puzzles).shape == puzzles.y.shape


@pytest.mark.parametrize("name", registry.names("formats"))
def test_a_format_reads_what_it_wrote(name: str, tmp_path: Path) -> None:
    writer, supported = registry.find("formats", name)(), 0
    for problem_name in registry.names("problems"):
        made = problem(problem_name)
        puzzles = made.sample(made.easy, 6, split="train")
        try:
            written = writer.write([puzzles[:4], puzzles[4:]], 6, tmp_path / problem_name)
        except UserError:
            continue  # a format may be for some problems only, and says so
        supported += 1
        assert all(path.is_file() for path in written)
        again: Puzzles = writer.read(made, made.easy, tmp_path / problem_name)
        assert torch.equal(again.x, puzzles.x)
        assert torch.equal(again.y, puzzles.y)
        assert (again.mask is None) == (puzzles.mask is None)
        assert puzzles.mask is None or torch.equal(again.mask, puzzles.mask)
        with pytest.raises(UserError):
            writer.read(made, made.easy, tmp_path / "nowhere")
    assert supported > 0


def test_weights_depend_on_the_seed_alone() -> None:
    made = problem("prefix_sums")
    choice = ModelChoice(name="dt_net", options={"width": 4, "head": (4, 4)})
    weights = [next(choice.build(made, seed).parameters()) for seed in (0, 0, 1)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("name", registry.names("perturbations"))
def test_a_perturbation_of_no_strength_does_nothing_and_a_strong_one_something(name: str) -> None:
    fitting = {"bit_flip": ["prefix_sums"], "move_end": ["mazes"]}.get(name, registry.names("problems"))
    features = torch.rand(4, 3, 7)
    for one in map(problem, fitting):
        puzzles = one.sample(one.easy, 4)
        for strength in (0.0, 1.0):
            perturbation = registry.find("perturbations", name)(strength=strength)
            changed = perturbation.to_puzzles(puzzles, np.random.default_rng(0))
            disturbed = perturbation.to_features(features, np.random.default_rng(0))
            same = torch.equal(changed.x, puzzles.x) and torch.equal(changed.y, puzzles.y)
            assert (same and torch.equal(disturbed, features)) == (strength == 0)
            assert one.correct(changed.y, changed).all()
            assert disturbed.shape == features.shape
    with pytest.raises(ValueError, match="strength"):
        registry.find("perturbations", name)(strength=-1.0)


@pytest.mark.parametrize("scale", ["laptop", "thesis"])
@pytest.mark.parametrize("name", registry.names("experiments"))
def test_an_experiment_is_whole_at_both_scales(name: str, scale: str) -> None:
    function = registry.find("experiments", name)
    experiment = function(scale)
    rows = [row.name for row in experiment.rows]
    readings = [reading.title for reading in experiment.readings]
    assert len(set(rows)) == len(rows)
    assert len(set(readings)) == len(readings)
    assert len({folder_of(row.recipe) for row in experiment.rows}) == len(rows)
    assert {row for reading in experiment.readings for row in reading.published} <= {
        row.name for row in function("thesis").rows
    }
    command = re.search("Command: longthink reproduce ([a-z0-9.-]+)", function.__doc__)
    assert command is not None
    assert registry.find("experiments", command[1]) is function
    with torch.device("meta"):
        nets = [row.recipe.model.build(row.recipe.problem, seed=0) for row in experiment.rows]
    for row, net in zip(experiment.rows, nets, strict=True):
        assert net.limit is None or net.limit >= row.recipe.regime
    for reading in experiment.readings:
        assert 1 <= reading.every <= reading.iterations
        assert 1 <= (reading.fixed or 1) <= reading.iterations
    # Curves that are all the same: every claim can be told from the names that it gives.
    table = pd.DataFrame(
        [
            {"series": row, "reading": reading, "fixed": 1.0, "peak": 1.0, "final": 1.0, "overthinking": 0.0}
            for row in rows
            for reading in readings
        ]
    )
    for claim in experiment.claims:
        assert claim.holds(table) in (True, False)
