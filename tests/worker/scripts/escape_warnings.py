text = "\d"
print(text)
