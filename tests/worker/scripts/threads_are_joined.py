import threading, time
def work():
    time.sleep(0.05)
    print("thread is done")
threading.Thread(target=work).start()
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print("main is done")
