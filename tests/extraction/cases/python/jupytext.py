# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
#   kernelspec:
#     name: python3
# ---

# %% [markdown]
# # Sails
#
# Some words.
#
# ```python
# print("in a cell of words")
# ```

# %%
sails = ["jib", "main"]
print(len(sails))  # 2

# %% [markdown]
"""
## Strings of words

Next:
"""

# %% Second {"tags": ["raises-exception"]}
sails[5]

# %% tags=["skip-execution"]
hoist()

# %%
# %matplotlib inline
# !pip install sails
print(sails[0])  # jib

# %% [raw]
# nothing

# %% [bash]
# ls

#%%
print("glued")

# In[7]:


print("exported")

# %%% a sub-cell
print("deeper")
