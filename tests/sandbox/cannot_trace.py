# prints: [1, 1] [1, 1]
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def attempt(*arguments):
    result = libc.ptrace(*arguments)
    return [-result, ctypes.get_errno()]
print(attempt(0, 0, 0, 0), attempt(16, os.getppid(), 0, 0))
