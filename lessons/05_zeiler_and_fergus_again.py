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
# # 05 · Zeiler and Fergus, again
#
# *Minutes: 25 teaching, 15 exercises.* In the full edition, without a graphics card, waiting comes on top.
#
# **This lesson is for readers of one paper**: *Visualizing and understanding convolutional networks*, by Matthew Zeiler and
# Rob Fergus ([arXiv 1311.2901](https://arxiv.org/abs/1311.2901)). Figures, tables and sections below are those of that page. If
# you have no wish to read it, go on with lesson 06, which needs nothing from here.
#
# Can you repeat a famous paper on a laptop, and what is left of it when you do? Its network took 1.3 million photographs and
# twelve days of computing (section 3). You have some hundred pictures. So everything here is smaller, and some of it is not
# done at all. The table at the end goes through its nine figures and seven tables, our number beside the paper's.
#
# When you are through, you will be able to
#
# * watch maps come to be while a network learns, and see how they take it when pictures are moved and turned;
# * measure what is usually only looked at: does the projection lie where covering hurts?
# * run the two **controls** that tell a finding from a pretty picture: weights that know nothing, units that mean nothing;
# * read a paper's tables against its text.
#
# You need lessons 04a and 04b: *map*, *block*, *projection* and *covering* come from there. After a restart: Run, Run All
# Above Selected Cell; your guess is remembered, and the rest takes one to two minutes.

# %% [markdown]
# ## Which pictures, which network?
#
# The next cell loads the libraries (2 to 15 s) and says what runs here. As in 04a, the network is a plain chain of five blocks,
# and the [pool](glossary.ipynb) holds pictures that nothing learns from. `ours` will collect our numbers for the table.

# %%
from dataclasses import replace

import numpy as np

from shoulders import backbones, cutting, editions, exercises, guesses, plates, visualize

edition = editions.choose("05")
pictures, network = edition.pictures, edition.backbone
exercise, pool, ours = exercises.lesson_05(edition), exercises.pool(edition), {}
blocks = dict(enumerate(cutting.last_at_each_size(network)[:5], 1))
print(edition)

# %% [markdown]
# ## Predict before you run
#
# A projection goes from an answer of the network back to the pixels. Three rules for the way differ in what they let pass at a
# [ReLU](glossary.ipynb). The *gradient* lets pass what was positive on the way up; the paper's *deconvnet*, what is positive on
# the way down; *guided* backpropagation, what is both.
#
# Now shuffle all weights above block 4: the same numbers, in random places. From then on, what the network says is
# meaningless. Take the projection of its answer by each rule, before and after. How alike are the two? Give a
# [rank correlation](glossary.ipynb): 0 is nothing in common, 1 the same picture.

# %%
my_guess = guesses.keep(
    "05 after shuffling", {"gradient": None, "deconvnet": None, "guided": None}, low=0, high=1, unit=""
)

# %% [markdown]
# ## Step 1: maps come to be (figure 4)
#
# While `vgg16_tiny` was trained, its lower blocks were saved now and then. Both editions use this network here: of VGG16 nobody
# has published the states on its way. We take 24 maps of each of blocks 1 to 3, drawn at random. For each saved
# [epoch](glossary.ipynb) we search 150 pictures for the one that excites the map most, and project it (3 to 15 s on two cores).
#
# You see the first three maps of block 3. Epoch 0 is random weights. A frame marks a **jump**: another picture took the lead.

# %%
tiny = backbones.load("vgg16_tiny")
low = dict(enumerate(cutting.last_at_each_size(tiny)[:3], 1))
some = pool.take(np.sort(np.random.default_rng(0).permutation(len(pool))[:150]))
grown = {block: visualize.evolution(tiny, visualize.checkpoints(), some, layer, maps=24) for block, layer in low.items()}
plates.evolution(grown[3], most=3)

# %% [markdown]
# At epoch 0 the projections are specks all over the patch; one epoch later they have a place and a shape.
#
# ### Exercise 1: count the jumps
#
# `winners` has a row for each map and a column for each epoch: the number of the strongest picture. Write `jumps`: how often
# does it change from one column to the next, over all maps?


# %%
def jumps(winners):
    ### BEGIN SOLUTION
    return (winners[:, 1:] != winners[:, :-1]).sum()
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.jumps.check(jumps)
for block, one in grown.items():
    print(f"block {block}: {jumps(one.winners)} jumps in {len(one.maps) * (len(one.epochs) - 1)} steps")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def jumps(winners):
#     return (winners[:, 1:] != winners[:, :-1]).sum()
# ```
#
# </details>
#
# The paper saw low layers settle within a few epochs, and upper ones only after 40 to 50 (section 4). How many maps still jump
# in our last step, low block against high?

