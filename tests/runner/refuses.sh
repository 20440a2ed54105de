# outcome: failed: no space left
# retried: 0
hello
while hear; do say '{"Failed":{"message":"no space left"}}'; done
