import sys
import threading
import time


def wait():
    time.sleep(0.04)


start = time.perf_counter()
threads = [threading.Thread(target=wait) for _ in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
elapsed = time.perf_counter() - start

print(f"five waits took {elapsed:.6f} s")    # five waits took 0.042719 s
print(sys.getswitchinterval())               # 0.005