# %%
ours["Figure 4"] = exercise.say(exercise.settling(grown))

# %% [markdown]
# ## Step 2: move, enlarge, turn (figure 5)
#
# Five pictures, drawn at random, are moved down by 9 % of their side, enlarged to 110 %, turned by 15 degrees. How far do the
# network's numbers move, in block 1 and in its [scores](glossary.ipynb)? The distance is told as a share of their own length: 0
# is not at all, which is called **invariant**. And how far do the scores of a network that has learnt nothing move: the same
# one, with all its weights shuffled?

# %%
five = pool.take(np.random.default_rng(3).choice(len(pool), 5, replace=False))
little = {"translation": [0.09], "scale": [1.1], "rotation": [15.0]}
shuffled = visualize.random_weights(network)
moved = [visualize.invariance(one, five, blocks[1], "classes", amounts=little) for one in (network, shuffled)]
ours["Figure 5"] = exercise.say(exercise.calm(*moved))

# %% [markdown]
# The paper saw it so: the first layer changes sharply with a small change of the picture, the top slowly (section 4). But
# whoever always says the same is perfectly invariant. So look at the distances, for larger changes, together with the last row:
# the probability of what the network took the picture for. In the pocket edition the names are odd: the network knows no felt.

# %%
plates.invariance(visualize.invariance(network, five.take(range(3)), blocks[1], "classes"))

# %% [markdown]
# What the network would *say* can change while its scores have hardly moved.
#
# ## Step 3: does the projection lie where covering hurts? (figure 7)
#
# The paper put covering and projection side by side, for three pictures, and let the reader judge. We count. How much of the
# strongest map's activity does each window take away, and how much of the map's projection lies under that window? Sort the
# windows by each of the two: do they come in the same order? The **rank correlation** says how nearly: 1 is the same order, −1
# the opposite one, 0 no connection.
#
# ### Exercise 2: the rank correlation
#
# Write `rank_correlation` of two arrays of one length, in which no number comes twice. `np.corrcoef(a, b)[0, 1]` is the ordinary
# correlation of two arrays. `a.argsort()` gives the place of the smallest number, of the next, and so on; of that, `argsort()`
# once more gives each number its rank.


# %%
def rank_correlation(first, second):
    ### BEGIN SOLUTION
    return np.corrcoef(first.argsort().argsort(), second.argsort().argsort())[0, 1]
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.rank_correlation.check(rank_correlation)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def rank_correlation(first, second):
#     return np.corrcoef(first.argsort().argsort(), second.argsort().argsort())[0, 1]
# ```
#
# </details>
#
# Now ten pictures, two blocks, 49 windows each; and beside them the control, the same with the shuffled weights. (5 to 20 s on
# two cores in the pocket edition, minutes with a large network.)

# %%
ten, step = pool.take(np.random.default_rng(4).choice(len(pool), 10, replace=False)), network.transform.crop // 6


def cover(one, block):
    return [visualize.occlusion(one, path, blocks[block], patch=step, stride=step) for path in ten.paths]


covered = {block: cover(network, block) for block in (4, 5)}
control = {block: cover(shuffled, block) for block in (4, 5)}

# %%
said = [exercise.say(f"Block {block}: {exercise.agrees(covered[block], control[block])}.") for block in (4, 5)]
ours["Figure 7"] = " ".join(said)

# %% [markdown]
# A place of block 5 sees most of the picture, or all of it: the window takes something away there, and its edges may add
# something. Here is the best of the ten pictures at block 4. Is the projection (c), in [input units](glossary.ipynb), where the
# activity (b) is dark?

# %%
ranks = [visualize.agreement(one)["spearman"] for one in covered[4]]
print(f"The best of ten has {np.nanmax(ranks):.2f}, the worst {np.nanmin(ranks):.2f}.")
plates.occlusion(covered[4][np.nanargmax(ranks)])

# %% [markdown]
# Whoever shows three pictures can choose them. That is why one counts.
#
# ## Step 4: what each block knows (table 7)
#
# A head on each block, as in lesson 01, learns the edition's own classes. The paper's heads learn
# [Caltech-101](glossary.ipynb) from 30 pictures per class. They reach 44.8, 66.2, 72.3, 76.6, 86.2 % for its layers one to
# five, and 85.5 % for the seventh (table 7). “Steady improvement”, says its text (section 5.3). Is it, there and here?

# %%
known = visualize.probes(network, pictures, [*blocks.values(), "hidden"])
known["layer"] = [*(f"block {block}" for block in blocks), "what the head sees"]
ours["Table 7"] = exercise.say(exercise.deeper(known))
plates.probes(known, chance=1 / len(pictures.classes))

