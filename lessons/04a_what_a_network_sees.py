# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 04a · What a network sees
#
# *Minutes: 20 teaching, 15 exercises.*
#
# What did a network learn from somebody else's pictures? So far it was a box that gives numbers. Now you open it and look,
# with the method of Matthew Zeiler and Rob Fergus, who in 2013 were among the first to look inside a network of this kind.
#
# When you are through, you will be able to
#
# * look at a network's first filters, and say what they look for;
# * work out how much of a picture one place of a layer can see;
# * read a **plate**: what excites a map most, beside what the map took from it;
# * say, with a number, whether a network has maps for *things*.
#
# You need lesson 01. New words are **bold**, or lead to the [page of words](glossary.ipynb). After a restart: Run, Run All
# Above Selected Cell. 04b goes on from here and asks what an answer hangs on; 04c, for the curious, does the sums by hand.

# %% [markdown]
# ## Which pictures, which network?
#
# The next cell loads the libraries (2 to 15 s) and says what runs here.

# %%
from shoulders import backbones, cutting, editions, exercises, guesses, plates, plots, visualize, widgets

edition = editions.choose("04")
network = edition.backbone
exercise = exercises.lesson_04(edition)
print(edition)

# %% [markdown]
# The network is of **VGG's layout**: a plain chain, in both editions. Its steps are three, again and again.
#
# * A **filter** is a small pattern of weights that slides over the picture. At each place it says how well the pattern fits:
#   one [activation](glossary.ipynb). All of them together are its [map](glossary.ipynb).
# * [ReLU](glossary.ipynb): what fits badly counts as 0.
# * [Pooling](glossary.ipynb): of each two by two places the strongest stays. The map is half as wide then.
#
# A **block** is what lies between two poolings, and here there are five. The filters of the first lie on the picture's
# pixels, all others on the maps below them. We show the network a **pool** of pictures that it has never learnt from.

# %%
pool = exercises.pool(edition)
blocks = dict(enumerate(cutting.last_at_each_size(network)[:5], 1))
large = exercises.larger(network)  # gets larger pictures, if its own are small
side = large.transform.crop
print(f"{len(pool)} pictures of {len(pool.classes)} kinds of things, {side} pixels a side")
for block, layer in blocks.items():
    field = visualize.receptive_field(large, layer).size[0]
    print(f"block {block} ({layer}): one place sees {field:.0f} pixels a side")

# %% [markdown]
# What one place sees is its **receptive field**. What lies outside cannot matter to it, whatever the weights are.
#
# ### Exercise 1: how far does a place see?
#
# Why 5, then 14? Each step is given as `(window, step)`: a filter of three pixels is `(3, 1)`, pooling is `(2, 2)`. Block 1
# has two filters, one after the other: `[(3, 1), (3, 1)]`, which is 5. Block 2 adds a pooling and two more.
#
# Begin with one pixel. A window of *w* places adds *w* − 1 places. These lie one pixel apart; behind each step of two, they
# lie twice as far apart as before. Write `sees`: how many pixels a side a place sees after such steps.


# %%
def sees(steps):
    ### BEGIN SOLUTION
    size, jump = 1, 1
    for window, step in steps:
        size += (window - 1) * jump
        jump *= step
    return size
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.sees.check(sees)
print("block 2:", sees([(3, 1), (3, 1), (2, 2), (3, 1), (3, 1)]))

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def sees(steps):
#     size, jump = 1, 1
#     for window, step in steps:
#         size += (window - 1) * jump
#         jump *= step
#     return size
# ```
#
# </details>
#
# ## Predict before you run
#
# We shall ask of every map: which nine pictures of the pool excite it most? Take the last block. Of the nine pictures of one
# map, how many show the same kind of thing? (Nine cats would be 9, nine different things 1.) Guess the average of its maps.

# %%
my_guess = guesses.keep("04a of one kind", None, low=1, high=9, unit="of nine")

