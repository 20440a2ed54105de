# prints: started
# prints: some killed
# counts leftovers roughly
import os, time
# Every process starts another in a session of its own and goes.
# They stop by themselves, should nothing stop them.
end = time.monotonic() + 30
if os.fork() == 0:
    while time.monotonic() < end:
        try:
            if os.fork():
                os._exit(0)
            os.setsid()
        except BlockingIOError:
            pass
time.sleep(0.1)
print("started")
