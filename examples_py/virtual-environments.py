import venv
from pathlib import Path

venv.EnvBuilder(with_pip=False, symlinks=True).create("demo")

settings = {}
for line in Path("demo/pyvenv.cfg").read_text(encoding="utf-8").splitlines():
    key, _, value = line.partition(" = ")
    settings[key] = value

print(settings["include-system-site-packages"])    # false
print(settings["home"])                            # /opt/python/3.13/bin
