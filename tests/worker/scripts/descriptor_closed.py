import os, sys
print("seen")
os.close(1)
try:
    print("unseen")
except OSError as error:
    print(error, file=sys.stderr)
os._exit(0)
