import random
import threading
import time


def greet(name):
    time.sleep(random.uniform(0.001, 0.03))
    print(f"{name} is here\n", end="")


def everyone(names):
    threads = [threading.Thread(target=greet, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


everyone(["Ann", "Ben", "Cleo", "Dora", "Eli", "Finn", "Gus", "Hal"])
# Gus is here
# Ben is here
# Eli is here
# Hal is here
# Ann is here
# Finn is here
# Dora is here
# Cleo is here
