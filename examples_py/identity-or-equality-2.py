left = 257
right = 257
print(left is right)           # True  - both names got the one constant of this file
print(int("257") is right)     # False - computed while the program runs

nan = float("nan")
nan == nan                     # False
nan in [nan]                   # True - containers try identity before equality
print(id(nan))                 # 140037112545936
