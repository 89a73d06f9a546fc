"""A process that has loaded the application and becomes servers by forking, so that each starts at once.

A line of JSON on stdin asks: {"environ": {...}, "log": path or null, "port": n} starts one and answers its pid; {"wait": pid} answers
its exit status once it has ended.
"""

import gc
import json
import os
import sys
import traceback

from app.cli import processes


def main():
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        if pid := asked.get("wait"):
            answer = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        else:
            answer = os.fork()
            if not answer:
                _become(**asked)
        print(answer, flush=True)  # noqa: T201


def _become(environ, log, port):
    code = 1
    try:
        os.environ.clear()
        os.environ.update(environ)
        out = os.open(log or os.devnull, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for stream in (0, 1, 2):
            os.dup2(out, stream)
        processes.serve(os.environ, None, port)
        code = 0
    finally:
        if code:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
