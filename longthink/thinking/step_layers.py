"""What one step of a grid net is made of: convolutions, and work on one position at a time between them.

The step is recorded by running it once, so nothing is asked of the net: however it is written, what is left are torch's
own operations, and each is a convolution, or pointwise, or neither.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, fx
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from longthink.base.errors import UserError


class NotLocal(UserError):
    """A step that looks everywhere, or in a way that is not understood."""


class _Recorded(NamedTuple):
    """The arguments of a recorded convolution."""

    source: fx.Node
    weight: fx.Node
    bias: fx.Node | None
    stride: Sequence[int]
    padding: Sequence[int]
    dilation: Sequence[int]
    transposed: bool
    output_padding: Sequence[int]
    groups: int

    @property
    def keeps_shape(self) -> bool:
        """Whether its output has the positions of its input, each computed from those around it."""
        kernel = _shape(self.weight)[2:]
        reach = tuple(size // 2 * along for size, along in zip(kernel, self.dilation, strict=True))
        odd = all(size % 2 for size in kernel)
        return odd and not self.transposed and set(self.stride) == {1} and tuple(self.padding) == reach


def _shape(node: fx.Node) -> torch.Size:
    shape: torch.Size = node.meta["val"].shape
    return shape


def _as_convolution(node: fx.Node) -> _Recorded | None:
    return _Recorded(*cast(Any, node.args)) if node.target is torch.ops.aten.convolution.default else None


@dataclass(eq=False)
class Plane:
    """Features (B, `width`, H, Y) that layers read. `fixed`: what they are, where no iteration changes them."""

    width: int
    fixed: Tensor | None = None


@dataclass(eq=False)
class Convolution:
    """How a layer looks at the positions around each: `weight` (out, in, h, y), `bias` (out,), `dilation` (2,)."""

    weight: Tensor
    bias: Tensor
    dilation: Sequence[int]

    @property
    def taps(self) -> Iterator[tuple[int, int]]:
        """Where each weight of (h, y) looks from a position, down and across."""
        down, across = (
            range(-(size // 2) * along, size // 2 * along + 1, along)
            for size, along in zip(self.weight.shape[2:], self.dilation, strict=True)
        )
        return product(down, across)


class Sum(NamedTuple):
    """What a layer does with what it has convolved: it adds all planes beside, and may rectify."""

    rectified: bool


@dataclass(eq=False)
class Layer:
    """A convolution and the pointwise operations after it; before the first convolution, only pointwise ones.

    For N positions, `finish` takes the features (N, W, 1, 1) that the `convolution` made of the plane that it
    `looks_at`, if there is one, then those (N, W, 1, 1) of each plane `beside`, and returns a list of those
    (N, W, 1, 1) of each plane that the layer `makes`. Most layers are sums, for which it only says so.
    """

    convolution: Convolution | None
    looks_at: Plane | None
    beside: list[Plane]
    makes: list[Plane]
    finish: Sum | fx.GraphModule


@dataclass(eq=False)
class StepLayers:
    """A step as layers, in order. The first ones read the plane `state`; the last one makes it anew."""

    state: Plane
    layers: list[Layer]


def step_layers(step: Callable[[Tensor], Tensor], state: Tensor) -> StepLayers:
    """Record one step from a state (B, W, H, Y).

    Raises NotLocal for an operation that is neither a convolution that keeps the shape nor pointwise.

    >>> net = torch.nn.Sequential(torch.nn.Conv2d(4, 4, 3, padding=1), torch.nn.ReLU())
    >>> seen = torch.rand(1, 4, 9, 9)
    >>> step = step_layers(lambda state: net(state) + seen, torch.rand(1, 4, 9, 9))
    >>> [list(layer.convolution.taps)[0] for layer in step.layers]
    [(-1, -1)]
    """
    state = state.detach()  # a tensor of its own, even where a net starts from what it sees
    recorder = _Recorder(state)
    with torch.no_grad(), recorder:
        result = torch.func.functionalize(lambda state: step(state), remove="mutations")(state)
    return _Recording(recorder, state, result).layers()


def _refused(operation: torch._ops.OpOverload) -> NotLocal:
    return NotLocal(
        f"This net cannot think locally: through {operation} a position may depend on all others; use think()."
    )


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Writes down what is computed from a state: the other tensors that this takes are `known`."""

    def __init__(self, state: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.graph = fx.Graph()
        self.known: dict[fx.Node, Tensor] = {}
        self.nodes: dict[int, fx.Node] = {}
        self.kept: list[Tensor] = []
        self.start = self._named(state, self.graph.placeholder("state"))

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """torch asks: to skip its compiler would be to import it first, which takes longer than all the rest."""
        return False

    def __torch_dispatch__(self, operation: Any, kinds: Any, arguments: Any = (), named: Any = None) -> Any:
        named = named or {}
        if operation._can_decompose():
            with self:
                return operation.decompose(*arguments, **named)
        if torch.Tag.nondeterministic_seeded in operation.tags:
            raise _refused(operation)
        result = operation(*arguments, **named)
        leaves = pytree.tree_leaves((arguments, named))
        if any(id(leaf) in self.nodes and self.nodes[id(leaf)] not in self.known for leaf in leaves):
            if not isinstance(result, Tensor):
                raise _refused(operation)
            taken = pytree.tree_map_only(Tensor, self._node, (arguments, named))
            self._named(result, self.graph.call_function(operation, *taken))
        return result

    def _node(self, tensor: Tensor) -> fx.Node:
        if id(tensor) not in self.nodes:
            node = self.graph.get_attr(f"known{len(self.known)}")
            self.known[self._named(tensor, node)] = tensor.detach()
        return self.nodes[id(tensor)]

    def _named(self, tensor: Tensor, node: fx.Node) -> fx.Node:
        self.kept.append(tensor)  # so that no other has its id
        self.nodes[id(tensor)] = node
        node.meta["val"] = tensor
        return node


class _Recording:
    """The operations of a step, sorted by the last convolution before each: `home`, 0 where there is none yet."""

    def __init__(self, recorder: _Recorder, state: Tensor, result: Tensor):
        self.batch, self.positions = state.shape[0], state.shape[2:]
        self.start, self.known = recorder.start, recorder.known
        self.home: dict[fx.Node, int] = {self.start: 0}
        self.members: list[list[fx.Node]] = [[]]
        end = recorder.nodes.get(id(result))
        if end is None or end is self.start or end in self.known or result.shape != state.shape:
            raise NotLocal("This net cannot think locally: its step does not make a state from a state; use think().")
        self.result = end
        recorder.graph.output(end)
        recorder.graph.eliminate_dead_code()
        for node in recorder.graph.nodes:
            if node.op == "call_function":
                self._place(node)

    def _place(self, node: fx.Node) -> None:
        operation = cast(torch._ops.OpOverload, node.target)
        convolution = _as_convolution(node)
        moving = [argument for argument in node.all_input_nodes if argument in self.home]
        if convolution is not None and convolution.keeps_shape and moving == [convolution.source]:
            self.home[node] = len(self.members)
            self.members.append([node])
        elif self._is_pointwise(operation, node):
            self.home[node] = max(self.home[argument] for argument in moving)
            self.members[self.home[node]].append(node)
        else:
            raise _refused(operation)

    def _is_pointwise(self, operation: torch._ops.OpOverload, node: fx.Node) -> bool:
        joins_channels = operation is torch.ops.aten.cat.default and node.args[1:] == (1,)
        if torch.Tag.pointwise not in operation.tags and not joins_channels:
            return False
        batch, _, *positions = _shape(node)
        inputs = [self.known[argument] for argument in node.all_input_nodes if argument in self.known]
        return (batch, torch.Size(positions)) == (self.batch, self.positions) and all(
            self._is_plane(value) or _is_same_everywhere(value) for value in inputs
        )

    def _is_plane(self, value: Tensor) -> bool:
        return value.ndim == 4 and value.shape[2:] == self.positions

    def layers(self) -> StepLayers:
        planes = {self.start: Plane(_shape(self.start)[1])}
        planes[self.result] = planes[self.start]
        layers = [self._layer(nodes, planes) for nodes in self.members if nodes]
        return StepLayers(planes[self.start], layers)

    def _layer(self, nodes: list[fx.Node], planes: dict[fx.Node, Plane]) -> Layer:
        """One layer of `nodes`. Adds the planes that it makes to `planes`, and the fixed ones that it reads."""
        recorded = _as_convolution(nodes[0])
        pointwise = nodes if recorded is None else nodes[1:]
        beside: dict[fx.Node, Plane] = {}
        for argument in _arguments(pointwise):
            if argument in self.known and self._is_plane(self.known[argument]):
                fixed = self.known[argument].expand(self.batch, -1, -1, -1)
                planes.setdefault(argument, Plane(fixed.shape[1], fixed))
            if argument in planes and argument not in nodes:
                beside[argument] = planes[argument]
        made = [node for node in nodes if node is self.result or any(user not in nodes for user in node.users)]
        finish = self._sum(nodes, beside, made) or self._pointwise(nodes, beside, made)
        for node in made:
            planes.setdefault(node, Plane(_shape(node)[1]))
        return Layer(
            convolution=None if recorded is None else self._convolution(recorded),
            looks_at=None if recorded is None else planes[recorded.source],
            beside=list(beside.values()),
            makes=[planes[node] for node in made],
            finish=finish,
        )

    def _convolution(self, recorded: _Recorded) -> Convolution:
        """One whose every output sees every input, with zeros where a group is not seen."""
        weight, groups = self.known[recorded.weight], recorded.groups
        outputs, inputs = len(weight), weight.shape[1]
        dense = weight.new_zeros(outputs, groups * inputs, *weight.shape[2:])
        for group, part in enumerate(weight.chunk(groups)):
            dense[group * len(part) : (group + 1) * len(part), group * inputs : (group + 1) * inputs] = part
        bias = weight.new_zeros(outputs) if recorded.bias is None else self.known[recorded.bias]
        return Convolution(dense, bias, recorded.dilation)

    def _sum(self, nodes: list[fx.Node], beside: dict[fx.Node, Plane], made: list[fx.Node]) -> Sum | None:
        """What a layer is if, after its convolution, it only adds each plane beside, and then may rectify."""
        if _as_convolution(nodes[0]) is None or made != nodes[-1:]:
            return None
        rectified = nodes[-1].target is torch.ops.aten.relu.default
        added = []
        for before, node in pairwise(nodes[:-1] if rectified else nodes):
            others = [argument for argument in node.all_input_nodes if argument is not before]
            is_sum = node.target is torch.ops.aten.add.Tensor and not node.kwargs
            if not is_sum or before not in node.args or len(others) != 1:
                return None
            added += others
        widths = {plane.width for plane in beside.values()} | {_shape(nodes[0])[1]}
        return Sum(rectified) if added == list(beside) and len(widths) == 1 else None

    def _pointwise(self, nodes: list[fx.Node], beside: dict[fx.Node, Plane], made: list[fx.Node]) -> fx.GraphModule:
        """The graph of what follows the convolution of a layer."""
        graph, copies, constants = fx.Graph(), dict[fx.Node, fx.Node](), dict[str, Tensor]()
        convolved = nodes[:1] if _as_convolution(nodes[0]) is not None else []
        for node in [*convolved, *beside]:
            copies[node] = graph.placeholder(node.name)
        for argument in _arguments(nodes[len(convolved) :]):
            if argument in self.known and argument not in beside:
                constants[argument.name] = self.known[argument]
                copies[argument] = graph.get_attr(argument.name)
        for node in nodes[len(convolved) :]:
            copies[node] = graph.node_copy(node, copies.__getitem__)
        graph.output([copies[node] for node in made])
        return fx.GraphModule(constants, graph)


def _arguments(nodes: list[fx.Node]) -> Iterable[fx.Node]:
    """What nodes are computed from, each once."""
    return dict.fromkeys(argument for node in nodes for argument in node.all_input_nodes)


def _is_same_everywhere(value: Tensor) -> bool:
    return set(value.shape[-2:]) <= {1} and set(value.shape[:-3]) <= {1}
