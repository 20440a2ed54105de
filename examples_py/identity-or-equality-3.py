left = 257
right = 257
left is right
# False
int("256") is int("256")
# True
