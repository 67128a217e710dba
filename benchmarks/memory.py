"""Peak memory of POWER on large grids, each in a process of its own: ``python -m benchmarks.memory``."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def measured(width: int = 300, samples: int = 1000, discount: float = 0.99) -> dict[str, float]:
    """Return the peak memory (bytes) and the CPU and wall-clock time (s) of one estimate."""
    command = [sys.executable, "-m", "benchmarks.memory", str(width), str(samples), str(discount)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def reported(width: int = 1000, samples: int = 32, discount: float = 0.99) -> dict[str, float]:
    """Return the same of the command line: a text map read, explored, solved and printed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "open.txt"
        path.write_text("S" + "." * (width - 1) + "\n" + ("." * width + "\n") * (width - 1), encoding="utf-8")
        command = ["power", str(path), "--samples", str(samples), "--discount", str(discount)]
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "corrigible", *command], check=True, capture_output=True)
        wall = time.perf_counter() - start
    # The largest child of this process so far, which this one is by far.
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"bytes": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024), "wall": wall}


def main(width: int, samples: int, discount: float) -> None:
    """Estimate POWER and print what it took."""
    from benchmarks.models import grid
    from corrigible.power import estimate

    mdp = grid(width)
    wall, cpu = time.perf_counter(), time.process_time()
    result = estimate(mdp, samples=samples, discount=discount, seed=0)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(
        json.dumps(
            {
                "bytes": used,
                "cpu": time.process_time() - cpu,
                "wall": time.perf_counter() - wall,
                "mean": float(result.power.mean()),
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
