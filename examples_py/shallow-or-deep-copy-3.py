board = [["."] * 3] * 2
board[0][0] = "X"
print(board)    # [['X', '.', '.'], ['X', '.', '.']]


def add(item, basket=[]):
    basket.append(item)
    return basket


add("tea")      # ['tea']
add("milk")     # ['tea', 'milk'], since both calls share one default
