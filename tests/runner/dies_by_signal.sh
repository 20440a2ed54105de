# outcome: signal 11 (SIGSEGV)
hello
hear
kill -SEGV $$
