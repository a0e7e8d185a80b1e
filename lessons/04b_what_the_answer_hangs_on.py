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
# # 04b · What the answer hangs on
#
# *Minutes: 20 teaching, 15 exercises.*
#
# What in a picture decides the answer, and what changes inside a network when it learns our question? In 04a you looked. Now
# you ask: cover a part, and see what becomes of the answer; teach the network, and see what became of its maps.
#
# When you are through, you will be able to
#
# * cover parts of a picture and say which of them the answer hangs on;
# * read **Grad-CAM**, a quick method, and test whether it says the same;
# * say what [fine-tuning](glossary.ipynb) changed inside a network, and what it left as it was.
#
# You need 04a. New words are **bold**, or lead to the [page of words](glossary.ipynb). After a restart: Run, Run All Above
# Selected Cell; the training is remembered.

# %% [markdown]
# ## Which pictures, which network?
#
# The same as in 04a. The next cell loads the libraries (2 to 15 s).

# %%
import numpy as np

from shoulders import cutting, editions, exercises, guesses, plates, recall, training, visualize
from shoulders.results import verdict

edition = editions.choose("04")
pictures, network = edition.pictures, edition.backbone
exercise = exercises.lesson_04(edition)
blocks = dict(enumerate(cutting.last_at_each_size(network)[:5], 1))
print(edition)

# %% [markdown]
# ## Predict before you run
#
# You will fine-tune the last two blocks on cats and dogs. By how much will the last block's weights change, measured by their
# own length? (0 % is not at all. At 100 % the change is as long as what was there.)

# %%
my_guess = guesses.keep("04b weights of the last block", None, high=200)

# %% [markdown]
# And its maps: of the nine pictures that excite a map most before, how many will be among its nine after? Guess the average
# of the third block's maps, and of the last one's.

# %%
my_guess_nine = guesses.keep(
    "04b pictures that stay",
    {"block 3": None, "block 5": None},
    high=9,
    unit="of nine",
)

# %% [markdown]
# ## Step 1: teach it cats and dogs
#
# Fine-tune, as in lesson 01, so that the network has two answers only (3 to 20 s on two cores in the pocket edition, minutes
# with a large network).

# %%
tuned = recall.trained(training.fine_tune, network, pictures, blocks=2, curve=False)
after = visualize.retrained(network, tuned)
print(tuned)

# %% [markdown]
# ## Step 2: cover a part, and ask again
#
# Does it look at the animal or at the floor? **Covering** asks the network itself: put a grey window over a part of the
# picture and see by how much the probability of the right answer falls. Where it falls, the answer hung on what was there.
# Zeiler and Fergus call this *occlusion*.
#
# First one picture, with a window at 10 by 10 places. Dark: there covering hurts.

