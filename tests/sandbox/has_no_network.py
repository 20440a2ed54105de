# prints: 101 101 gaierror
# prints: attempted: Some(true)
# prints without namespaces: 101 101 gaierror
# prints without namespaces: attempted: None
# counts attempts
import socket
def attempt(family, address):
    try:
        socket.socket(family).connect(address)
    except OSError as error:
        return error.errno
try:
    socket.getaddrinfo("example.org", 80)
    name = "found"
except OSError as error:
    name = type(error).__name__
print(attempt(socket.AF_INET, ("192.0.2.7", 80)), attempt(socket.AF_INET6, ("2001:db8::1", 80)), name)
