import sys, os
print(sys.argv, sys.path[0], os.getcwd())
print(sys.path[1:])
print(sys.executable, sys.prefix, sys.base_prefix, sys.exec_prefix)
print(sys.orig_argv[:1] if hasattr(sys, "orig_argv") else None)
