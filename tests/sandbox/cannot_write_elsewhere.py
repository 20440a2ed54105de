# prints: refused refused refused refused refused refused
import os
def attempt(action, *arguments):
    try:
        action(*arguments)
    except OSError:
        return "refused"
    return "done"
os.symlink("../../secret", "link")
print(
    attempt(open, "../../secret", "w"), attempt(open, "link", "w"), attempt(os.truncate, "../../secret", 0),
    attempt(os.link, "../../secret", "hard"), attempt(open, "/usr/written", "w"), attempt(open, "/tmp/written", "w"),
)
