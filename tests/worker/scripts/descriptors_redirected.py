import os, sys
kept = os.dup(1)
file = os.open("out.txt", os.O_RDWR | os.O_CREAT)
os.dup2(file, 1)
print("to the file")
os.system("echo by a program")
os.dup2(kept, 1)
print("back")
print(open("out.txt").read())
