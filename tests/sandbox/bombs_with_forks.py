# prints: True True
# prints: some killed
# counts leftovers roughly
import os, time
children = 0
try:
    while children < 1000:
        if os.fork() == 0:
            time.sleep(1000)
        children += 1
except BlockingIOError:
    pass
# Without namespaces, root has no limit.
print(children < 1000 or (os.getuid() == 0 and os.getppid() != 1), children >= 30)
