# prints: refused
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
NEW_USERS, NEW_MOUNTS = 0x10000000, 0x00020000
made = []
if libc.unshare(NEW_USERS) == 0:
    made.append("unshare")
CLONE, CLONE3 = {"x86_64": (56, 435), "aarch64": (220, 435)}[os.uname().machine]
SIGCHLD = 17
arguments = (ctypes.c_uint64 * 11)(NEW_USERS, 0, 0, 0, SIGCHLD)
for name, call in {
    "clone": lambda: libc.syscall(ctypes.c_long(CLONE), ctypes.c_long(NEW_USERS | SIGCHLD), None, None, None, None),
    "clone of mounts": lambda: libc.syscall(ctypes.c_long(CLONE), ctypes.c_long(NEW_USERS | NEW_MOUNTS | SIGCHLD), None, None, None, None),
    "clone3": lambda: libc.syscall(ctypes.c_long(CLONE3), arguments, ctypes.c_long(88)),
}.items():
    child = call()
    if child == 0:
        os._exit(0)
    if child > 0:
        os.waitpid(child, 0)
        made.append(name)
print(made or "refused")
