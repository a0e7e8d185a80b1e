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
# *Minutes: 3 teaching.*
#
# Is this machine ready?
#
# ![Small animals and things of felt: cats and dogs, a bee, a rocket](../docs/felt_zoo.jpg)
#
# A network that has learnt to see one thing can be taught to see another, with few pictures and in minutes.
# Here you do that, and you measure what you gain. The felt animals and things above come with the course.
#
# A notebook is text and **cells** of code. Click into a cell, and press Shift and Enter to run it. The first is folded and
# prints nothing: it finds the course. The second looks at this machine, which takes 3 to 20 seconds:

# %% tags=["this-machine"]
from shoulders import doctor

doctor.show()

# %% [markdown]
# A line that begins with `NOT` says what is missing, and what to do about it. Behind the fold is what was looked at. What is
# `not here` belongs to the full [edition](glossary.ipynb), which you may fetch later.
#
# ## How long will it take?
#
# The minutes beside a lesson are yours: to read and to guess and, behind the plus sign, to solve its exercises. How long you
# wait for the machine depends on the machine. A small run of two seconds asks it:

# %% tags=["this-machine"]
doctor.pace()

# %% [markdown]
# The ranges that you read within a lesson are for two processor cores. What was computed once is remembered: the second time,
# and after a restart, most cells are done at once.
#
# ## The lessons
#
# <!-- lessons -->
# <!-- /lessons -->
#
# In each lesson you guess first, then run. The exercises check themselves and give hints; notebooks with the
# solutions and all results lie in the folder `solutions`. A word is not clear? [Words](glossary.ipynb) has a line for each.
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
# Then ask your question in a terminal (in JupyterLab: File, New, Terminal), in the course's folder:
#
# ```
# .venv/bin/shoulders compare pictures
# ```
#
# (On Windows `.venv\Scripts\shoulders`.) Lesson 01 takes two classes of your own too: stop JupyterLab and start it with
# `SHOULDERS_PICTURES=/path/to/pictures make lab`. Its text will go on speaking of cats and dogs.
