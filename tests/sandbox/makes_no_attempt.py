# prints: hello
# prints: attempted: Some(false)
# prints without namespaces: hello
# prints without namespaces: attempted: None
# counts attempts
import socket
left, right = socket.socketpair()
left.send(b"hello")
print(right.recv(10).decode())
