# prints: ['HOME', 'LANG', 'PATH', 'PYTHONHASHSEED', 'TMPDIR', 'TZ']
import os
print(sorted(set(os.environ) - {"LC_CTYPE"}))
