import subprocess, sys
print("one")
subprocess.run(["echo", "two"])
print("three")
print(subprocess.run([sys.executable, "-c", "print(4)"], capture_output=True, text=True).stdout)
subprocess.run("echo five >&2", shell=True)
