# error: no worker can be started with /usr/bin/python3: it ended before it was ready; exit status 70; it said: cannot load the library
hear
echo 'cannot load the library' >&2
exit 70
