"""A device that no machine has, so that what forgets to move its tensors to a GPU fails where there is none."""

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

ELSEWHERE = torch.device("meta")
"""What the device is called: torch knows this name everywhere, and nobody computes there."""
ACROSS = ("aten::copy_", "aten::index.Tensor", "aten::index_put_", "aten::index_put", "aten::_index_put_impl_")
"""Operations that GPUs take tensors of the CPU for: what is copied, and which positions."""
READS = ("aten::_local_scalar_dense", "aten::equal", "aten::is_nonzero", "aten::nonzero", "aten::masked_select")
"""Operations whose caller waits until a GPU has done all that was asked of it before."""


class There(Tensor):
    """A tensor that says it is elsewhere, around one of the CPU that has its numbers."""

    here: Tensor

    @staticmethod
    def __new__(cls, here: Tensor) -> "There":
        with torch.inference_mode(False):  # in which the views of weights are no tensors of inference
            there: There = Tensor._make_wrapper_subclass(
                cls, here.size(), here.stride(), here.storage_offset(), dtype=here.dtype, device=ELSEWHERE
            )
        there.here = here
        return there

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    def tolist(self) -> Any:
        """As of a tensor on a GPU; torch's own does not know tensors like this one."""
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        raise RuntimeError(f"{func} was asked of a tensor that is elsewhere, after the test of it was over")


class Elsewhere(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Within it, `.to(ELSEWHERE)` moves tensors and nets to a device that computes as the CPU does, to the last bit.

    As on a GPU, tensors of the CPU do not meet those that are there, but for single numbers. `waited` has the names of
    the operations that brought something back, so that whoever asked had to wait.

    >>> with Elsewhere() as device:
    ...     there = torch.ones(3).to(ELSEWHERE)
    ...     float((there + 1).sum()), device.waited
    ...     there + torch.ones(3)
    Traceback (most recent call last):
    RuntimeError: aten::add.Tensor: some of its tensors are on the CPU and some elsewhere
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.waited: list[str] = []
        self._before: list[bool] = []

    def __enter__(self) -> "Elsewhere":
        self._before.append(torch.__future__.get_overwrite_module_params_on_conversion())
        torch.__future__.set_overwrite_module_params_on_conversion(True)  # a change in place misses the tensor within
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)  # type: ignore[no-untyped-call]
        torch.__future__.set_overwrite_module_params_on_conversion(self._before.pop())

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, kwargs = func.name(), dict(kwargs or {})
        if func._can_decompose():  # what is done by other operations, which come here again
            with self:
                return func.decompose(*args, **kwargs)
        tensors: list[Tensor] = []
        tree_map(lambda one: tensors.append(one) if isinstance(one, Tensor) else None, (args, kwargs))
        there = [tensor for tensor in tensors if isinstance(tensor, There)]
        staying = [tensor for tensor in tensors if not isinstance(tensor, There) and tensor.ndim > 0]
        if there and staying and not name.startswith(ACROSS):
            raise RuntimeError(f"{name}: some of its tensors are on the CPU and some elsewhere")
        decide = tensors[:1] if name == "aten::copy_" else there
        where = torch.device(kwargs.get("device") or (decide[0].device if decide else "cpu"))
        if "device" in kwargs:
            kwargs["device"] = torch.device("cpu")
        if there and (name.startswith(READS) or where != ELSEWHERE):
            self.waited.append(name)
        wrapped = {id(tensor.here): tensor for tensor in there}
        made = func(*_here(args), **_here(kwargs))

        def back(one: Any) -> Any:
            if id(one) in wrapped:  # a tensor that was written to
                return wrapped[id(one)]
            return There(one) if isinstance(one, Tensor) and where == ELSEWHERE else one

        return tree_map(back, made)


def _here(tree: Any) -> Any:
    return tree_map(lambda one: one.here if isinstance(one, There) else one, tree)
