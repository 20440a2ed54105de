# prints: True True True
import os, pwd
print(pwd.getpwuid(os.getuid()).pw_uid == os.getuid(), os.getgid() == os.stat(".").st_gid, os.cpu_count() > 0)
