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
# *Minutes: 40 teaching, 20 exercises.* In the full edition, without a graphics card, waiting comes on top.
#
# Can you repeat a famous paper on a laptop, and what is left of it when you do? *Visualizing and understanding convolutional
# networks* has nine figures and seven tables, made from 1.3 million photographs and twelve days of computing. You have some
# hundred pictures and one laptop. So everything here is smaller, and some of it is not done at all. The table at the end says
# for each item which, with our number beside the paper's.
#
# When you are through, you will be able to
#
# * watch maps come to be while a network learns, and see how they take it when pictures are moved and turned;
# * measure what is usually only looked at: does the projection lie where covering hurts?
# * run the two **controls** that tell a finding from a pretty picture: weights that know nothing, units that mean nothing;
# * read a paper's tables against its text.
#
# You need lesson 04. New words are **bold**. As there, the network has VGG's layout, a plain chain, which is the nearest to
# the paper's; it need not be the one of lessons 01 and 02.

# %%
from dataclasses import replace

import numpy as np

from shoulders import backbones, cutting, editions, exercises, plates, training, visualize

edition = editions.choose("05")
pictures, network = edition.pictures, edition.backbone
exercise, ours = exercises.lesson_05(edition), {}
pool, blocks = exercises.pool(edition), cutting.last_at_each_size(network)[:5]
print(edition)

# %% [markdown]
# `ours` will collect our numbers. The pool (pictures that nothing learns from) and the five blocks are those of lesson 04.
#
# ## Predict before you run
#
# Shuffle the weights of the last block and of the head: the same numbers, in random places. The network's decisions are now
# meaningless. Take the projection of its score for one class, by each of the three rules, before and after. How alike are the
# two? Give a correlation from 0 (nothing in common) to 1 (the same).

# %%
my_guess = {"gradient": 0.1, "deconvnet": 0.1, "guided": 0.1}  # write yours here

# %% [markdown]
# ## Step 1: maps come to be (figure 4)
#
# While `vgg16_tiny` was trained, its lower blocks were saved now and then. For 24 maps of the third block, drawn at random: at
# each of these epochs, the one picture that excites the map most, and its projection. You see the first six. Epoch 0 is random
# weights. A frame marks a **jump**: another picture has taken the lead. (Both editions use this network here: of VGG16 nobody
# has published the states on its way. Seven searches: some ten seconds on two cores.)

# %%
tiny = backbones.load("vgg16_tiny")
some = pool.take(np.sort(np.random.default_rng(0).permutation(len(pool))[:150]))
grown = visualize.evolution(tiny, visualize.checkpoints(), some, "features.15", maps=24)
plates.evolution(grown, most=6)

# %% [markdown]
# The paper saw low layers settle within a few epochs and upper ones only after 40 to 50. At epoch 0 the projections are specks
# all over the field; one epoch later they have a place and a shape. Do they stop changing towards the right?
#
# ### Exercise 1: count the jumps
#
# `grown.winners` has a row for each map and a column for each epoch: the number of the strongest picture. Write `jumps`: how
# often does it change from one column to the next, over all maps?


# %%
def jumps(winners):
    ### BEGIN SOLUTION
    return (winners[:, 1:] != winners[:, :-1]).sum()
    ### END SOLUTION
    ### BEGIN LEARNER
    # return 0  # your answer goes here
    ### END LEARNER


exercise.jumps.check(jumps)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def jumps(winners):
#     return (winners[:, 1:] != winners[:, :-1]).sum()
# ```
#
# </details>

# %% [markdown]
# The paper's claim is about *low against high* layers. So count in the two blocks below as well: what share of the maps has
# another picture than in the column before?

# %%
lower = [visualize.evolution(tiny, visualize.checkpoints(), some, layer, maps=24) for layer in ("features.3", "features.8")]
last = []
for many in (*lower, grown):
    shares = many.jumps.float().mean(0)
    print(f"{many.layer}: " + ", ".join(f"{share:.0%} at epoch {epoch}" for epoch, share in zip(many.epochs[1:], shares[1:])))
    last.append(f"{shares[-1]:.0%} ({many.layer})")
ours["Figure 4"] = f"maps that still change their picture in the last step: {', '.join(last)}, of 24 each"

