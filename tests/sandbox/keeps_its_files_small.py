# prints: 27 8388608
import os
with open("big", "wb", buffering=0) as file:
    try:
        for _ in range(20):
            file.write(bytes(1 << 20))
    except OSError as error:
        print(error.errno, os.path.getsize("big"))
