# prints: its own: changed; those of others: kept
import ctypes, os, resource
libc = ctypes.CDLL(None, use_errno=True)
# What they have already: where it is let through, nothing is changed.
limits = resource.getrlimit(resource.RLIMIT_NOFILE)
processors = os.sched_getaffinity(0)
changed = set()
others = [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
IOPRIO_SET = {"x86_64": 251, "aarch64": 30}[os.uname().machine]
attempts = {
    "limits": lambda other: resource.prlimit(other, resource.RLIMIT_NOFILE, resource.prlimit(other, resource.RLIMIT_NOFILE)),
    "processors": lambda other: os.sched_setaffinity(other, os.sched_getaffinity(other)),
    "priority": lambda other: os.setpriority(os.PRIO_PROCESS, other, os.getpriority(os.PRIO_PROCESS, other)),
    "priority of a user": lambda other: os.setpriority(os.PRIO_USER, os.getuid(), os.getpriority(os.PRIO_USER, os.getuid())),
    "scheduler": lambda other: os.sched_setscheduler(other, os.SCHED_OTHER, os.sched_param(0)),
}
for other in others[:50]:
    for name, attempt in attempts.items():
        try:
            attempt(other)
            changed.add(name)
        except OSError:
            pass
    if libc.syscall(ctypes.c_long(IOPRIO_SET), ctypes.c_long(1), ctypes.c_long(other), ctypes.c_long(0)) == 0:
        changed.add("priority of input")
own = []
try:
    resource.prlimit(0, resource.RLIMIT_NOFILE, limits)
    os.sched_setaffinity(0, processors)
    os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0))
    os.nice(1)
    assert resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE)
except OSError as error:
    own.append(error)
print(f"its own: {own or 'changed'}; those of others: {changed or 'kept'}")
