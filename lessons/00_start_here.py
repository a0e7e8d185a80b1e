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
# ![Small animals and things of felt: cats and dogs, a bee, a rocket](../docs/felt_zoo.jpg)
#
# A network that has learnt to see one thing can be taught to see another, with few pictures and in minutes.
# Here you do that, and you measure what you gain. The felt animals and things above come with the course.
#
# Press Shift and Enter to run a cell. The first is folded and prints nothing: it finds the course. The second says what
# this machine has:

# %% tags=["this-machine"]
from shoulders import doctor

doctor.show()

# %% [markdown]
# A line that begins with `NOT` says what to do about it. The other lines are for information and stop nothing: `not here`
# means the full edition, which you may fetch later.
#
# ## The lessons
#
# <!-- lessons -->
# <!-- /lessons -->
#
# In each lesson you guess first, then run. The exercises check themselves and give hints; notebooks with the
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
# Then ask your question in a terminal (in JupyterLab: File, New, Terminal), in the course's folder:
#
# ```
# .venv/bin/shoulders compare pictures
# ```
#
# (On Windows `.venv\Scripts\shoulders`.) Lesson 01 takes two classes of your own too: stop JupyterLab and start it with
# `SHOULDERS_PICTURES=/path/to/pictures make lab`. Its text will go on speaking of cats and dogs.
