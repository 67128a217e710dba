"""A line that counts what goes through, and is slow where it is told to be.

``python -m corrigible.guard.demo.slow_line TALLY MARK SECONDS -- SERVER COMMAND`` starts the server, passes its
messages on, writes the path of each call that reaches it to the file TALLY, and holds the answer back for some
seconds where the path ends in MARK: the call is done, and whoever made it does not know yet.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any


def main() -> None:
    """Pass messages on until one end is gone."""
    tally, mark, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    slow: set[Any] = set()
    server = subprocess.Popen(sys.argv[5:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    threading.Thread(target=_back, args=(server.stdout, slow, seconds), daemon=True).start()
    for line in sys.stdin.buffer:
        message: dict[str, Any] = json.loads(line)
        if message.get("method") == "tools/call":
            params = message["params"]
            path = str(params["arguments"].get("path", ""))
            with tally.open("a", encoding="utf-8") as file:
                file.write(f"{params['name']} {path}\n")
            if path.endswith(mark) and params["name"].startswith("write"):
                slow.add(message["id"])
        server.stdin.write(line)
        server.stdin.flush()
    server.stdin.close()
    server.wait()


def _back(answers: IO[bytes], slow: set[Any], seconds: float) -> None:
    for line in answers:
        if json.loads(line).get("id") in slow:
            time.sleep(seconds)
        try:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # whoever made the call is gone
            return


if __name__ == "__main__":
    main()
