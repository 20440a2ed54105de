# prints: ['a', 'b'] text
import os, tempfile
os.mkdir("a"); open("b", "w").write("text"); 
os.rename("b", "a/b"); os.rename("a/b", "b")
print(sorted(os.listdir(".")), open("b").read())
tempfile.TemporaryFile().write(b"x")
