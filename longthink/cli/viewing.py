"""Commands that show nets to others: export."""

from pathlib import Path

from longthink.cli._app import OneRun, app


@app.command
def export(run: OneRun, /, *, out: Path, level: list[int] | None = None) -> None:
    """Write a net as ONNX graphs that a browser or another language can run, and check them against torch.

    Parameters
    ----------
    out
        A new folder: see.onnx, start.onnx, step.onnx, read.onnx, and manifest.json, which says what is what.
    level
        Check the graphs on puzzles of this level; repeat the option for several. By default that of training and two
        that the problem is tested on.
    """
    from longthink.training.runs import open_run
    from longthink.viewer.export import export as export_run

    exported = export_run(open_run(run), out, level)
    for checked, difference in exported.differences.items():
        print(f"level {checked}: outputs differ by at most {difference:.1e} of the largest")
    print(exported.folder)
