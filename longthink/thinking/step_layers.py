"""What one step of a grid net is made of: convolutions, and work on one position at a time between them.

The step is recorded by running it once, so nothing is asked of the net: however it is written, what is left are torch's
own operations, and each is a convolution, or pointwise, or neither.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, fx
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.node import map_arg

from longthink.base.errors import UserError


class NotLocal(UserError):
    """A step that looks everywhere, or in a way that is not understood."""


class _Convolution(NamedTuple):
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
    def kernel(self) -> Sequence[int]:
        return tuple(_shape(self.weight)[2:])

    @property
    def reach(self) -> tuple[int, int]:
        """How many positions away it looks, down and across."""
        down, across = (size // 2 * along for size, along in zip(self.kernel, self.dilation, strict=True))
        return down, across

    @property
    def keeps_shape(self) -> bool:
        """Whether its output has the positions of its input, each computed from those around it."""
        odd = all(size % 2 for size in self.kernel)
        return odd and not self.transposed and set(self.stride) == {1} and tuple(self.padding) == self.reach


PADDING = _Convolution._fields.index("padding")


def _shape(node: fx.Node) -> torch.Size:
    shape: torch.Size = node.meta["val"].shape
    return shape


def _as_convolution(node: fx.Node) -> _Convolution | None:
    return _Convolution(*cast(Any, node.args)) if node.target is torch.ops.aten.convolution.default else None


@dataclass(eq=False)
class Plane:
    """Features (B, `width`, H, Y) that layers read. `fixed`: what they are, where no iteration changes them."""

    width: int
    fixed: Tensor | None = None


@dataclass(eq=False)
class Layer:
    """A convolution and the pointwise operations after it; before the first convolution, only pointwise ones.

    For N tiles of h by y positions, `compute` takes the features (N, W, h + 2 * reach[0], y + 2 * reach[1]) of what
    the convolution looks at, if there is one, then those (N, W, h, y) of each plane `beside`, and returns a list of
    those (N, W, h, y) of each plane that the layer `makes`.
    """

    reach: tuple[int, int]
    looks_at: Plane | None
    beside: list[Plane]
    makes: list[Plane]
    compute: fx.GraphModule


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
    >>> [layer.reach for layer in step.layers]
    [(1, 1)]
    """
    with torch.no_grad():
        functional = torch.func.functionalize(lambda state: step(state), remove="mutations")
        module = make_fx(functional)(state.detach())  # a tensor of its own, even where a net starts from what it sees
    module.graph.eliminate_dead_code()
    return _Recording(module, state).layers()


class _Recording:
    """The operations of a step, sorted by the last convolution before each: `home`, 0 where there is none yet.

    `known` are the results that do not depend on the state.
    """

    def __init__(self, module: fx.GraphModule, state: Tensor):
        self.batch, self.positions = state.shape[0], state.shape[2:]
        (self.start,) = module.graph.find_nodes(op="placeholder")
        self.known: dict[fx.Node, Tensor] = {}
        self.home: dict[fx.Node, int] = {self.start: 0}
        self.members: list[list[fx.Node]] = [[]]
        for node in module.graph.nodes:
            if node.op == "get_attr":
                self.known[node] = getattr(module, node.target)
            elif node.op == "call_function":
                self._place(node)
        (self.result,) = module.graph.output_node().all_input_nodes
        if self.home.get(self.result) != len(self.members) - 1 or self.result is self.start:
            raise NotLocal("This net cannot think locally: its step does not make a state from a state; use think().")

    def _place(self, node: fx.Node) -> None:
        operation = cast(torch._ops.OpOverload, node.target)
        convolution = _as_convolution(node)
        moving = [argument for argument in node.all_input_nodes if argument in self.home]
        if not moving and torch.Tag.nondeterministic_seeded not in operation.tags:
            with torch.no_grad():
                self.known[node] = operation(*self._filled(node.args), **self._filled(node.kwargs))
        elif convolution is not None and convolution.keeps_shape and moving == [convolution.source]:
            self.home[node] = len(self.members)
            self.members.append([node])
        elif self._is_pointwise(operation, node):
            self.home[node] = max(self.home[argument] for argument in moving)
            self.members[self.home[node]].append(node)
        else:
            raise NotLocal(
                f"This net cannot think locally: through {operation} a position may depend on all others; use think()."
            )

    def _filled(self, arguments: Any) -> Any:
        return map_arg(arguments, lambda node: self.known[node])

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
        graph, copies = fx.Graph(), dict[fx.Node, fx.Node]()
        convolution, pointwise = _as_convolution(nodes[0]), nodes
        if convolution is not None:
            window, pointwise = graph.placeholder("window"), nodes[1:]
        beside = []
        for argument in _arguments(pointwise):
            if argument in self.known and self._is_plane(self.known[argument]):
                fixed = self.known[argument].expand(self.batch, -1, -1, -1)
                planes.setdefault(argument, Plane(fixed.shape[1], fixed))
            if argument in planes and argument not in nodes:
                beside.append(planes[argument])
                copies[argument] = graph.placeholder(argument.name)
        constants = {}
        for argument in _arguments(nodes):
            if argument in self.known and argument not in planes:
                constants[argument.name] = self.known[argument]
                copies[argument] = graph.get_attr(argument.name)
        if convolution is not None:
            copies[nodes[0]] = graph.node_copy(
                nodes[0], lambda node: window if node is convolution.source else copies[node]
            )
            copies[nodes[0]].update_arg(PADDING, [0, 0])  # the window brings its surroundings along
        for node in pointwise:
            copies[node] = graph.node_copy(node, copies.__getitem__)
        made = [node for node in nodes if node is self.result or any(user not in nodes for user in node.users)]
        graph.output([copies[node] for node in made])
        for node in made:
            planes.setdefault(node, Plane(_shape(node)[1]))
        return Layer(
            reach=(0, 0) if convolution is None else convolution.reach,
            looks_at=None if convolution is None else planes[convolution.source],
            beside=beside,
            makes=[planes[node] for node in made],
            compute=fx.GraphModule(constants, graph),
        )


def _arguments(nodes: list[fx.Node]) -> Iterable[fx.Node]:
    """What nodes are computed from, each once."""
    return dict.fromkeys(argument for node in nodes for argument in node.all_input_nodes)


def _is_same_everywhere(value: Tensor) -> bool:
    return set(value.shape[-2:]) <= {1} and set(value.shape[:-3]) <= {1}
