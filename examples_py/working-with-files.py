from pathlib import Path

diary = Path("diary.txt")
with diary.open("w", encoding="utf-8") as file:
    file.write("Zürich\n")      # 7
    file.write("Genève\n")

with diary.open("a", encoding="utf-8") as file:
    print("Basel", file=file)   # No output

with diary.open(encoding="utf-8") as file:
    for number, line in enumerate(file, start=1):
        print(number, line.rstrip())
# 1 Zürich
# 2 Genève
# 3 Basel

print(diary.read_bytes()[:7])   # b'Z\xc3\xbcrich'
print(diary.stat().st_size)     # 22, as two letters take two bytes each
