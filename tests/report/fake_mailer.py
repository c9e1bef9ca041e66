"""A program in place of sendmail or mail: it notes its arguments and its input in the folder beside it."""

import json
import sys
from pathlib import Path

folder = Path(__file__).parent
(folder / "arguments").write_text(json.dumps(sys.argv[1:]))
(folder / "input").write_bytes(sys.stdin.buffer.read())
status = folder / "status"
if status.exists():
    print("postdrop: warning: \x1b[31mmail system is down")
    print("second line", file=sys.stderr)
    sys.exit(int(status.read_text()))
