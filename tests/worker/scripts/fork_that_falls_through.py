import os
process = os.fork()
if process:
    os.waitpid(process, 0)
print("both", bool(process))
