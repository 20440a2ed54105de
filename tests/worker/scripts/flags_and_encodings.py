import sys, locale
print(sys.flags.hash_randomization, sys.flags.dont_write_bytecode, sys.flags.no_site, sys.warnoptions, sys._xoptions)
print(sys.getfilesystemencoding(), sys.getdefaultencoding(), locale.getpreferredencoding())
print(sys.stdout.encoding, sys.stdout.errors, sys.stderr.encoding, sys.stderr.errors, sys.stdin.encoding)
print(sys.flags.utf8_mode, sys.flags.interactive, sys.flags.optimize)
