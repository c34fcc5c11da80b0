"""What a net promises."""

import copy
import inspect
import io
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from longthink import registry
from longthink.contracts import Spec, Thinker, each_tensor
from longthink.testing._run import Check, NotTested, all_of, refused, same
from longthink.thinking.loop import last_state, think
from longthink.training.runs import Run


def check_model(
    cls: type[Thinker], specs: Iterable[Spec] | None = None, x: Any = None, **options: Any
) -> dict[str, str]:
    """All that a net promises, for each spec that it says it is for, or those given. What is not tested.

    Args:
        cls: the net's class.
        specs: what to make it for.
        x: inputs (B, ...) of at least 3 puzzles, where the spec's example is none for it.
        options: of its constructor, to make it small.
    """
    untested: dict[str, str] = {}
    for spec in cls.specs() if specs is None else specs:
        untested |= all_of(MODEL, Net(cls, spec, options, x))
    return untested


class Net:
    """A net's class with what it is to be made for: what the checks of nets take."""

    def __init__(self, cls: type[Thinker], spec: Spec, options: Mapping[str, Any] | None = None, x: Any = None):
        self.cls, self.spec, self.options, self.x = cls, spec, dict(options or {}), x

    def make(self, seed: int = 0) -> Thinker:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            made: Thinker = self.cls(self.spec, **self.options).eval()
        return made

    def inputs(self, count: int) -> Any:
        if self.x is None:
            return self.spec.example(count)
        return each_tensor(self.x, lambda tensor: tensor[:count])

    def steps(self, wanted: int) -> int:
        limit = self.make().limit
        return wanted if limit is None else min(wanted, limit)

    def output(self, net: Thinker, x: Any, steps: int) -> Any:
        with torch.no_grad():
            return net.read(last_state(net, x, steps))


def _leaves(output: Any) -> tuple[Tensor, ...]:
    return (output,) if isinstance(output, Tensor) else tuple(output)


def _a_net_says_what_it_is(net: Net) -> None:
    assert inspect.getdoc(net.cls), "a net has a docstring, whose first line is listed"


def _it_answers_in_the_stated_shape_in_train_and_eval(net: Net) -> None:
    made, x = net.make(), net.inputs(3)
    answers = [net.output(made.train(mode), x, net.steps(2)) for mode in (True, False)]
    shape = net.spec.output_shape(x)
    assert _leaves(answers[0])[0].shape == shape, f"an output has the shape {shape}"
    if any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in made.modules()):
        raise NotTested("batch norm answers otherwise in training")
    pairs = zip(_leaves(answers[0]), _leaves(answers[1]), strict=True)
    assert all(torch.allclose(*pair, atol=1e-4) for pair in pairs), "it answers the same in training and in evaluation"


def _thoughts_are_numbered_and_changes_are_of_each_puzzle(net: Net) -> None:
    made, x, steps = net.make(), net.inputs(3), net.steps(3)
    with torch.inference_mode():
        thoughts = list(think(made, x, steps))
    assert [thought.iteration for thought in thoughts] == list(range(1, steps + 1))
    assert all(thought.change.shape == (3,) for thought in thoughts)


def _to_stop_and_go_on_is_to_go_through(net: Net) -> None:
    made, x, most = net.make(), net.inputs(2), net.steps(4)
    with torch.no_grad():
        through = made.features(last_state(made, x, most))
        on = made.features(last_state(made, x, most - 1, last_state(made, x, 1)))
    assert torch.equal(through, on)


def _puzzles_are_not_mixed(net: Net) -> None:
    made, x = net.make(), net.inputs(3)
    together = _leaves(net.output(made, x, net.steps(3)))[0][1:2]
    alone = _leaves(net.output(made, each_tensor(x, lambda tensor: tensor[1:2]), net.steps(3)))[0]
    assert torch.allclose(together, alone, atol=1e-4), "a puzzle is answered the same alone and among others"