# %% [markdown]
# Is the lowest of the three the first to settle, and does the third still jump at the end? That is the paper's finding, small.
# (The steps grow longer to the right, so the same share would be a slower change there.)
#
# ## Step 2: move, enlarge, turn (figure 5)
#
# Five pictures, drawn at random, are moved down, enlarged and turned. How far does the network's answer move, in its first
# block and in its scores? **Invariant** means: not at all. A distance of 1: the answer has moved by as much as it was long.
# The names are its own answers among its own classes. (In the pocket edition: it knows no felt.)

# %%
five = pool.take(np.random.default_rng(3).choice(len(pool), 5, replace=False))
changed = visualize.invariance(network, five, blocks[0], "classes")
plates.invariance(changed)

# %%
small = {"translation": 0.09, "scale": 1.1, "rotation": 15.0}  # the steps nearest to these amounts
rows = []
for kind, amount in small.items():
    curves = changed.curves[kind]
    at = np.abs(np.array(curves.amounts) - amount).argmin()
    rows.append([curves.low[:, at].mean(), curves.high[:, at].mean()])
    print(f"{kind} by {curves.amounts[at]}: first block {rows[-1][0]:.2f}, scores {rows[-1][1]:.2f}")

# %% [markdown]
# The paper found that the first layer changes sharply with the smallest change, that the top changes slowly when a picture is
# moved or enlarged, and that turning is harder, except for things that look the same when turned. Which of the three do you
# find here? Look at the probabilities too: what the network would *say* can change while its scores have hardly moved.
#
# And a network that has learnt nothing? Shuffle all its weights, and make the same three small changes.

# %%
nothing_learnt, steps = visualize.random_weights(network), {kind: [amount] for kind, amount in small.items()}
blank = visualize.invariance(nothing_learnt, five, blocks[0], "classes", amounts=steps).curves
for kind, curves in blank.items():
    print(f"{kind} by {curves.amounts[0]}: first block {curves.low.mean():.2f}, scores {curves.high.mean():.4f}")
means = *np.mean(rows, 0), np.mean([curves.high.mean() for curves in blank.values()])
ours["Figure 5"] = "small changes: first block {:.2f}, scores {:.2f}; scores with shuffled weights {:.4f}".format(*means)

# %% [markdown]
# If its scores move even less, a small distance alone is no merit: who always says the same is perfectly invariant. Only
# together with the probabilities does the curve mean something.
#
# ## Step 3: does the projection lie where covering hurts? (figure 7)
#
# The paper put covering and projection side by side and let the reader judge. We count, for the map with the strongest answer:
# how much of the map's activity each window took away, and how much of the projection lay under it. Sort the windows by each of
# the two: do they come in the same order? The **rank correlation** says how nearly: 1 is the same order, -1 the opposite one, 0
# no connection.
#
# ### Exercise 2: the rank correlation
#
# Write `rank_correlation`: how alike the orders of two arrays of one length are. (No number comes twice.)
# `np.corrcoef(a, b)[0, 1]` is the ordinary correlation of two arrays. `a.argsort()` gives the place of the smallest number, of
# the next, and so on; of that, `argsort()` once more gives each number its rank.


# %%
def rank_correlation(first, second):
    ### BEGIN SOLUTION
    return np.corrcoef(first.argsort().argsort(), second.argsort().argsort())[0, 1]
    ### END SOLUTION
    ### BEGIN LEARNER
    # return 0  # your answer goes here
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
# Now ten pictures, two layers, 49 windows each; and beside them the control: the same with the shuffled weights. (Some twenty
# seconds in the pocket edition, minutes with a large network.)

# %%
ten, said = pool.take(np.random.default_rng(4).choice(len(pool), 10, replace=False)), []
step, kept = network.transform.crop // 6, {}
for layer in blocks[3:]:
    for name, one in (("trained", network), ("shuffled", nothing_learnt)):
        kept[layer, name] = [visualize.occlusion(one, path, layer, patch=step, stride=step) for path in ten.paths]

# %%
for (layer, name), covered in kept.items():
    values = np.array([visualize.agreement(found)["spearman"] for found in covered])
    spread, count = np.nanstd(values, ddof=1), np.isfinite(values).sum()
    text = f"{np.nanmean(values):.2f} ± {spread / count**0.5:.2f}"
    print(f"{layer}, {name}: rank correlation {text} (mean and standard error of {count} pictures, sd {spread:.2f})")
    said += [f"{text} ({layer})"] * (name == "trained")
