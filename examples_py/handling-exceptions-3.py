import sys

try:
    sys.exit("disk full")
except Exception:
    print("taken for an ordinary error")
except SystemExit as stop:
    print("exit code:", stop.code)     # exit code: disk full

issubclass(SystemExit, Exception)      # False
sys.exit()                             # raises SystemExit
