# outcome: its reply is garbled (a message of 4294967295 bytes)
hello
hear
printf '\377\377\377\377'
exec cat
