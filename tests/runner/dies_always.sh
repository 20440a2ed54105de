# outcome: worker died: it died; exit status 9; it said: that was too much
# retried: 4
hello
hear
echo 'that was too much' >&2
exit 9