# %%
thirty = pictures.valid.sample(15)  # fifteen of each class
one = int(thirty[-6])  # chosen: a window hurts it. Any number below len(pictures.valid) will do
path, label = pictures.valid.paths[one], int(pictures.valid.labels[one])
window = after.transform.crop // 5
covered = visualize.occlusion(after, path, blocks[5], label, patch=window, stride=window // 2)
plates.occlusion(covered)

# %% [markdown]
# Read (a), the picture, and (d), the probability of the right class. Do the dark windows of (d) lie on the animal? On which
# part? In the pocket edition on the eyes: a window there, and the dog is taken for a cat.
#
# The other panels are those of Zeiler and Fergus's figure 7: (b) watches the one map of the last block that answers most
# strongly, (c) is the projection of that map, (e) what the network would have said.
#
# ### Exercise 1: the window that hurts most
#
# `grid` holds the probability of the right answer for each window, in rows and columns. Write `hurts`: the row and the
# column, both counted from 0, of the window that hurts most.


# %%
def hurts(grid):
    ### BEGIN SOLUTION
    return np.unravel_index(np.argmin(grid), grid.shape)
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.window.check(hurts)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def hurts(grid):
#     return np.unravel_index(np.argmin(grid), grid.shape)
# ```
#
# </details>
#
# One picture is an anecdote. So take thirty, with windows of a quarter of the side (2 to 20 s on two cores), and ask what it
# costs to cover *the middle* (bodies and faces, mostly), *the lowest row* (floor and feet), and *the uppermost* (walls, sky,
# and heads). The costs are in **points**: from 92 % to 80 % are 12 points.

# %%
some = pictures.valid.take(thirty)
asked = exercise.covered(after, some, blocks[5])
fall = np.array([one.whole_probability - one.probability.numpy() for one in asked])
parts = {"middle": fall[:, 1:-1, 1:-1], "lowest row": fall[:, -1:], "uppermost row": fall[:, :1]}
for place, part in parts.items():
    print(exercise.cost(place, part.mean((1, 2))))
for label, name in enumerate(pictures.classes):
    print(exercise.cost(f"{name}, worst window", fall[some.labels == label].max((1, 2))))

# %% [markdown]
# In the pocket edition the floor costs nothing, and what is above the middle costs most. Look at pictures before you say why:
# is it the ears, or what stands behind them? Covering says *where* a picture matters, never *why*.
#
# And a dog's answer hangs on one spot, a cat's hardly on any: its worst window costs a few points. The window's size and
# colour are choices of yours that can fool you; lesson 05 changes the colour.
#
# ## Step 3: a quicker way, and does it agree?
#
# Covering takes one look for every window. **Grad-CAM** (Selvaraju and others 2017) takes one in all. It adds up the maps of
# the last block, each weighted by its [gradient](glossary.ipynb): how much the [score](glossary.ipynb) of the class rises
# with the map. What is below zero it drops.
#
# Yellow is most. Two pictures of each class, computed by [captum](glossary.ipynb); the last is the one that you covered.

# %%
four = pictures.valid.take(thirty[[0, 1, -10, -6]])
glow = visualize.grad_cam(after, four, blocks[5], four.labels.tolist())
plates.heat(glow, [after.transform.picture(path) for path in four.paths])

# %% [markdown]
# It looks convincing: such pictures always do. But the last block has few places, and the glow is stretched over the picture:
# it may reach past a head into the sky.
#
# Now test it. Sort the windows by what covering them costs, and by what Grad-CAM says of the pixels under them. Do they come
# in the same order? Their [rank correlation](glossary.ipynb) is 1 for the same order, 0 for none in common, −1 for the
# reverse.

# %%
cam = visualize.grad_cam(after, some, blocks[5], some.labels.tolist())
agree = np.array([exercise.as_covering(one, heat) for one, heat in zip(asked, cam.maps)])
for label, name in enumerate(pictures.classes):
    print(exercise.agreement(name, agree[some.labels == label]))
print(exercise.agreement("all", agree))

# %% [markdown]
# In the pocket edition, dogs have a spot on which the answer hangs, and Grad-CAM finds it in part. Cats have none, and there
# the glow says rather the opposite of covering. Neither is “the” explanation. From four pictures alone you would not have
# known: ask in more than one way, about more than one picture.
#
# ## Step 4: what fine-tuning changed
#
# This is the question of the whole course. The network learnt from somebody else's pictures; then its last two blocks went on
# learning from ours. What of it is still the old network? First the weights of each block: how far have they gone, measured
# by their own length? The last line holds your guess against the last block.

# %%
moved = exercise.moved(network, after)
for part, share in moved.items():
    print(f"{part}: {exercise.way(share)}")
print(guesses.beside(my_guess, 100 * moved["block 5"]))

# %% [markdown]
# Blocks that were frozen are the same to the byte. In the pocket edition those that learnt have hardly moved. Only the head
# is new. Now the maps: search the pool of 04a with both networks, before and after (10 to 60 s on two cores in the pocket
# edition).

# %%
pool, layers = exercises.pool(edition), list(blocks.values())
large, large_after = exercises.larger(network), exercises.larger(after)
found = visualize.top_activations(large, pool, layers)
found_after = visualize.top_activations(large_after, pool, layers)

# %% [markdown]
# ### Exercise 2: how many stay?
#
# `before` and `after` are lists with a row for each map: the numbers of its nine pictures. Write `shared`: for each map, how
# many of the nine before are among the nine after, wherever they stand.


# %%
def shared(before, after):
    ### BEGIN SOLUTION
    return [len(set(b) & set(a)) for b, a in zip(before, after)]
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.shared.check(shared)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def shared(before, after):
#     return [len(set(b) & set(a)) for b, a in zip(before, after)]
# ```
#
# </details>

# %%
for block, layer in blocks.items():
    same = exercises.in_common(found[layer].indices, found_after[layer].indices)
    mean, name = np.mean(same), f"block {block}"
    print(f"{name}: of nine {mean:.1f} stay; all nine in {same.count(9)} of {len(same)} maps")
    if name in ("block 3", "block 5"):
        print("  ", guesses.beside(my_guess_nine.get(name), mean, "of nine"))
print(f"by luck alone: {81 / len(pool):.1f}")

# %% [markdown]
# In the pocket edition, the last block's weights have hardly moved, and still more than half of its nine pictures are others.
# The pool holds many pictures that excite a map nearly alike, and a little shift changes their order.
#
# Have the maps become maps of things, such as cats? Counted as in 04a:

# %%
luck = exercise.alike_by_luck(pool)
alike, alike_after = (exercise.alike(pool, tops[blocks[5]]) for tops in (found, found_after))
print(exercise.turned(alike, alike_after, luck))

# %% [markdown]
# And two maps of the last block, drawn at random, before and after. Framed: pictures that are among the nine both times.

# %%
last, last_after = found[blocks[5]], found_after[blocks[5]]
before = visualize.plate(large, pool, blocks[5], maps=2, tops=last)
frames = [{*last.indices[m].tolist()} & {*last_after.indices[m].tolist()} for m in before.maps]
plates.plate(before, title="before fine-tuning", framed=frames)

# %%
then = visualize.plate(large_after, pool, blocks[5], before.maps, tops=last_after)
plates.plate(then, title="after fine-tuning", framed=frames)

# %% [markdown]
# ## Step 5: was it worth it?
#
# The last control: [freeze](glossary.ipynb) all blocks, and teach a head alone, as in lesson 01.

# %%
frozen = training.feature_extraction(network, pictures)
print(verdict(("Fine-tuned answers", "frozen ones"), tuned, frozen))

# %% [markdown]
# So here is the plain answer to the question of the whole course. What the network sees, it learnt from somebody else's
# pictures. Fine-tuning moved its weights by as little as you have read, and only the head is new. The frozen network answers
# as well as the line above says: what the old blocks see serves our question, too.
#
# ## Key points
#
# * Covering asks the network itself. It is slow, and says where, not why.
# * Grad-CAM is quick and always looks convincing: hold it against covering, on many pictures, before you believe it.
# * Fine-tuning leaves what is frozen as it was, and moves the rest a little. Compare the same maps before and after, and both
#   with luck.
#
# ## What these numbers show, and what they do not
#
# They are of one training, on one network and few pictures. A longer training, or a larger learning rate, moves weights
# further. That two methods disagree says that at least one of them does not tell what the answer hangs on, and not which. In
# the pocket edition the network is small, the pictures are of felt, and the question is an easy one.
#
# Next: 04c does the sums of the way back by hand. Lesson 05, for readers of the paper, repeats Zeiler and Fergus's
# experiments.
#
# ## References
#
# * M. Zeiler, R. Fergus: *Visualizing and understanding convolutional networks*, 2013, [arXiv
#   1311.2901](https://arxiv.org/abs/1311.2901): covering, in figure 7.
# * R. R. Selvaraju and others: *Grad-CAM: visual explanations from deep networks via gradient-based localization*, 2017,
#   [arXiv 1610.02391](https://arxiv.org/abs/1610.02391).
# * J. Adebayo and others: *Sanity checks for saliency maps*, 2018, [arXiv 1810.03292](https://arxiv.org/abs/1810.03292): some
#   methods show much the same for a network that has learnt nothing.
# * J. Yosinski and others: *How transferable are features in deep neural networks?*, 2014, [arXiv
#   1411.1792](https://arxiv.org/abs/1411.1792): what is general and what is particular, measured.
