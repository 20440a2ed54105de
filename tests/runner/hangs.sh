# grace: 200
# outcome: overdue
# retried: 0
hello
hear
exec cat
