import os, sys
process = os.fork()
if process == 0:
    print("child")
    os._exit(0)
os.waitpid(process, 0)
print("parent")
