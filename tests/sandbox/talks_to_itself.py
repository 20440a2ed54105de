# prints: b'hello' b'hello'
# prints without namespaces: [Errno 101] Network is unreachable
import socket
def talk(family, address):
    server = socket.create_server((address, 0), family=family)
    client = socket.create_connection(server.getsockname()[:2])
    client.send(b"hello")
    return server.accept()[0].recv(10)
try:
    print(talk(socket.AF_INET, "127.0.0.1"), talk(socket.AF_INET6, "::1"))
except OSError as error:
    print(error)