def _features_are_a_view_of_the_state(net: Net) -> None:
    made, x = net.make(), net.inputs(2)
    with torch.no_grad():
        state = last_state(made, x, net.steps(1))
        features = made.features(state)
        assert len(features) == 2
        again = made.with_features(state, features)
        assert same(_leaves(made.read(again)), _leaves(made.read(state)))
        other = made.with_features(state, features + 1)
        assert torch.equal(made.features(other), features + 1)
        assert torch.equal(made.features(state), features), "the state itself is left as it is"


def _beyond_the_limit_is_refused(net: Net) -> None:
    made, x = net.make(), net.inputs(1)
    limit = made.limit
    if limit is None:
        raise NotTested("the net may repeat its step for ever")
    refused(lambda: think(made, x, limit + 1), "more iterations than the limit")
    with torch.no_grad():
        refused(lambda: last_state(made, x, 1, last_state(made, x, limit)), "one step beyond the limit")


def _recurrent_parameters_are_those_of_the_step(net: Net) -> None:
    made, x = net.make(), net.inputs(2)
    recurrent = {id(parameter) for parameter in made.recurrent_parameters()}
    if not recurrent:
        raise NotTested("the net names no recurrent parameters")
    with torch.no_grad():
        seen = made.see(x)
        state = made.start(seen)
    for _ in range(made.limit or 1):
        state = made.step(state, seen)
    parameters = list(made.parameters())
    touched = torch.autograd.grad(made.features(state).sum(), parameters, allow_unused=True)
    for parameter, gradient in zip(parameters, touched, strict=True):
        assert (gradient is not None) == (id(parameter) in recurrent)


def _every_parameter_learns(net: Net) -> None:
    made, x = net.make().train(), net.inputs(4)
    state = last_state(made, x, made.limit or 2)
    leaves = (*_leaves(made.read(state)), *([made.halt(state)] if made.halts else []))
    sum(leaf.square().sum() for leaf in leaves).backward()  # type: ignore[union-attr]
    unused = [name for name, parameter in made.named_parameters() if parameter.grad is None]
    assert not unused, f"no gradient reaches {', '.join(unused)}"


def _it_comes_back_from_its_folder(net: Net) -> None:
    made, x = net.make(), net.inputs(2)
    registry.check_known(net.cls)
    with tempfile.TemporaryDirectory() as folder:
        made.save_pretrained(folder)
        with redirect_stdout(io.StringIO()):  # the hub's library says where it loads from
            both = Run(Path(folder)).model(), net.cls.from_pretrained(folder).eval()
        for again in both:
            answers = [net.output(one, x, net.steps(2)) for one in (again, made)]
            assert same(_leaves(answers[0]), _leaves(answers[1])), "it answers as before when it is loaded again"


def _a_copy_is_a_net_of_its_own(net: Net) -> None:
    made, x = net.make(), net.inputs(2)
    twin = copy.deepcopy(made)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    before = net.output(made, x, net.steps(2))
    assert same(_leaves(before), _leaves(net.output(net.make(), x, net.steps(2))))
    assert not same(_leaves(before), _leaves(net.output(twin, x, net.steps(2)))), "a copy uses its own weights"


def _it_says_when_it_has_not_learned_to_halt(net: Net) -> None:
    made, x = net.make(), net.inputs(2)
    with torch.no_grad():
        state = last_state(made, x, net.steps(1))
        if not made.halts:
            refused(lambda: made.halt(state), "to say when to stop, of a net that does not learn it,")
            return
        halts = made.halt(state)
    assert halts.shape == (2,)
    assert 0 <= halts.min() <= halts.max() <= 1


MODEL: tuple[Check, ...] = (
    _a_net_says_what_it_is,
    _it_answers_in_the_stated_shape_in_train_and_eval,
    _thoughts_are_numbered_and_changes_are_of_each_puzzle,
    _to_stop_and_go_on_is_to_go_through,
    _puzzles_are_not_mixed,
    _features_are_a_view_of_the_state,
    _beyond_the_limit_is_refused,
    _recurrent_parameters_are_those_of_the_step,
    _every_parameter_learns,
    _it_comes_back_from_its_folder,
    _a_copy_is_a_net_of_its_own,
    _it_says_when_it_has_not_learned_to_halt,
)
"""Takes a `Net` each."""
