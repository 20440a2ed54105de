# prints: started
# prints: some killed
# counts leftovers roughly
import os, time
# Every process starts another and goes, so that each is gone before it is found.
if os.fork() == 0:
    while True:
        try:
            if os.fork():
                os._exit(0)
        except BlockingIOError:
            pass
time.sleep(0.1)
print("started")
