import os
for name in ("PATH", "LANG", "TZ", "PYTHONHASHSEED"):
    print(name, os.environ.get(name))
print(os.path.expanduser("~") == os.environ["HOME"], len(set(os.environ) - {"TMPDIR", "LC_CTYPE"}))
