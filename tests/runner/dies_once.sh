# The first worker dies over its first task; the one that replaces it does not.
# outcome: ran: Finished
# retried: 1
hello
while hear; do
    mkdir ../died 2>/dev/null && kill -SEGV $$
    ran
done
