# prints: True
# prints without namespaces: PermissionError
import os, pty
try:
    leader, follower = pty.openpty()
    print(os.isatty(follower))
except OSError as error:
    print("PermissionError")
