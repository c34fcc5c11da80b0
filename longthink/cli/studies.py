"""Commands about many nets: reproduce."""

from pathlib import Path
from typing import Literal

from longthink.base.errors import UserError
from longthink.cli._app import Accelerator, Changes, Interrupted, app, changes_of


@app.command
def reproduce(
    *names: str,
    scale: Literal["laptop", "bare", "thesis"] = "laptop",
    seeds: int = 3,
    first_seed: int = 100,
    on: Literal["local", "ray"] = "local",
    workers: int | None = None,
    accelerator: Accelerator = "auto",
    change: Changes = None,
    out: Path = Path("reports"),
) -> None:
    """Carry out experiments of the dissertation: train what is missing, test, write a page with its numbers and ours.

    Parameters
    ----------
    names
        Experiments (`longthink list experiments`), like table-5.2, or all that the dissertation has.
    scale
        laptop; bare for the same nets, trained as the dissertation does and with nothing else; or thesis for the
        dissertation's own settings, which want a GPU.
    seeds
        Trainings of each net.
    first_seed
        Their first seed. Recipes were tuned on seeds from 0, and on none from 100.
    on
        local for processes of this machine, ray for a cluster.
    workers
        Trainings at a time; by default as many as there are CPUs.
    change
        Change an option of every recipe, as in problem.source=DIR; repeat the option for several.
    out
        Folder for the pages, and for README.md with a list of them if there are several; trainings are kept in
        runs/trials and never done twice.
    """
    if not names:
        raise UserError("Say what to reproduce: `longthink list experiments` names all there is, or all.")
    if seeds < 1 or first_seed < 0:
        raise UserError(f"Seeds are 1 or more, from 0 or higher, not {seeds} from {first_seed}.")
    from longthink import registry

    chosen = registry.names("experiments") if names == ("all",) else names
    for name in chosen:
        registry.check("experiments", name)
    changes = changes_of(change)
    import torch

    from longthink.base.files import check_writable
    from longthink.study.report import as_typed, contents, report
    from longthink.study.reproduce import carry_out
    from longthink.training import trials

    functions = {as_typed(name): registry.find("experiments", name) for name in chosen}
    if names == ("all",):
        functions = {name: one for name, one in functions.items() if one(scale).source == "dissertation"}
    if scale != "laptop":
        alike = [name for name, one in functions.items() if one(scale).variants == one("laptop").variants]
        if alike and names != ("all",):
            raise UserError(f"{alike[0]} is the same at every scale; take --scale laptop.")
        functions = {name: one for name, one in functions.items() if name not in alike}
    experiments = {one.__name__: one(scale).revised(changes) for one in functions.values()}
    if scale == "thesis" and accelerator != "cpu" and not torch.cuda.is_available():
        raise UserError(
            "The thesis scale wants a GPU, and there is none; take --scale laptop, or insist with --accelerator cpu."
        )
    check_writable(out)
    done, failed = {}, []
    try:
        for name, experiment in experiments.items():
            try:
                outcome = carry_out(
                    experiment, range(first_seed, first_seed + seeds), trials.TRIALS, workers, on, accelerator
                )
            except UserError as error:
                failed.append(f"{as_typed(name)}: {error}")
                continue
            done[name] = experiment, outcome
            for failure in outcome.failures:
                print(f"failed: {failure}")
            print(report(experiment, outcome, name, scale, out / name))
    except KeyboardInterrupt as interruption:
        pages = f", and {len(done)} finished pages in {out}" if done else ""
        raise Interrupted(f"the same command goes on: trainings are kept in {trials.TRIALS}{pages}.") from interruption
    if len(done) > 1:
        print(contents(done, scale, out))
    if failed:
        raise UserError(" ".join(failed))