# %% [markdown]
# ## Step 1: the first filters
#
# The first block's filters lie on the pixels, so they can be looked at as they are: three colours, three pixels a side. Light
# beside dark is an edge. One colour beside another is a contrast of colours; one tone all over lets a colour through. A filter
# that is grey all over is dead: it never learnt anything, and gets a frame. The curve at the right, and what the line below
# says of it, are for 04c.
#
# First our network; then the giant of lesson 01, if it is on this machine: another layout, taught with other pictures. Are
# their kinds of filters the same?

# %%
plates.first_filters(visualize.first_filters(network))

# %%
giant = backbones.load() if backbones.on_disk(backbones.DEFAULT) else network
plates.first_filters(visualize.first_filters(giant))

# %% [markdown]
# Two networks that never met look for much the same first: edges and contrasts of colours. So do nearly all that see
# photographs (Yosinski and others 2014). That is one reason why somebody else's network can serve you at all.
#
# ## Step 2: one map, looked at closely
#
# Deeper filters lie on maps, and nobody can read them. So let the pictures speak. The next cell shows the network the whole
# pool and notes for each map the nine pictures that excite it most, and where in them (5 to 30 s on two cores in the pocket
# edition, minutes with a large network). A map that answers to none is **dead**, on these pictures.

# %%
found = visualize.top_activations(large, pool, list(blocks.values()))
for tops in found.values():
    print(tops)

# %% [markdown]
# Of block 4 we take the map that gave the strongest answer of all. Here are its nine **patches**: of each picture only what
# the place sees, the strongest first. What do all nine share? Say it in one word before you go on.

# %%
fourth = found[blocks[4]]
strongest = int(fourth.values[:, 0].argmax())
nine = visualize.plate(large, pool, blocks[4], [strongest], tops=fourth)
patches = [patch.permute(1, 2, 0).numpy() for patch in nine.patches[0]]
words = f"The nine patches that excite map {strongest} most."
plots.show_pictures(patches, heading=f"Map {strongest} of block 4", columns=5, words=words)

# %% [markdown]
# Now ask the network. A **deconvnet** takes the one activation and sends it back through the filters, turned around, down to
# the pixels: its **projection** shows which pixels of the patch the map took. (It is a sum that you can do on paper, and will
# in 04c.) Here the patches are grey, and red where the projection is strong.

# %%
plates.plate(nine, title="block 4", columns=1, overlay=True)

# %% [markdown]
# In the pocket edition, the red sits on eyes in seven of nine: of a bat, a bear, a bird and cats. In the last two it sits on
# the round window of a rocket. So the map is not for eyes, and not for cats. It answers to *a round spot in a ring*, and
# eyes are what most such spots are. **Name a map by what its projections share, not by what its patches show.**
#
# Above each map stand the strongest and the weakest of its nine activations, and the end of the scale on which all nine
# projections are drawn, in [input units](glossary.ipynb).
#
# ## Step 3: block by block
#
# Now two or three maps of each block, *drawn at random* among those that are alive: whoever chooses the beautiful ones proves
# nothing. For each, ask what the projections share.
#
# In the first blocks colours matter, so the patches keep theirs. They stand on the left; on the right are their projections,
# each in the same place. Grey is nothing.


# %%
def look(block, maps, overlay=False):
    layer = blocks[block]
    drawn = visualize.plate(large, pool, layer, maps, tops=found[layer])
    return plates.plate(drawn, title=f"block {block}", overlay=overlay)


look(1, maps=3)

# %% [markdown]
# The nine patches of a map share an edge in one direction, or a contrast of colours. In the second block, look for bars,
# corners, a spot of one colour on another: what can be told in so few pixels. In the third, look for arcs, tips and patterns.

# %%
look(2, maps=3)

# %%
look(3, maps=2)

# %% [markdown]
# In the fourth block, look for parts of things. In the last one, a place sees the whole picture, or nearly: what do the nine
# pictures have in common?

# %%
look(4, maps=2, overlay=True)

# %%
look(5, maps=2, overlay=True)

