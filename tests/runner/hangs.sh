# outcome: overdue
# retried: 0
hello
hear
exec cat