# %% [markdown]
# The paper's improvement ends at its fifth layer (86.2, then 85.5). On Caltech-256 it goes on: 65.6, then 71.7 (table 7).
#
# ## Step 5: two that are too small here
#
# **Corresponding parts (figure 8, table 1).** Cover the same part in five dogs, and see which values of a layer rise and which
# fall. If the layer knows eyes, the same values do so in all five dogs when an eye is covered, and fewer when the covered part
# is random. The *distance* counts the values that differ. Divide that of random parts by that of eyes: 1 finds nothing. The
# paper has 1.6 in its fifth layer and 1.06 in its seventh.

# %%
table = visualize.correspondence(network, *exercises.faces(network), [blocks[5], "classes"])
ours["Figure 8"] = exercise.say(exercise.corresponds(table, ("block 5", "scores")))

# %% [markdown]
# **Layers taken out (table 3).** The paper trained its copy of [AlexNet](glossary.ipynb) again, without its third and fourth
# layer: 45.4 % errors instead of 40.5. We train the layout of `vgg16_tiny` from nothing, on very small pictures, with and
# without blocks 3 and 4, four times each. (15 to 60 s on two cores.)

# %%
convolutions = [name for group in cutting.blocks(tiny.module) for name in group if name.startswith("features")]
smaller = replace(tiny, transform=replace(tiny.transform, resize=32, crop=32))
out = {"without blocks 3 and 4": convolutions[4:10]}
tables = [visualize.ablation(smaller, pictures, out, epochs=5, seed=seed) for seed in range(4)]
ours["Table 3"] = exercise.say(exercise.depth(tables))

# %% [markdown]
# One [seed](glossary.ipynb) alone tells a story, and the next one another. That is the price of a laptop.
#
# ## Step 6: two controls
#
# Two papers of 2018 ask what projections are worth. Julius Adebayo and others make weights random: a picture that stays as it
# was cannot be about what the network has learnt. Weili Nie, Yang Zhang and Ankit Patel explain how that can be: deconvnet and
# guided backpropagation are “essentially doing (partial) image recovery”. They give back a part of the picture itself.
#
# Now your guess is put to the test. The score of the likeliest class goes back to the pixels, by each rule. In each pair of
# rows the upper one is by the trained network, the lower one by the same with everything above block 4 shuffled. Which pairs
# look alike?

# %%
names = [name for name, _ in network.module.named_modules()]
above = names[names.index(blocks[4]) + 1]
left = {
    rule: visualize.randomisation(network, five, "classes", list(moved[0].targets), rule, above=above) for rule in visualize.RULES
}
rows = exercise.pairs(left, 3)
plates.projections([*rows.values()], [network.transform.picture(path) for path in five.paths[:3]], labels=[*rows], each=True)

# %%
print(exercise.survives(left, my_guess))

# %% [markdown]
# The number is the rank correlation of the sizes of all pixels' values, before and after. A rule that hardly notices that the
# network's top knows nothing does not show why the network decided, however clean the picture. “The picture as the lower blocks
# see it” may be what you want to know of one map; it does not answer “why did the network say cat?”.
#
# The second control: **units that mean nothing**. Add up all maps of block 4, each times a random number: a **mixture**. Nobody
# trained it to mean anything. Of the plates A and B, one shows two mixtures, the other two single maps, all drawn at random. (2
# to 15 s on two cores in the pocket edition, minutes with a large network.)

# %%
large = exercises.larger(network)  # given larger pictures, if its own are small
tops = {
    "mixtures": visualize.top_activations(large, some, blocks[4], directions=visualize.random_units(large, blocks[4], 64)),
    "single maps": visualize.top_activations(large, some, blocks[4]),
}
kinds = np.random.default_rng(len(some)).permutation(list(tops))  # a coin decides which comes first
first, second = (visualize.plate(large, some, blocks[4], maps=2, tops=tops[kind]) for kind in kinds)
plates.plate(first, title="A", named=False)

# %%
plates.plate(second, title="B", named=False)

# %% [markdown]
# Which are the mixtures? Decide, and say by what you told them apart. The answer comes at the end of the lesson.

# %%
my_choice = guesses.keep("05 mixtures are in A (1) or B (2)", None, low=1, high=2, unit="")

# %% [markdown]
# ## Break it on purpose: black on black
#
# All but the middle of this picture is black, and so is the window that covers it. All that the network uses seems to lie in
# the middle: what could be clearer? There is a mistake in the figure. Find it before you read on.

# %%
dark, edge = network.transform.picture(five.paths[0]), network.transform.crop // 4
dark[:, :edge], dark[:, -edge:], dark[:, :, :edge], dark[:, :, -edge:] = 0, 0, 0, 0
black, grey = (visualize.occlusion(network, dark, blocks[5], patch=step, stride=step, fill=fill) for fill in (0.0, "grey"))
plates.occlusion(black)

