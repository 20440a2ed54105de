# Each task waits until all four have begun, and there are two cores: those that
# wait must not keep them.
# outcome: ran: Finished
# retried: 0
hello
while hear; do
    mkfifo ../gate 2>/dev/null
    for number in 1 2 3 4; do
        mkdir "../$number" 2>/dev/null && break
    done
    if [ "$number" = 4 ]; then
        # Open from now on, for those that come late too.
        exec 3<>../gate
    else
        : <../gate
    fi
    ran
done
