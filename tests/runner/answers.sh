# outcome: ran: Finished
# retried: 0
hello
while hear; do ran; done
