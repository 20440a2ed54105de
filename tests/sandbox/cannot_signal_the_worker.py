# prints: alive
import os, signal
for number in signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP:
    try:
        os.kill(os.getppid(), number)
    except OSError:
        pass
print("alive")
