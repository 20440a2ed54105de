# interrupt
# outcome: interrupted
hello
hear
exec cat
