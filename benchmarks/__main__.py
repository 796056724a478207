"""``python -m benchmarks [NAME ...]``: run the named benchmarks, or all that need no further words.

Each prints a table and one line of JSON. Those of `BY_NAME` have options of their own and are run only by
name, as the first word; ``main(words)`` of each returns 0 or True where all went well.
"""

import importlib
import os
import subprocess
import sys

from app.engine.process import environment

BY_NAME = ("crappify", "frames", "match", "n2v", "pairs", "pssr2", "quality", "viewer")
SPEED = ("browser", "inference", "memory", "preview", "start", "training")


def main(arguments: list[str]) -> int:
    if "MALLOC_MMAP_MAX_" not in os.environ and arguments[:1] != ["viewer"]:
        # memory and threads as a worker has them
        return subprocess.call([sys.executable, "-m", "benchmarks", *arguments], env=environment())
    if arguments and arguments[0] in BY_NAME:
        done = importlib.import_module(f"benchmarks.bench_{arguments[0]}").main(arguments[1:])
        return int(not done) if isinstance(done, bool) else int(done or 0)
    unknown = set(arguments) - set(SPEED)
    if unknown:
        sys.stderr.write(
            f"There is no benchmark {', '.join(sorted(unknown))}; "
            f"there are {', '.join((*SPEED, *BY_NAME))}.\n"
        )
        return 2
    kept = [importlib.import_module(f"benchmarks.bench_{name}").main() for name in arguments or SPEED]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
