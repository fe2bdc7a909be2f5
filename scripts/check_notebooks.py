"""Executes notebooks from top to bottom and fails if a cell fails, a plot is empty, or outputs were committed.

    python scripts/check_notebooks.py OUT NOTEBOOK...

OUT gets the executed notebooks and their plots, to be looked at. check_notebooks.sh calls this with fresh results.
"""

import base64
import io
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

# Runs in the notebook before its first cell: looks at every figure as it is drawn. What it finds is kept, since an
# error while drawing would only be shown.
BEFORE = '''
def _watch():
    import warnings
    import numpy
    import matplotlib.backend_bases as backend

    # Results that should not be trusted are no fresh results.
    warnings.filterwarnings("error", category=UserWarning, module="__main__")
    problems, seen = [], []
    print_figure = backend.FigureCanvasBase.print_figure

    def points_of(axes):
        for line in axes.lines:
            if line.get_visible() and line.get_transform() == axes.transData:  # and not a line across the axes
                yield line.get_xydata()
        for collection in axes.collections:
            if collection.get_visible():
                yield numpy.asarray(collection.get_offsets())
        for patch in axes.patches:
            if patch.get_visible() and patch.get_transform().contains_branch(axes.transData):
                box = patch.get_extents().transformed(axes.transData.inverted())
                if box.width != 0 and box.height != 0:
                    yield numpy.array([[(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]])

    def shown(axes):
        count = 0
        for points in points_of(axes):
            points = numpy.ma.filled(numpy.ma.asarray(points, dtype=float), numpy.nan)
            points = points[numpy.isfinite(points).all(axis=1)]
            if len(points):
                places = axes.transData.transform(points)
                places = places[numpy.isfinite(places).all(axis=1)]
                box = axes.bbox
                inside = (places[:, 0] >= box.x0 - 1) & (places[:, 0] <= box.x1 + 1)
                inside &= (places[:, 1] >= box.y0 - 1) & (places[:, 1] <= box.y1 + 1)
                count += int(inside.sum())
        return count

    def watched(self, *arguments, **keywords):
        result = print_figure(self, *arguments, **keywords)
        if self.figure not in seen:
            seen.append(self.figure)
            name = f"figure {len(seen)}"
            axes = [each for each in self.figure.axes if each.get_visible() and each.axison]
            if not axes:
                problems.append(f"{name} has no axes")
            for number, each in enumerate(axes, 1):
                if shown(each) < 2 and not each.images:
                    problems.append(f"{name}, axes {number} ({each.get_title(loc='left') or 'untitled'}): no data")
                if not each.get_title(loc="left") + each.get_title() + each.get_ylabel():
                    problems.append(f"{name}, axes {number}: says nothing of what it shows")
        return result

    backend.FigureCanvasBase.print_figure = watched
    return problems, seen

_problems, _seen = _watch()
'''

AFTER = """
assert _seen, "nothing was plotted"
assert not _problems, "; ".join(_problems)
"""


def images_of(cell):
    for output in cell.get("outputs", []):
        if "image/png" in output.get("data", {}):
            yield base64.b64decode(output["data"]["image/png"])


def is_blank(image: bytes) -> bool:
    """Whether nearly all of an image has one colour."""
    pixels = np.asarray(Image.open(io.BytesIO(image)).convert("L"), dtype=np.int16)
    return bool((np.abs(pixels - np.median(pixels)) > 16).mean() < 0.005)


def check(path: Path, out: Path) -> list[str]:
    """Executes a notebook. Returns what is wrong with it, in words."""
    problems = []
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    own = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if any(cell.outputs or cell.execution_count for cell in own):
        problems.append("it was committed with outputs: clear them")
    before, after = (nbformat.v4.new_code_cell(source) for source in (BEFORE, AFTER))
    cells = notebook.cells
    notebook.cells = [before, *cells, after]
    # With the folder of the notebook as the working directory, as Jupyter does.
    resources = {"metadata": {"path": str(path.parent)}}
    # Talking to the kernel through files opens no port.
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(notebook, timeout=120, resources=resources)
        kernel = client.create_kernel_manager()
        kernel.transport, kernel.ip = "ipc", f"{folder}/kernel"
        try:
            client.execute()
        except CellExecutionError as error:
            problems.append(str(error))
    notebook.cells = cells
    nbformat.write(notebook, out / path.name)

    count = 0
    for number, cell in enumerate(own, 1):
        images = list(images_of(cell))
        if "subplots(" in cell.source and not images:
            problems.append(f"code cell {number} plots, but shows no picture")
        for image in images:
            count += 1
            (out / f"{path.stem}-{count}.png").write_bytes(image)
            if is_blank(image):
                problems.append(f"picture {count} is blank")
    print(f"{path.name}: {len(own)} cells, {count} pictures")
    return problems


def main() -> int:
    out, *paths = map(Path, sys.argv[1:])
    if not paths:
        print(__doc__, file=sys.stderr)
        return 2
    out.mkdir(parents=True, exist_ok=True)
    failed = 0
    for path in paths:
        begun = time.monotonic()
        problems = check(path, out)
        failed += bool(problems)
        for problem in problems:
            print(f"{path.name}: {problem}", file=sys.stderr)
        print(f"{path.name}: {'FAILED' if problems else 'ok'} after {time.monotonic() - begun:.1f} s")
    print(f"{len(paths) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
