# prints: OSError
import socket
try:
    socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    print("made")
except OSError as error:
    print(type(error).__name__)
