import json
import tempfile
from pathlib import Path

Path("windows.txt").write_bytes(b"one\r\ntwo\r\n")
Path("windows.txt").read_text(encoding="utf-8")      # 'one\ntwo\n'

Path("scores.json").write_text(json.dumps({"scores": [3, 1], "ok": True}), encoding="utf-8")
print(json.loads(Path("scores.json").read_text(encoding="utf-8")))
# Output:
# {'scores': [3, 1], 'ok': True}

# open("missing.txt", "rb")       # FileNotFoundError: [Errno 2] No such file or directory
# open("scores.json", "xb")       # FileExistsError

with tempfile.TemporaryDirectory() as folder:
    print(folder)                 # /tmp/tmpb3q9x0fz
print(Path(folder).exists())      # False