# %% [markdown]
# On black, a black window covers nothing. The clear figure says where the picture is not black, and nothing about the network.
# Try a grey window, of the mean colour: by how much can the uppermost windows change the map's activity?

# %%
print(exercise.borders(black, grey))

# %% [markdown]
# Nor does the second number say that the border *mattered*: a grey square on black is something new to see.
#
# ## The paper against itself
#
# ### Exercise 3: whom does it beat?
#
# Read a famous paper as you would read a stranger's. Its text says of Caltech-101, with 30 training pictures per class, that it
# beats Bo and others by 2.2 % (section 5.2). Its table 4 has the numbers: 81.4 for Bo and others, 84.3 for Jianchao and others,
# 86.5 for the paper's own network. Write `beaten`. `rivals` is a dict of name to number. Give the name of the rival whose number
# lies below `ours` by `gap`, rounded to one place after the point.


# %%
def beaten(rivals, ours, gap):
    ### BEGIN SOLUTION
    return next(name for name, theirs in rivals.items() if round(ours - theirs, 1) == gap)
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.beaten.check(beaten)
print("by 2.2 it beats", beaten({"Bo": 81.4, "Jianchao": 84.3}, 86.5, 2.2))

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def beaten(rivals, ours, gap):
#     return next(name for name, theirs in rivals.items() if round(ours - theirs, 1) == gap)
# ```
#
# </details>
#
# The paper is further ahead of Bo and others than its text claims. And a [softmax](glossary.ipynb) on its seventh layer has 85.4
# in table 7, 86.5 in table 4. None of it changes what the paper found. Only those who compute find such things.
#
# ## The paper and ours
#
# Now everything side by side. ([Stride](glossary.ipynb): how far a filter moves at a time.)

# %%
ours["Figure 2"] = f"{len(pool)} pictures searched"
ours["Figure 3"] = f"{network.name}: {sum(p.numel() for p in network.module.parameters()):,} weights"
ours["Figure 6"] = f"{len(visualize.first_filters(network).dead)} dead filters"
exercises.compared(ours)

# %% [markdown]
# One difference lies under all of them. The paper removed from its training pictures those that are also in Caltech (44 of
# 9,144, and 243 of 30,607: section 5.2) and trained again. With weights that somebody else has published, you cannot do that.
#
# And which plate held the mixtures, A or B? Below the answer stands a count over many more mixtures and maps: of the nine
# pictures that excite each most, how many show the same kind of thing?

# %%
print(exercise.envelope(kinds, my_choice))
print(exercise.alike(some, tops))

# %% [markdown]
# Christian Szegedy and others found in 2013 that what excites mixtures looks as meaningful as what excites single maps. Whatever
# picks nine pictures by one number picks some that share something: no proof that a map is *about* it.
#
# ## Key points
#
# * A paper can be repeated in the small, if each difference is said, and if “not done” and “found nothing” are answers.
# * A low layer changes with the smallest move of the picture, the scores much less. But a network that knows nothing may be more
#   invariant still.
# * A picture that stays the same when the network's top is shuffled is not about its decision. Guided backpropagation's stays.
# * Nine pictures with something in common are no proof. Those of random mixtures have it too.
# * Three pictures can be chosen; ten that were drawn, with an interval, cannot.
#
# ## What these numbers show, and what they do not
#
# They show that each experiment can be run, and what it gives with this network and these pictures. Where the paper's finding
# appears again, that is one more case. Where it does not, that refutes nothing: the network may be too small, the pictures too
# few or, in the pocket edition, too alike, being felt. The controls are the exception: they test the *method*, and a method that
# cannot tell a trained network from a shuffled one cannot do so elsewhere either until somebody has shown it.
#
# Next: lesson 06, in which a network without a head learns hand signs in a minute, and fails for your neighbour.
#
# ## References
#
# * M. Zeiler, R. Fergus: *Visualizing and understanding convolutional networks*, 2013,
#   [arXiv 1311.2901](https://arxiv.org/abs/1311.2901).
# * J. Adebayo and others: *Sanity checks for saliency maps*, 2018, [arXiv 1810.03292](https://arxiv.org/abs/1810.03292).
# * W. Nie, Y. Zhang, A. Patel: *A theoretical explanation for perplexing behaviors of backpropagation-based visualizations*,
#   2018, [arXiv 1805.07039](https://arxiv.org/abs/1805.07039).
# * C. Szegedy and others: *Intriguing properties of neural networks*, 2013,
#   [arXiv 1312.6199](https://arxiv.org/abs/1312.6199).
