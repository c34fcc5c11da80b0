"""Nets that others trained, as runs: checkpoints of the field's two code bases become a folder like that of any run.

deep-thinking (github.com/aks2203/deep-thinking; dissertation, sections 4.2 and 5.3.1) and easy-to-hard, which came
before it, name their weights like this, with `module.` in front where they were trained in parallel. W is the width, C
the channels of the input; convolutions are (out, in, 3) for strings and (out, in, 3, 3) for grids.

    deep-thinking                           easy-to-hard                   here
    projection.0                            conv1                          projection.0
    recur_block.0 (W, W + C, ...)                                          block.recall
    recall_layer, one for all blocks                                       blocks.I.recall
    recur_block.R.J.conv1 and .conv2        recur_block.0.J.conv1 ...      block.pairs.J.first.0 and .second.0
    feedforward_layers.I.0.J.conv1 ...      recur_block.I.J.conv1 ...      blocks.I.pairs.J.first.0 ...
    head.0, head.2, head.4                  conv2, conv3, conv4            head.0, head.2, head.4
"""

import hashlib
import pickle
import re
import struct
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import torch
from torch import Tensor

from longthink import registry
from longthink.base.errors import UserError
from longthink.base.files import atomic_folder, check_writable
from longthink.contracts import Objective, Problem, Spec
from longthink.objectives.final import Final
from longthink.plugin_options import chosen
from longthink.registry import register
from longthink.training.recipe import Recipe, net
from longthink.training.runs import Run
from longthink.training.supervised import Curriculum, PuzzleLessons, Supervised
from longthink.training.task import Task

OF_FIELD = ("prefix_sums", "mazes", "chess_puzzles")
"""The field's problems. Which of them a net is for, its input says."""
REGIME = 30
"""Iterations in training of the nets that the field's papers print, on a problem's easy level."""
NOT_KNOWN = "How this net was trained is not known. Of this recipe, task.problem and model hold; the rest says nothing."
WRAPPERS = ("module.", "_orig_mod.")
"""What names of weights begin with where a net was trained in parallel, or compiled."""
HOLDERS = ("net", "state_dict", "model_state_dict", "model")
"""Where in a checkpoint the weights may be, if they are not all of it."""
ENTRY = re.compile(r"projection\.0|conv1")
HEAD = re.compile(r"head\.(?P<new>[024])|conv(?P<old>[234])")
RECALL = re.compile(r"recur_block\.0|recall_layer")
PAIR = re.compile(
    r"(?:recur_block\.(?P<old>\d{1,6})|feedforward_layers\.(?P<new>\d{1,6})\.0)\.(?P<pair>\d)\.conv(?P<which>[12])"
)
DAMAGED = (
    *(RuntimeError, OSError, EOFError, ValueError, TypeError, AttributeError, LookupError, AssertionError),
    *(ArithmeticError, MemoryError, struct.error, zipfile.BadZipFile),
)
"""What torch raises for damaged checkpoints."""


@register
class TrainedElsewhere(Supervised, Task):
    """A net that others trained, and that was converted: it is tested and put to work, not trained.

    How it was trained is not known: of a recipe with this task, the problem and the net hold, the rest says nothing.
    `file` is the checkpoint's name, `sha256` its digest, `epoch` the one that it says it is of. `curriculum` says which
    level, and how many iterations, commands look at where none is asked for: those of the field's papers.

    >>> task = TrainedElsewhere(problem="mazes", curriculum={"lowest": 9, "highest": 9, "iterations": 30})
    >>> task.note
    'How this net was trained is not known. Of this recipe, task.problem and model hold; the rest says nothing.'
    """

    objective: Annotated[Objective, *chosen("objectives")] = Final()
    file: str = ""
    sha256: str = ""
    epoch: int | None = None
    note: str = NOT_KNOWN

    def begin(self, recipe: Recipe) -> PuzzleLessons:
        raise UserError(
            f"{recipe.name} was converted from {self.file}, and how it was trained is not known; test it, or train a"
            " recipe from `longthink list recipes`."
        )


class _Found(NamedTuple):
    """What the names and shapes of weights tell of a net, and the weights by the names that they have here."""

    model: str
    options: Mapping[str, Any]
    ndim: int
    inputs: int
    weights: Mapping[str, Tensor]