# %% [markdown]
# In the pocket edition, one map of block 4 likes eyes, noses and other shiny spots. Of the other one, and of both of block 5,
# nobody could say what they look for: the list of their nine pictures is then all there is to say. The deeper the block, the
# less the projections are drawings: read *where* they lie.
#
# ## Step 4: is there a map for cats?
#
# One can argue about what one sees. So count: how many of a map's nine pictures show one and the same kind of thing?
#
# ### Exercise 2: the commonest kind
#
# `kinds` is a list of nine numbers: what each of the nine pictures shows, such as 0 for cats. Write `commonest`: how many of
# them are of the kind that comes most often.


# %%
def commonest(kinds):
    ### BEGIN SOLUTION
    return max(kinds.count(one) for one in kinds)
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.commonest.check(commonest)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def commonest(kinds):
#     return max(kinds.count(one) for one in kinds)
# ```
#
# </details>
#
# Now this number for every map, and its average for each block; beside it the same for nine pictures drawn from the pool
# without looking: luck alone. Then your guess.

# %%
alike = {block: exercise.alike(pool, found[layer]) for block, layer in blocks.items()}
luck = exercise.alike_by_luck(pool)
for block, counts in alike.items():
    print(f"block {block}: {counts.mean():.1f} of nine are of one kind")
print(exercise.maps_of_things(alike[5], luck))
print(guesses.beside(my_guess, alike[5].mean(), "of nine"))

# %% [markdown]
# In the pocket edition the first block is ahead: it sees colours, and red beside green is a strawberry. Deeper is not closer
# to things. It is the network's head that puts a name to a picture, and for this it adds up hundreds of maps.
#
# But there are exceptions. Of block 4, the map whose nine pictures are most of one kind:

# %%
one = fourth.alive[int(alike[4].argmax())]
alike_nine = visualize.plate(large, pool, blocks[4], [one], tops=fourth)
plates.plate(alike_nine, title="block 4", columns=1, overlay=True)

# %% [markdown]
# In the pocket edition all nine are butterflies. A map for butterflies, then? The red draws the disc on the wing, and nothing
# of body or feelers. It is one more *spot in a ring*, in a pool where butterflies wear the largest. Show it other pictures,
# and other things will excite it.
#
# ## Browse
#
# Every map of every block: choose with the mouse or the keyboard (Tab, arrows, space). Try to find a map for the floor, and
# one that you cannot explain. The *rule* is how the way back treats the ReLU; 04c compares the three. The buttons need a
# running notebook.

# %%
widgets.browse(large, found)

# %% [markdown]
# ## Key points
#
# * First edges and colours, then patterns, then, in some maps, parts. Few maps have a name, even in the last block.
# * A place sees its receptive field and nothing else, and that grows from block to block.
# * Name a map by what its projections share. Patches alone mislead: an eye and a rocket's window can be the same to a map.
# * Look at maps drawn at random, say how many pictures were searched and how many maps are dead, and hold counts against
#   luck.
#
# ## What these pictures show, and what they do not
#
# They show which pictures *of this pool* excite a map most, and which pixels carried the signal. Nine pictures out of a few
# hundred are no proof, and a map also answers, more weakly, to much else. In the pocket edition the network is small, and all
# things are of felt, lit and modelled by the same hand. And a projection owes much to the patch itself, whatever was learnt:
# how much, you will measure in lesson 05.
#
# Next: 04b covers pictures, spot by spot, and looks at the same maps again after the network has learnt cats and dogs.
#
# ## References
#
# * M. Zeiler, R. Fergus: *Visualizing and understanding convolutional networks*, 2013, [arXiv
#   1311.2901](https://arxiv.org/abs/1311.2901).
# * J. Yosinski and others: *How transferable are features in deep neural networks?*, 2014, [arXiv
#   1411.1792](https://arxiv.org/abs/1411.1792): first layers look alike whatever a network has learnt.
# * K. Simonyan, A. Zisserman: *Very deep convolutional networks for large-scale image recognition*, 2014, [arXiv
#   1409.1556](https://arxiv.org/abs/1409.1556): VGG's layout.
