# outcome: its reply is garbled
# retried: 4
hello
hear
say 'What is truth?'
exec cat
