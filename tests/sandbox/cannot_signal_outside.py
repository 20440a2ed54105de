# prints: refused
import os, signal, subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
outside = set()
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) not in (os.getpid(),):
        try:
            os.kill(int(name), 0)
            outside.add(name)
        except OSError:
            pass
print(outside or "refused")
