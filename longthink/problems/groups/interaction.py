"""What of an answer comes from all elements together, and what would be there if one of them were not looked at.

The function of a two-layer net on k elements is the sum of two parts (Marchetti et al. 2026, arXiv 2602.03655, section
4). For one neuron, w (z_1 + ... + z_k)^k with z_j = <u_j, x_j>,

    f = f(x) + f(+),    f(x) = k! w z_1 z_2 ... z_k,

and f(+) is all other terms: each takes some z_j twice or more, and so misses another element. For k = 2 that is
(a + b)^2 = 2ab + (a^2 + b^2). The mean of an encoding over the group is 0, so the mean of z_j is, too; and given all
elements but one, the product is any element, equally often. So f(x), and the products' encodings, have mean 0 over
each element with the others held; what misses an element is orthogonal to both, and can only add to the loss. Hence

    loss(f) = loss(f(x)) + half the power of f(+),

and whatever never multiplies all elements, like a net without a nonlinearity, has at least the loss of saying 0.
f(x) is the interaction of highest order of an analysis of variance, and is found in any function so.
"""

from torch import Tensor


def interaction(outputs: Tensor, order: int) -> Tensor:
    """The part f(x) of a function of k elements of a group; the rest, outputs - f(x), is f(+).

    `outputs` (n^k, K) are those for all sequences, as `GroupComposition` lists them with `exhaustive`; n is the `order`
    of the group. The same shape is returned.

    >>> import torch
    >>> interaction(torch.tensor([[1.0], [3.0], [5.0], [7.0]]), order=2).flatten().tolist()  # a sum of two
    [0.0, 0.0, 0.0, 0.0]
    >>> interaction(torch.tensor([[1.0], [-1.0], [-1.0], [1.0]]), order=2).flatten().tolist()  # a product
    [1.0, -1.0, -1.0, 1.0]
    """
    length, rest = 0, len(outputs)
    while rest > 1:
        length, rest = length + 1, rest // order
    together = outputs.reshape(*[order] * length, -1)
    for element in range(length):
        together = together - together.mean(element, keepdim=True)
    return together.reshape(outputs.shape)
