import threading
import time

balance = 0
lock = threading.Lock()


def deposit():
    global balance
    for _ in range(500):
        seen = balance
        time.sleep(0)        # lets another thread run, as reading from a socket would
        balance = seen + 1


def deposit_safely():
    global balance
    for _ in range(500):
        with lock:
            balance += 1


def run(work):
    global balance
    balance = 0
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return balance


print(run(deposit_safely))    # 2000
print(run(deposit))           # 873