ours["Figure 7"] = f"rank correlation: {', '.join(said)}"

# %% [markdown]
# (*sd*, the **standard deviation**, says how far single pictures lie from their mean; the standard error after ±, how far the
# mean itself may be off.) Where the first of two lines is clearly higher, by more than two of its errors, the projection shows
# where the map's activity comes from, and it does so because of what was learnt. Where both are near zero, it does not show it.
# (Mind the last block: a place of it sees most of the picture, or all of it, and whatever a grey window takes away, its edges
# may add.) The paper shows three pictures. Here is the best of our ten at the fourth block, and then the worst: is the
# projection (c) where the activity (b) is dark?

# %%
covered = kept[blocks[3], "trained"]
values = [visualize.agreement(found)["spearman"] for found in covered]
print(f"the best of ten: {np.nanmax(values):.2f}")
plates.occlusion(covered[np.nanargmax(values)])

# %%
print(f"the worst of ten: {np.nanmin(values):.2f}")
plates.occlusion(covered[np.nanargmin(values)])

# %% [markdown]
# Whoever shows three pictures can choose them. That is why one counts.
#
# **Black on black.** The window's colour is a choice, and can fool you. Here all but the middle of a picture is black, and the
# window is black as well.

# %%
dark = network.transform.picture(five.paths[0])
edge = dark.shape[1] // 4
dark[:, :edge], dark[:, -edge:], dark[:, :, :edge], dark[:, :, -edge:] = 0, 0, 0, 0
black = visualize.occlusion(network, dark, blocks[4], patch=step, stride=step, fill=0.0)
plates.occlusion(black)

# %% [markdown]
# All that the network uses is in the middle, and the border does not matter to it: what could be clearer? Now the same picture
# once more, with a window of the mean colour.

# %%
grey = visualize.occlusion(network, dark, blocks[4], patch=step, stride=step)
for found in (black, grey):
    change = found.drop[0].abs().max() / found.whole_activity
    print(f"{found.fill}: the uppermost windows change the map's activity by {change:.1%} at most")
plates.occlusion(grey)

# %% [markdown]
# On black, a black window covers nothing. Its clear figure says where the picture is not black, and of the network it says
# nothing. (The grey one does not say that the border *mattered*: a grey square on black is something new to see.)
#
# ## Step 4: does it know that eyes correspond to eyes? (figure 8, table 1)
#
# Nobody told the network that every dog has eyes. Cover the same part in five dogs and note how a layer changes. If it knows
# the part, it should change *in the same way* in all five, more so than when something random is covered. The measure looks
# only at signs: the share of a layer's values that rise in one dog and fall in another. (In both editions these are five felt
# dogs; the boxes around eyes and noses were set by hand.)

# %%
dogs, parts = exercises.faces(network)
plates.boxes([network.transform.picture(path) for path in dogs.paths], parts)

# %% [markdown]
# ### Exercise 3: the distance
#
# Write `distance`: the share of places in which two tensors of one shape have different signs.


# %%
def distance(first, second):
    ### BEGIN SOLUTION
    return (first.sign() != second.sign()).float().mean()
    ### END SOLUTION
    ### BEGIN LEARNER
    # return 0  # your answer goes here
    ### END LEARNER


exercise.distance.check(distance)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def distance(first, second):
#     return (first.sign() != second.sign()).float().mean()
# ```
#
# </details>

# %%
table = visualize.correspondence(network, dogs, parts, [blocks[4], "classes"])
table.set_index("layer").loc[table.layer.unique()].round(3)

# %%
by_part, lines = table.set_index(["layer", "part"]).distance, []
for layer in table.layer.unique():
    ratio = by_part[layer, "random"] / by_part[layer][["left eye", "right eye"]].mean()
    lines.append(f"{ratio:.2f} ({layer})")
ours["Figure 8"] = f"random / eyes: {', '.join(lines)}"
print(ours["Figure 8"])

