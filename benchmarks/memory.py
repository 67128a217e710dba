"""Peak memory of POWER on a large grid, in a process of its own: ``python -m benchmarks.memory``."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time


def measured(width: int = 300, samples: int = 1000, discount: float = 0.99) -> dict[str, float]:
    """Return the peak memory (bytes) and the CPU and wall-clock time (s) of one estimate."""
    command = [sys.executable, "-m", "benchmarks.memory", str(width), str(samples), str(discount)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


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