def convert(path: Path, folder: Path, problem: str | None = None, changes: Mapping[str, Any] | None = None) -> Run:
    """A run with the net of a checkpoint of deep-thinking or easy-to-hard. Nothing in the file is executed.

    Which net it is, how wide, and whether it has recall, names and shapes of its weights tell.

    Args:
        path: what torch.save wrote: weights by name, or a dictionary that has them as `net`.
        folder: of the run, which must not be there yet.
        problem: the name of the one that the net is for; by default that of the field's with such an input.
        changes: options of the recipe that weights do not tell: {"model.norm": "inside"} for a net with group norm.

    Raises:
        UserError: the folder is in use; the file is missing, damaged, or holds more than tensors and plain values; it
            has other weights than these nets, or some that are no numbers; the problem has another input.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} exists already; choose another folder.")
    check_writable(folder)
    checkpoint = _load(path)
    found = _found(_weights(checkpoint, path), path)
    name = problem or _problem_of(found, path)
    built = registry.build("problems", name, {})
    epoch = checkpoint.get("epoch")
    curriculum = Curriculum(lowest=built.easy, highest=built.easy, iterations=found.options.get("limit", REGIME))
    task = TrainedElsewhere(
        problem=built,
        curriculum=curriculum,
        file=path.name,
        sha256=_digest(path),
        epoch=epoch if type(epoch) is int else None,
    )
    recipe = Recipe(name=folder.name, task=task, model=net(found.model, **found.options), steps=1)
    recipe = recipe.revised(changes or {})
    _check_for(recipe.problem, found, path)
    _check_shapes(recipe, found.weights, path)
    model = recipe.build()
    model.load_state_dict({name: weight.float() for name, weight in found.weights.items()})
    recipe.check_loadable()
    with atomic_folder(folder) as partial:
        (partial / "recipe.json").write_text(recipe.to_json())
        Run(partial).save_model(model)
    return Run(folder)


def _load(path: Path) -> dict[Any, Any]:
    """The dictionary in a file of torch.save, its tensors still in the file. Never runs pickled code."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        if any("/code/" in member.filename for member in members):
            raise UserError(f"{path} is a TorchScript program, not weights; save the net's state_dict instead.")
        if sum(member.file_size for member in members) > path.stat().st_size:
            raise UserError(f"{path} is packed, which torch.save never does; save the weights again.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd numbers in damaged files
            checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except UserError:
        raise
    except FileNotFoundError as error:
        raise UserError(f"There is no file {path}.") from error
    except pickle.UnpicklingError as error:
        raise UserError(
            f"{path} holds more than tensors and plain values, and nothing in it is run here; save the net's state_dict"
            " alone."
        ) from error
    except zipfile.BadZipFile as error:
        raise UserError(
            f"{path} is no checkpoint of torch 1.6 or newer; open an older one with torch and save it again."
        ) from error
    except (IsADirectoryError, PermissionError) as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; give a file like model_best.pth.") from error
    except DAMAGED as error:
        raise UserError(f"{path} is damaged or cannot be read ({_first_line(error)}); get it again.") from error
    if not isinstance(checkpoint, dict):
        raise UserError(f"{path} holds no weights by name; save the net's state_dict.")
    return checkpoint


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")[:200]


def _weights(checkpoint: Mapping[Any, Any], path: Path) -> dict[str, Tensor]:
    """The weights by name, all of finite numbers and together no larger than the file."""
    held = next((checkpoint[name] for name in HOLDERS if isinstance(checkpoint.get(name), dict)), checkpoint)
    weights = {}
    for name, weight in held.items():
        if not isinstance(name, str) or not isinstance(weight, Tensor):
            raise UserError(
                f"{path} has {str(name)!r:.80} among its weights, which is no tensor; save the net's state_dict."
            )
        for wrapper in WRAPPERS:
            name = name.removeprefix(wrapper)
        if name in weights:
            raise UserError(f"{path} has {name:.80} twice; save the state_dict of one net.")
        weights[name] = weight
    if not weights:
        raise UserError(f"{path} holds no weights.")
    if sum(weight.numel() * weight.element_size() for weight in weights.values()) > path.stat().st_size:
        raise UserError(f"The weights in {path} would be larger than the file; get it again.")
    for name, weight in weights.items():
        if weight.layout != torch.strided or weight.is_meta or not weight.is_floating_point():
            raise UserError(f"{name:.80} in {path} is no plain tensor of fractions; save the net's state_dict.")
        if not weight.float().isfinite().all():
            raise UserError(f"{name:.80} in {path} has values that are no finite numbers, so the net cannot be used.")
    return weights


def _found(weights: Mapping[str, Tensor], path: Path) -> _Found:
    matched = list(_matched(weights, path))
    entry = next((weight for kind, _, _, weight in matched if kind is ENTRY), None)
    heads = {int(m["new"] or 2 * (int(m["old"]) - 2)): weight for kind, m, _, weight in matched if kind is HEAD}
    blocks = sorted({int(m["new"] or m["old"]) for kind, m, _, _ in matched if kind is PAIR})
    if entry is None or entry.ndim not in (3, 4) or set(heads) != {0, 2, 4} or not blocks:
        raise _unknown(path, "it lacks " + ("a first layer" if entry is None else "a head" if blocks else "blocks"))
    layered = len(blocks) > 1 or any(name.startswith("feedforward_layers") for name in weights)
    recall = next((weight for kind, _, _, weight in matched if kind is RECALL), None)
    if layered and recall is not None and entry.ndim == 3:
        raise UserError(
            f"{path} is a feed-forward net with recall for strings, whose recall has no activation; such nets have one"
            " here, so it cannot be converted."
        )
    renamed = {"projection.0.weight": entry}
    renamed |= {f"head.{place}.weight": weight for place, weight in heads.items()}
    for kind, match, _, weight in matched:
        if kind is PAIR:
            block = f"blocks.{blocks.index(int(match['new'] or match['old']))}" if layered else "block"
            half = ("first", "second")[int(match["which"]) - 1]
            renamed[f"{block}.pairs.{match['pair']}.{half}.0.weight"] = weight
    if len({weight.ndim for weight in weights.values()}) > 1:
        raise _unknown(path, "some of its layers are for strings and some for grids")
    if len(renamed) != len(weights) - (recall is not None):
        raise _unknown(path, "it has layers of both")
    if recall is not None:
        where = [f"blocks.{number}" for number in range(len(blocks))] if layered else ["block"]
        renamed |= {f"{block}.recall.weight": recall for block in where}
    if entry.ndim == 3:  # strings are grids of one row here
        renamed = {name: weight.unsqueeze(2) for name, weight in renamed.items()}
    options = {"width": len(entry), "head": (len(heads[0]), len(heads[2])), "recall": recall is not None}
    if layered:
        return _Found("feedforward", {**options, "limit": len(blocks)}, entry.ndim - 2, entry.shape[1], renamed)
    return _Found("dt_net", options, entry.ndim - 2, entry.shape[1], renamed)


def _matched(weights: Mapping[str, Tensor], path: Path) -> Iterator[tuple[re.Pattern[str], re.Match[str], str, Tensor]]:
    """Each weight, and which of the patterns its name has."""
    for name, weight in weights.items():
        kinds = [(kind, kind.fullmatch(name.removesuffix(".weight"))) for kind in (ENTRY, HEAD, RECALL, PAIR)]
        kind, match = next(((kind, match) for kind, match in kinds if match), (None, None))
        if kind is None or match is None or not name.endswith(".weight"):
            raise _unknown(path, f"it has {name!r:.80}")
        yield kind, match, name, weight


def _unknown(path: Path, why: str) -> UserError:
    return UserError(
        f"{path} is no net of deep-thinking or easy-to-hard: {why}; only their recurrent and feed-forward nets of"
        " convolutions are converted."
    )


def _problem_of(found: _Found, path: Path) -> str:
    for name in OF_FIELD:
        spec: Spec = registry.find("problems", name).spec
        if (spec.inputs, spec.ndim) == (found.inputs, found.ndim):
            return name
    raise UserError(
        f"{path} takes {found.inputs} channels {_places(found)}, as no problem of {', '.join(OF_FIELD)} has; say which"
        " problem it is for with --problem."
    )


def _places(found: _Found) -> str:
    return "on a line" if found.ndim == 1 else "on a grid"


def _check_for(problem: Problem, found: _Found, path: Path) -> None:
    spec = problem.spec
    if (spec.inputs, spec.ndim, spec.vocabulary) != (found.inputs, found.ndim, None):
        raise UserError(
            f"{path} takes {found.inputs} channels {_places(found)}, and {registry.name_of(type(problem))} has"
            f" {spec.inputs} on a {spec.positions}; choose another --problem."
        )


def _check_shapes(recipe: Recipe, weights: Mapping[str, Tensor], path: Path) -> None:
    """Before the net is made: it may be of any size."""
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        made = recipe.model.cls(recipe.problem.spec, **recipe.model.options).state_dict()
    wanted, there = ({name: list(one.shape) for name, one in some.items()} for some in (made, weights))
    wrong = next((name for name in sorted({*wanted, *there}) if wanted.get(name) != there.get(name)), None)
    if wrong is None:
        return
    if wrong not in there:
        raise _unknown(path, f"it lacks what is {wrong} here")
    wish = f"would be {wanted[wrong]}" if wrong in wanted else "would not be there"
    raise _unknown(path, f"what is {wrong} here {wish}, and is {there[wrong]}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