# %% [markdown]
# The paper's table gives 0.107 for random parts against 0.067 and 0.069 for the eyes at its fifth layer (a ratio of 1.6), and
# 0.073 against 0.069 and 0.068 at its seventh (1.06). The values themselves cannot be compared with ours: the paper's
# formula is a sum, and its numbers are not sums. Five dogs make ten pairs that are not independent: mind the *sd*.
#
# Two layers that change at random differ in about half of their signs: 0.5. (A little more where many values do not change at
# all, which counts as a sign of its own.) Where all parts lie there, the layer does not know eyes from anything else, at least
# not by this measure. With a ratio near 1 we have not found the paper's 1.6.
#
# ## Step 5: what each layer knows (table 7)
#
# A linear head on each layer, as in lesson 01. The paper's, on Caltech-101 with 30 pictures per class: 44.8, 66.2, 72.3, 76.6,
# 86.2 per cent for its layers one to five, and 85.5 for the seventh. “Steady improvement”, says the text. Is it? In the figure,
# *features.30* is the last block after its pooling, *hidden* what goes into the head.

# %%
known = visualize.probes(network, pictures)
plates.probes(known, chance=1 / len(pictures.classes))

# %%
ours["Table 7"] = f"{known.accuracy[0]:.0%} ({known.layer[0]}) to {known.accuracy[4]:.0%} ({known.layer[4]}), n = {known.n[0]}"
few = np.array([training.feature_extraction(network, pictures, per_class=6, seed=seed).accuracy for seed in range(10)])
error = few.std(ddof=1) / len(few) ** 0.5
ours["Figure 9"] = f"6 per class: {few.mean():.1%} ± {error:.1%} (10 draws, {len(pictures.valid)} pictures, 2 classes)"
print(ours["Figure 9"])

# %% [markdown]
# The second cell takes six pictures per class, ten times. Six is the paper's number: with its features and a head, six per class
# beat what the best rival reached with sixty (55.2 per cent, on Caltech-256). The whole curve, beside training from scratch,
# is lesson 03.
#
# ## Step 6: take layers out (table 3)
#
# The paper trained its copy of Krizhevsky's network again with layers left out: without the third and fourth, 45.4 % errors
# instead of 40.5; without the third, fourth, sixth and seventh, 71.3. It concluded that depth matters. We train from nothing,
# on a few hundred very small pictures, a few epochs, three networks one after another: half a minute or more on two cores. While
# you wait: what can such numbers show?

# %%
convolutions = [name for group in cutting.blocks(tiny.module) for name in group if name.startswith("features")]
small_tiny = replace(tiny, transform=replace(tiny.transform, resize=32, crop=32))
out = {"without block 4": convolutions[7:10], "without blocks 3 and 4": convolutions[4:10]}
shorter = visualize.ablation(small_tiny, pictures, out, epochs=8)
plates.probes(shorter, chance=1 / len(pictures.classes))

# %% [markdown]
# Look at the intervals. If they overlap, this experiment shows nothing about depth, and that is its result: it is the price
# of a laptop. (Both editions use the layout of `vgg16_tiny` here.)

# %%
whole, least = shorter.accuracy[0], shorter.accuracy[2]
ours["Table 3"] = f"right: whole {whole:.0%}, without blocks 3 and 4 {least:.0%}, n = {shorter.n[0]}"
print(ours["Table 3"])

# %% [markdown]
# ## Break it on purpose: two controls
#
# Two papers of 2018 ask what such pictures are worth. Julius Adebayo and others make a network's weights random. A picture
# that stays as it was cannot be about what the network has learnt. They report that guided backpropagation fails this test,
# and that the gradient and Grad-CAM pass it. You repeat it below.
#
# Weili Nie, Yang Zhang and Ankit Patel explain how that can be: deconvnet and guided backpropagation are “essentially doing
# (partial) image recovery”. They give back a part of the picture itself, and that has little to do with the network's decisions.
#
# Below, the score of one class (the one that the trained network finds likeliest) is taken back to the pixels by each of the
# three rules. In each pair, the upper row is the trained network, the lower one the same with everything above the fourth
# block shuffled. The values may grow or shrink; what we compare is the pattern. So every projection has a scale of its own.

# %%
names = [name for name, _ in network.module.named_modules()]
above = names[names.index(blocks[3]) + 1]
control = {
    rule: visualize.randomisation(network, five, "classes", list(changed.targets), rule, above=above) for rule in visualize.RULES
}
order = "guided", "deconvnet", "gradient"
rows = [row for rule in order for row in (control[rule].trained, control[rule].random)]
labels = [f"{rule}, {top}" for rule in order for top in ("trained", "top shuffled")]
plates.projections(rows, [network.transform.picture(path) for path in five.paths], labels=labels, each=True)

