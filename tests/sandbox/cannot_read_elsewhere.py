# prints: FileNotFoundError FileNotFoundError FileNotFoundError FileNotFoundError
# prints without namespaces: PermissionError PermissionError PermissionError PermissionError
import os
def attempt(path):
    try:
        (os.listdir if path.endswith("/") else open)(path)
    except OSError as error:
        return type(error).__name__
    return "read"
print(attempt("../../secret"), attempt("/etc/shadow"), attempt("/home/"), attempt("/run/"))
