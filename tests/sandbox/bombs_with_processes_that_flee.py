# prints: started
# prints: some killed
# counts leftovers roughly
import os, time
# Every process starts another and goes, so that each is gone before it is found.
# They stop by themselves, should nothing stop them.
end = time.monotonic() + 30
if os.fork() == 0:
    while time.monotonic() < end:
        try:
            if os.fork():
                os._exit(0)
        except BlockingIOError:
            pass
time.sleep(0.1)
print("started")
