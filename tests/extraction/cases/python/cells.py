# A file of cells.
import math

# %% [markdown]
# # The title
#
# Some words.

# %% First cell
x = math.pi
print(x)

# %%
y = x

# %% [markdown]
"""
More words.
"""

# In[3]:

z = y
