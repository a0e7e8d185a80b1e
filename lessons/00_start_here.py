# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Standing on the shoulders of giants
#
# *Minutes: 2 teaching.*
#
# Is this machine ready?
#
# A network that has learned to see one thing can be taught to see another, with few pictures and in minutes.
# In these lessons you do that, and you measure what it gains you. Press Shift and Enter to run a cell, and start here:

# %% tags=["this-machine"]
from shoulders import doctor

doctor.show()

# %% [markdown]
# A line that begins with `NOT` says what to do about it. Every other line is good news.
#
# ## The lessons
#
# <!-- lessons -->
# <!-- /lessons -->
#
# In each lesson you guess first and run then. The exercises check themselves and give hints; notebooks with the
# solutions lie in the folder `solutions`.
#
# ## Your own pictures
#
# Put the pictures of each class in a folder of its own, and these folders side by side:
#
# ```
# pictures/
#     cups/     one.jpg  two.jpg  …
#     glasses/  one.jpg  two.jpg  …
# ```
#
# Then ask your question in a terminal:
#
# ```
# shoulders compare pictures
# ```
#
# A lesson takes them too: set `SHOULDERS_PICTURES` to the folder before you start JupyterLab.
