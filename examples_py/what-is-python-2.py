from collections import Counter
from fractions import Fraction

code = compile("total = price * amount", "<example>", "exec")
type(code)                               # <class 'code'>
code.co_names                            # ('price', 'amount', 'total')

2 ** 100                                 # => 1267650600228229401496703205376
Fraction(1, 3) + Fraction(1, 6)          # -> Fraction(1, 2)
Counter("mississippi").most_common(1)    # [('i', 4)]
0.1 + 0.2 == 0.3                         # False, as in every language with binary floats