# %%
for rule, found in control.items():
    low, high = found.correlations.min(), found.correlations.max()
    print(f"{rule}: {found.correlations.mean():.2f} ({low:.2f} to {high:.2f}, 5 pictures); your guess {my_guess[rule]}")

# %% [markdown]
# The rank correlation of the sizes of all pixels' values. Which rule hardly notices that a network's top knows nothing any
# more? Its picture is not about the decision, however clean it looks. That is Nie's point: what comes back is the picture, as
# the lower blocks see it. For one map of a lower block, that may be what you want to know. For “why did it say cat?”, it is
# not. Where does the paper's own rule, the deconvnet, stand between the other two?
#
# The second control: **units that mean nothing**. Mix the maps of a layer in random directions. Nobody trained these mixtures.
# Christian Szegedy and others found in 2013 that what excites them looks as meaningful as what excites single maps. (As in
# lesson 04, a small network gets larger pictures here.)

# %%
large = exercises.larger(network)
tops = {
    "mixtures": visualize.top_activations(large, some, blocks[3], directions=visualize.random_units(large, blocks[3], 4)),
    "single maps": visualize.top_activations(large, some, blocks[3]),
}
kinds = np.random.default_rng().permutation(list(tops))  # a coin decides which comes first
first, second = (visualize.plate(large, some, blocks[3], maps=2, tops=tops[kind]) for kind in kinds)
plates.plate(first, title="A", named=False)

# %%
plates.plate(second, title="B", named=False)

# %% [markdown]
# One of the two shows mixtures, the other single maps, drawn at random alike. Which is which? Decide before you look on, and say
# by what you told them apart.

# %%
print(f"A: {kinds[0]}, B: {kinds[1]}")

# %% [markdown]
# If you could not tell, or by nothing that you would defend, then nine patches with something in common are no proof that a map
# is *about* it: nine pictures picked out by one number will often look alike.
#
# ## The paper and ours
#
# Read a famous paper as you would read a stranger's. Its table 4 says for Caltech-101, with 30 training pictures per class: Bo
# and others 81.4 per cent, Jianchao and others 84.3, this paper 86.5. Its text says that it beats Bo and others by 2.2 per cent;
# but 2.2 is what it is ahead of Jianchao and others. Softmax on the seventh layer is 85.4 in table 7 and 86.5 in table 4. The
# “steady improvement” of table 7 ends at the fifth layer on Caltech-101 (86.2, then 85.5); on Caltech-256 it goes on. None of it
# changes what the paper found. All of it is found only by those who compute.
#
# Now everything side by side.

# %%
ours["Figure 2"] = f"{len(pool)} pictures searched"
ours["Figure 3"] = f"{network.name}: {sum(p.numel() for p in network.module.parameters()):,} weights"
ours["Figure 6"] = f"{len(visualize.first_filters(network).dead)} dead filters"
exercises.compared(ours)

# %% [markdown]
# One difference lies under all of them. The paper removed from its training pictures those that are also in Caltech (44 of
# 9,144, and 243 of 30,607) and trained again. With weights that somebody else has published, you cannot do that.
#
# ## Key points
#
# * A paper can be repeated in the small, if each difference is said, and if “not done” is an answer.
# * A low layer changes with the smallest move of the picture, the scores much less. But a network that knows nothing may be more
#   invariant still.
# * A picture that stays the same when the network's top is shuffled is not about its decision. Guided backpropagation's stays.
# * Nine pictures with something in common are no proof. Random mixtures may have nine as well.
# * Five dogs, 24 maps, 150 pictures: most differences here are smaller than their luck.
#
# ## What these numbers show, and what they do not
#
# They show that each experiment can be run, and what it gives with this network and these pictures. Where the paper's finding
# appears again, that is one more case, with another layout and other pictures. Where it does not, that refutes nothing: the
# network may be too small, the pictures too few or, in the pocket edition, too alike, being felt. The controls are the
# exception: they test the *method*, and a method that cannot tell a trained network from a shuffled one cannot do so
# elsewhere either until somebody has shown it.
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
