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
# # 04 · What a network sees
#
# *Minutes: 40 teaching, 30 exercises.* In the full edition, without a graphics card, waiting comes on top.
#
# What did the network learn from somebody else's pictures, and what changes in it when it learns our question? So far it
# was a box that gives numbers. Now you open one, with the method of Matthew Zeiler and Rob Fergus, who in 2013 were among
# the first to look inside a network of this kind.
#
# When you are through, you will be able to
#
# * send one activation back to the pixels that made it, by hand, in three ways that differ by one line;
# * read a **plate**: what excites a map most, beside what the map took from it;
# * cover parts of a picture, or ask by two quicker methods, and say which of them the network's answer hangs on;
# * say what fine-tuning changed inside the network, and what it left as it was;
# * tell a picture that shows something from one that only looks as if it did.
#
# You need lesson 01, and of lesson 02 what a *gradient* is: their words are used here. New ones are **bold**.

# %% [markdown]
# ## Which pictures, which network?
#
# What differs between the two editions is printed by the cells.

# %%
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from shoulders import backbones, cutting, editions, exercises, plates, training, visualize, widgets

edition = editions.choose("04")
pictures, network = edition.pictures, edition.backbone
exercise = exercises.lesson_04(edition)
print(edition)

# %% [markdown]
# This need not be the network of lessons 01 and 02. It is one of **VGG's layout**: a plain chain of filters, ReLU and
# max-pooling, in both editions. Each of these steps you can take back by hand. The course's default, a giant of 2020, is built
# otherwise; you will look into it at the end of step 2, where it is on this machine.
#
# We shall ask of every map: which pictures excite it most? The more pictures we search, the clearer the answer. The **pool**
# holds pictures that the network has not learnt from and will not learn from below. We look at five layers, the last one at
# each size that the picture has on its way: they end the network's five blocks.

# %%
pool = exercises.pool(edition)
blocks = cutting.last_at_each_size(network)[:5]
large = exercises.larger(network)
side = large.transform.crop
print(f"{len(pool)} pictures of {side} × {side} pixels: {', '.join(pool.classes)}.")
for i, layer in enumerate(blocks, 1):
    print(f"block {i}, {layer}: one place of it sees {visualize.receptive_field(large, layer).size[0]:.0f} pixels a side")

# %% [markdown]
# That is the layer's **receptive field**: what lies outside cannot matter to that place, whatever the weights are. It grows
# from block to block. (A small network gets its pictures a little larger here than usual: what a map answers to is then a
# smaller part of them, and easier to see.)
#
# ## Predict before you run
#
# Near the end you will fine-tune the last two blocks on cats and dogs. Take any map of the last block, and the nine pictures
# that excite it most before. How many of them will be among its nine after? And of a map of the third block? Write down two
# numbers from 0 to 9.

# %%
my_guess = {"third block": 5, "last block": 5}  # write yours here

# %% [markdown]
# ## Step 1: by hand
#
# A network in its smallest form: a picture of 4 × 4 pixels, one filter, one max-pooling. A **filter** is one such small
# pattern of weights; what it answers at one place is an **activation**, and its answers at all places are a map. This one
# lays its four weights over every 2 × 2 spot of the picture, multiplies and adds up: it answers where the right side is
# brighter than the left. **ReLU** sets what is below zero to zero. The max-pooling takes the largest of each 2 × 2 window
# of the map, in steps of one, so its windows overlap.

# %%
picture = torch.tensor([[0.0, 1, 4, 5], [3, 3, 4, 5], [2, 4, 2, 0], [3, 4, 4, 3]])
weights = torch.tensor([[-1.0, 1], [-1, 1]])
image, convolution, pool_2 = picture[None, None], nn.Conv2d(1, 1, 2, bias=False), nn.MaxPool2d(2, stride=1)
convolution.requires_grad_(False).weight[:] = weights
plates.numbers([picture, weights], ["the picture", "the filter"])

# %% [markdown]
# ### Exercise 1: the switches
#
# Compute the 3 × 3 map on paper. Apply the ReLU. Then note for each of the four windows *where* its maximum stood: these
# places are the **switches**. Count them row by row, from 0 at the upper left to 8 at the lower right. In a window of zeros,
# take the first place.

# %%
### BEGIN SOLUTION
my_switches = [[1, 1], [6, 4]]
### END SOLUTION
### BEGIN LEARNER
# my_switches = None  # [[upper left, upper right], [lower left, lower right]]
### END LEARNER
exercise.switches.check(my_switches)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The map is `[[1, 4, 2], [2, -1, -1], [3, -2, -3]]`, and after the ReLU `[[1, 4, 2], [2, 0, 0], [3, 0, 0]]`. Two windows find
# their maximum in the same place: `[[1, 1], [6, 4]]`.
#
# </details>
#
# ### Exercise 2: back to the pixels, in three ways
#
# Suppose the layers above send back `[[2, 1], [-1, 3]]`: how much they care about each of the four pooled values. Zeiler and
# Fergus take it down to the pixels in three steps, the layer's own steps turned around. They call this a **deconvnet**.
#
# 1. **Unpool**: put each value back at its switch, zeros elsewhere. What meets in one place is added.
# 2. **Rectify**: here three methods differ, and only here.
# 3. **Filter** with the filter turned around: each value of the map paints the filter, times itself, onto its spot of the
#    picture. Paintings add up.
#
# | rule | what it keeps at the ReLU |
# |---|---|
# | *gradient* (Simonyan and others 2013) | where the map was above zero on the way up |
# | *deconvnet* (Zeiler & Fergus 2013) | what is above zero on the way down |
# | *guided* (Springenberg and others 2014) | what passes both |
#
# Work out the three 4 × 4 pictures on paper.

# %%
### BEGIN SOLUTION
on_paper = {
    "gradient": [[0, -3, 3, 0], [0, -3, 3, 0], [1, -1, 0, 0], [1, -1, 0, 0]],
    "deconvnet": [[0, -3, 3, 0], [0, -6, 6, 0], [0, -3, 3, 0], [0, 0, 0, 0]],
    "guided": [[0, -3, 3, 0], [0, -3, 3, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
}
### END SOLUTION
### BEGIN LEARNER
# nothing = [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
# on_paper = {"gradient": nothing, "deconvnet": nothing, "guided": nothing}  # your numbers go here
### END LEARNER
exercise.rules.check(on_paper)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Unpooled: `[[0, 3, 0], [0, 3, 0], [-1, 0, 0]]`, because 2 and 1 meet at the same switch. *gradient* drops the 3 in the middle
# (there the map was not above zero), *deconvnet* drops the -1, *guided* drops both. Then paint:
#
# ```python
# on_paper = {
#     "gradient": [[0, -3, 3, 0], [0, -3, 3, 0], [1, -1, 0, 0], [1, -1, 0, 0]],
#     "deconvnet": [[0, -3, 3, 0], [0, -6, 6, 0], [0, -3, 3, 0], [0, 0, 0, 0]],
#     "guided": [[0, -3, 3, 0], [0, -3, 3, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
# }
# ```
#
# </details>
#
# Now the machine, with the three steps that the course uses everywhere below. The three rules are three lines of code;
# `autograd`, PyTorch's own machinery for gradients, must agree with the first.

# %%
image.requires_grad_()
signal = F.relu(convolution(image))
pooled, switches = visualize.switches(signal, pool_2)
above = torch.tensor([[[[2.0, 1], [-1, 3]]]])
unpooled = visualize.unpool(above, switches, signal.shape[2:])
back = {rule: visualize.transposed(keep(signal, unpooled), convolution, (4, 4)) for rule, keep in visualize.RULES.items()}
print("autograd agrees:", torch.equal(torch.autograd.grad(pooled, image, above)[0], back["gradient"]))
plates.numbers([unpooled[0, 0], *(pixels[0, 0] for pixels in back.values())], ["unpooled", *back])

# %% [markdown]
# In *deconvnet*, the middle of the picture is strong although the filter found nothing there: on its way down this rule does
# not ask what the map said on its way up. Only the switches tell it anything about the picture. Keep that in mind.
#
# **A common mistake.** Where windows overlap, their values can meet at one switch. PyTorch's own `max_unpool2d` does not add
# them: one overwrites the other, and a part of the signal is gone, without a warning. (In the paper's network and in AlexNet,
# after which it was built, the windows overlap. In VGG's they do not.)

# %%
overwritten = F.max_unpool2d(above, switches, 2, stride=1, output_size=(3, 3))
plates.numbers([unpooled[0, 0], overwritten[0, 0]], ["added", "overwritten"])

# %% [markdown]
# ## Step 2: the first filters
#
# The filters of the first layer lie directly on the pixels, so they can be looked at as they are: three colours, a few pixels
# a side. Which of them look for a line, which for a colour, which for both? Are there some that never learnt anything?

# %%
plates.first_filters(visualize.first_filters(network))

# %% [markdown]
# Filters of three pixels a side are coarse to look at. Light beside dark is an edge; one colour beside another, a
# contrast of colours; one tone all over lets a colour through. The curve says how fine the patterns are that they answer
# to: left, broad areas; right, stripes as fine as the pixels allow. (A *cycle* is once light and once dark. The *power* is how
# much of the filters' contrast has this fineness.)
#
# And the course's default network, if it is on this machine? The same question, asked of a giant of another layout:

# %%
giant = backbones.load() if backbones.on_disk(backbones.DEFAULT) else network
plates.first_filters(visualize.first_filters(giant))

# %% [markdown]
# Compare the two: edges and colours, how many never learnt anything, and how fine the patterns are. What lies above is built
# otherwise. The giant's wider filters are **depthwise**: each lies on one map alone, and filters of a single pixel mix the
# maps. And where it halves the picture, it lays more zeros to the *right* and *below* than on the other sides (**SAME
# padding**, TensorFlow's). So what a place sees is not centred on the spot that it stands for. By how much?

# %%
for one in {net.name: net for net in (network, giant)}.values():
    for layer in cutting.last_at_each_size(one)[2:5]:
        seen = visualize.receptive_field(one, layer).rows
        aside = (seen.first + seen.last) / 2 - (seen.jump - 1) / 2  # its middle, against that of the spot it stands for
        text = f"{layer}: {seen.last - seen.first + 1:.0f} of {one.transform.crop} pixels a side, {aside:+.1f} off its spot"
        print(f"{one.name}, {text}")

# %% [markdown]
# In the giant, every shift is half as long as the spot that a place stands for. Whoever stretches its last map over the
# picture, as *heat maps* do, draws the glow half a spot beside the thing, up and to the left. The chain has no such shift,
# and its steps can be done on paper. So we go on with the chain.
#
# ## Step 3: block by block
#
# Deeper filters lie on maps, not on pixels. So let the pictures speak: show all of the pool, note for each map of each layer
# the nine that excite it most, and where. A map that answers to none is called **dead**, on these pictures. (Some twenty seconds
# on two cores in the pocket edition, minutes with a large network.)

# %%
found = visualize.top_activations(large, pool, blocks)
for tops in found.values():
    print(tops)

# %% [markdown]
# A plate shows maps *drawn at random*, with a seed, among those that are alive: whoever chooses the beautiful ones proves
# nothing. For each map there are two fields of nine. On the left are the nine strongest patches, cut to the receptive field.
# On the right is what the deconvnet makes of that one activation: which pixels of the patch it took, and which sign. Grey is
# nothing. Above each map stand the strongest and the weakest of its nine activations, and the end of the scale on which all
# nine projections are drawn (in the network's input units). The first block:

# %%
plates.plate(visualize.plate(large, pool, blocks[0], maps=12, tops=found[blocks[0]]))

# %%
plates.plate(visualize.plate(large, pool, blocks[1], maps=8, tops=found[blocks[1]]))

# %% [markdown]
# In the first block, the nine patches of one map mostly share an edge in one direction, or a colour. In the second, look for
# bars of one direction, for corners, for a colour on a ground of another: what can be told in a spot of that size. In the
# third, which comes next, look for arcs, tips and patterns.

# %%
plates.plate(visualize.plate(large, pool, blocks[2], maps=6, tops=found[blocks[2]]))

# %% [markdown]
# In the fourth block look for parts of things: an eye, a disc in a ring, a round edge.

# %%
plates.plate(visualize.plate(large, pool, blocks[3], maps=4, tops=found[blocks[3]]))

# %%
last = visualize.plate(large, pool, blocks[4], maps=4, tops=found[blocks[4]])
plates.plate(last)

# %% [markdown]
# Now be strict. For each map, what do the *nine patches* share, and could you name it before you looked at the projections?
# What do the *projections* share: the same part of the thing each time (an eye, a leg, a wheel), or only an outline? The
# deeper the block, the more they are specks rather than drawings: read where they lie, not their colours. Expect all kinds.
# Some maps are clear. Some answer to a pattern of the floor. Of some nobody could say what they look for, and the list of
# their nine pictures is then all there is to say. The last block sees the whole picture, or nearly: there the patches are
# pictures, and the question is what *they* have in common.
#
# In the pocket edition: map 52 of the third block answers to an arch. Map 97 of the fourth answers to eyes in six of its nine,
# of cats, a dog and ants. Of the other three, two are balls, and the bear is there for its *arm*: from the patches alone you
# would have counted its eyes. Map 141 answers to a round spot in a ring, on wings, rockets and faces. Of the last block, map 97
# seems to like horizontal planks, in four of its nine. Of the other three we would not name one.
#
# One activation, by three rules. The rows differ by the one line that you worked out on paper:

# %%
clear = found[blocks[3]].values[:, 0].argmax().item()  # the map with the strongest answer of all
places = found[blocks[3]].positions[clear, :5]
some = pool.take(found[blocks[3]].indices[clear, :5].tolist())
rows = [visualize.project(large, some, blocks[3], clear, rule, places) for rule in visualize.RULES]
plates.projections(rows, [large.transform.picture(path) for path in some.paths])

# %% [markdown]
# (In the pocket edition this map answers to eyes, whoever looks out of them.) The gradient is the noisiest. The other two drop
# what pulls down, and look cleaner. Whether what looks cleaner is also truer is another question: lesson 05 puts it to the test.

# %% [markdown]
# ## Browse
#
# Every map of every block: choose a layer, a map and a rule, with the mouse or with the keyboard (Tab, arrows, space). Try
# to find a map for eyes, one for the floor, and one that you cannot explain. (It needs a running notebook.)

# %%
widgets.browse(large, found)

# %% [markdown]
# ## Step 4: does it look at the animal or at the floor?
#
# Fine-tune the network on our question, as in lesson 01, so that it has two answers only: cats and dogs. (As long a wait as the
# one before.)

# %%
tuned = training.fine_tune(network, pictures, blocks=2, curve=False)
after = visualize.retrained(network, tuned)
print(tuned)

# %% [markdown]
# Now cover a picture, spot by spot, with a grey window. Each time ask the network again. Where covering makes the probability
# of the right answer fall, the answer hung on what was there.
#
# One picture is an anecdote, so begin with thirty, and with windows of a quarter of the side. What does covering *the middle*
# cost (bodies and faces, mostly), what the *lowest row* (floor and feet), what the *uppermost* (walls and sky, and the ears of
# an animal that is close)?

# %%
quarter, thirty, lost, worst = after.transform.crop // 4, pictures.valid.sample(15), [], []
for i in thirty:
    path, label = pictures.valid.paths[i], int(pictures.valid.labels[i])
    one = visualize.occlusion(after, path, blocks[4], label, patch=quarter, stride=quarter)
    fall = one.whole_probability - one.probability.numpy()
    lost.append([fall[1:-1, 1:-1].mean(), fall[-1].mean(), fall[0].mean()])
    worst.append(fall.max())

# %%
for place, column in zip(("middle", "lowest row", "uppermost row"), np.array(lost).T):
    error = column.std(ddof=1) / len(column) ** 0.5
    print(f"{place}: a window costs {column.mean():+.3f} ± {error:.3f} of the probability, mean of {len(column)} pictures")

# %% [markdown]
# After the ± stands the **standard error**: with thirty other pictures the mean would easily be higher or lower by as much,
# and seldom by more than twice as much. Lowest row near zero: covering the lowest quarter costs next to nothing. Where the
# uppermost row costs most, look at the pictures before you say why: is it the ears, or is it what stands behind them?
# Covering says *where* it matters, never *why*.
#
# Now one picture, with smaller windows. Chosen, not drawn: of the thirty, the picture that a window hurts most. Then take one
# of your own (`my_number`, or a path and its class).

# %%
my_number = int(thirty[np.argmax(worst)])  # or any number below len(pictures.valid)
path, label = pictures.valid.paths[my_number], int(pictures.valid.labels[my_number])
window = after.transform.crop // 5
covered = visualize.occlusion(after, path, blocks[4], target=label, patch=window, stride=window // 2)
plates.occlusion(covered)

# %% [markdown]
# These are the five panels of the paper's figure 7. (b) watches the one map of the last block that answers most strongly,
# (c) is its projection, (d) the probability of the right class, (e) what the network would have said. Do the dark spots of
# (d) lie on the animal? On which part? Where (d) hardly changes anywhere, as with many pictures, no single spot decides.
#
# Covering takes a look for every window. Two methods take few. **Grad-CAM** (Selvaraju and others 2017) adds up the maps of a
# late layer, each weighted by how much the score of the class rises with it, and drops what is below zero. **Integrated
# gradients** (Sundararajan and others 2017) takes the *gradient* of step 1 at many pictures between plain grey and this one,
# averages, and multiplies by the difference. Its pixels should add up to what the score gained on that way; the gap is printed.
# Grad-CAM first (yellow is most). The last block has few places, and its glow is stretched over the picture: it may reach past
# the head into the sky, and cannot tell the two apart.

# %%
shown = pictures.valid.take([my_number, thirty[np.argsort(worst)[-2]]])  # and the next of those that a window hurts
truth, images = shown.labels.tolist(), [after.transform.picture(path) for path in shown.paths]
cam = visualize.grad_cam(after, shown, blocks[4], truth)
plates.heat(cam, images)

# %%
pixels = visualize.integrated_gradients(after, shown, truth, steps=128)
for total, gap in zip(pixels.pixels.sum((1, 2, 3)), pixels.gap):
    print(f"the score gained {total - gap:.3f}, the pixels add up to {total:.3f}: a gap of {gap:+.3f}")
plates.heat(pixels, images)

# %% [markdown]
# Orange squares speak for the class, violet ones against it. Do they lie on the animal?
#
# Do they agree with covering? By **rank correlation**: sort the windows by each of the two, by what covering them costs and
# by what the method says of the pixels under them. Do they come in the same order? 1 means the same, 0 no connection, -1 the
# other way round.

# %%
for i, path in enumerate(shown.paths):
    one = visualize.occlusion(after, path, blocks[4], truth[i], patch=window, stride=window)
    first, second = exercise.as_covering(one, cam.maps[i]), exercise.as_covering(one, pixels.pixels[i].sum(0))
    print(f"picture {i + 1}: Grad-CAM {first}, integrated gradients {second} ({len(one.boxes)} windows)")

# %% [markdown]
# Three answers to one question. Where they agree, you may begin to believe them. Where they do not, none of them is “the”
# explanation.

# %% [markdown]
# ## Step 5: what fine-tuning changed
#
# This is the question of the whole course. The network learnt on somebody else's pictures; then its last two blocks learnt
# on, on ours. What of it is still the old network? We have its nine best pictures for every map. Search again, the same
# pictures, with the tuned one. (A wait once more.)

# %%
large_after = exercises.larger(after)
found_after = visualize.top_activations(large_after, pool, blocks)

# %% [markdown]
# ### Exercise 3: how many are the same?
#
# `found[layer].indices` has a row for each map: the numbers of its nine pictures. Write `shared`: for each map, how many of
# the nine before are among the nine after, wherever they stand.


# %%
def shared(before, after):
    ### BEGIN SOLUTION
    return [len(set(b.tolist()) & set(a.tolist())) for b, a in zip(before, after)]
    ### END SOLUTION
    ### BEGIN LEARNER
    # return [0 for b, a in zip(before, after)]  # your answer goes here
    ### END LEARNER


exercise.shared.check(shared)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def shared(before, after):
#     return [len(set(b.tolist()) & set(a.tolist())) for b, a in zip(before, after)]
# ```
#
# </details>

# %%
for i, layer in enumerate(blocks, 1):
    alive = [m for m in found[layer].alive if m in found_after[layer].alive]
    same = exercises.in_common(found[layer].indices[alive], found_after[layer].indices[alive])
    print(f"block {i}, {layer}: of nine {np.mean(same):.1f} stay, mean of {len(alive)} maps; all nine in {same.count(9)} of them")
print(f"by luck alone: {81 / len(pool):.1f}. Your guesses: {my_guess}")

# %% [markdown]
# Blocks that were frozen *must* keep all nine: not one byte of them changed. The others show how far the network moved. By
# luck alone means: two times nine pictures, drawn from the pool without looking. Compare the last block with that, and with
# what you expected. Then look again at the four maps of the last block that were drawn above, before and after:

# %%
tops, tops_after = found[blocks[4]], found_after[blocks[4]]
stay = [{*tops.indices[m].tolist()} & {*tops_after.indices[m].tolist()} for m in last.maps]
plates.plate(last, title="before fine-tuning", framed=stay)

# %%
last_after = visualize.plate(large_after, pool, blocks[4], last.maps, tops=tops_after)
plates.plate(replace(last_after, chosen="the same as before"), title="after fine-tuning", framed=stay)

# %% [markdown]
# Framed: pictures that are among the nine both before and after.
#
# Did these maps become maps of something else, or did they keep to their kind and shift a little? A number for all of them:
# how many of a map's nine best pictures are of one and the same of our two classes, cats or dogs? (What is neither counts for
# none.)


# %%
def of_one_class(nine):
    kinds = np.array(pool.classes)[pool.labels[nine]]
    return np.maximum(*[(kinds == name).sum(1) for name in pictures.classes])


rng = np.random.default_rng(0)
luck = np.array([rng.permutation(len(pool))[:9] for _ in range(2000)])
both = {name: tops.indices[list(tops.alive)].numpy() for name, tops in (("before", tops), ("after", tops_after))}

# %%
for name, nine in {**both, "by luck alone": luck}.items():
    most = of_one_class(nine)
    many = (most >= 7).mean()
    print(f"{name}: {most.mean():.1f} of nine are of one class, on average; seven or more in {many:.0%} of {len(nine)}")

# %% [markdown]
# Compare with the third line: what a map without any preference would have. Well above it, a map prefers one of our classes.
# If the second line is much higher than the first, maps have turned into maps of our classes. If the two hardly differ, they
# have not: most of a map's best pictures may change without its becoming a map for cats or one for dogs, and the new head
# mixes many maps that answer to other things too.
#
# And the weights themselves? How far have those of each block gone, measured by their own length?

# %%
for part, said in exercise.moved(network, after).items():
    print(f"{part}: {said}")

# %% [markdown]
# So here is the plain answer to the question of the whole course. What was frozen is the old network, to the byte: what it
# sees, it learnt on somebody else's pictures. The weights that learnt on have moved no further than you have just read. That
# is enough to exchange many of the nine pictures that excite a map most, and, if your second line above is hardly larger than
# the first, too little to make maps of cats or maps of dogs out of them. Only the head is new. That the question can be
# answered all the same says that what the old blocks see serves it well enough.
#
# ## Break it on purpose
#
# A colleague has written a deconvnet of their own. The same network, the same map, the same four pictures: the upper row of
# projections is ours, the lower one theirs. “Mine is livelier. It even shows something for maps that did not answer at all!”
# (This runs on `vgg16_tiny` in both editions.)

# %%
tiny = backbones.load("vgg16_tiny")
layer, four = "features.15", pictures.valid.take(pictures.valid.sample(2))
one = visualize.top_activations(tiny, four, layer, k=4).values[:, -1].argmax().item()  # a map that answers to all of them
ours = visualize.project(tiny, four, layer, one)
theirs = exercise.colleague(tiny, four, layer, one)
images = [tiny.transform.picture(path) for path in four.paths]
plates.projections([ours, theirs], images, labels=["ours", "theirs"])

# %% [markdown]
# ### Exercise 4: find it
#
# A deconvnet has no opinion of its own: it only moves and mixes what you give it. `exercise.colleague(…, strength=2)` doubles
# the activation before it is sent back, `strength=0` deletes it. The cell prints for each the size of what comes out. Which
# of the three operations is wrong? Put `"unpool"`, `"rectify"` or `"filter"` into `culprit`.

# %%
for strength in (0, 1, 2):
    sizes = [made(tiny, four, layer, one, strength).pixels.norm() for made in (exercises.by_hand, exercise.colleague)]
    print("strength {}: ours {:.3f}, theirs {:.3f}".format(strength, *sizes))
### BEGIN SOLUTION
culprit = "filter"
### END SOLUTION
### BEGIN LEARNER
# culprit = None  # your answer goes here
### END LEARNER
exercise.culprit.check(culprit)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# culprit = "filter"
# ```
#
# Out of nothing comes something, so something is *added* on the way. Unpooling moves, rectifying removes; only a filter can
# add, if it has a **bias**, a constant. `nn.ConvTranspose2d` has one unless you say `bias=False`. Published code has had it.
# The test is worth keeping: no activation, no picture; twice the activation, twice the picture.
#
# </details>
#
# One more fault, in the open: forget the switches, and put every value into the upper left corner of its window. Ours above,
# the fault below: what had a shape is now nearly the same blot in every picture. All that a deconvnet knows of a picture it
# knows by the switches.

# %%
lost = exercises.by_hand(tiny, four, layer, one, switches=False)
plates.projections([ours, lost], images, labels=["with switches", "without"])

# %% [markdown]
# ## Key points
#
# * Every step of a network can be turned around, though not undone: unpool with the switches, rectify, filter with the filters
#   turned around. Gradient, deconvnet and guided backpropagation differ by one line, at the ReLU.
# * Look at maps drawn at random, say how many pictures were searched and how many maps are dead, and put all nine on one scale.
# * First edges and colours, then patterns, then, in some maps, parts. In the last block often nothing that has a name.
# * Covering asks the network itself: it is slow, and the window's colour and size are choices that can fool you (lesson 05).
#   Grad-CAM and integrated gradients are quick. Ask more than one.
# * Fine-tuning leaves what is frozen as it was and moves the rest. Compare the same maps before and after, and both with luck.
#
# ## What these pictures show, and what they do not
#
# They show which pictures *of this pool* excite a map most, and which pixels carried the signal. They do not show that a map
# means “eye”: nine pictures out of a few hundred are no proof, and a map also answers, more weakly, to much else. They do not
# show why the network decides as it does: a decision is made of hundreds of maps together. In the pocket edition, the network
# is small, and the things in the pictures are of felt, lit and modelled by the same hand: maps for the floor or for one kind
# of wool are to be expected. And a deconvnet's picture owes much to the patch itself, through the switches, whatever was
# learnt. How much, you will measure in lesson 05.
#
# ## References
#
# * M. Zeiler, R. Fergus: *Visualizing and understanding convolutional networks*, 2013,
#   [arXiv 1311.2901](https://arxiv.org/abs/1311.2901).
# * K. Simonyan, A. Vedaldi, A. Zisserman: *Deep inside convolutional networks*, 2013,
#   [arXiv 1312.6034](https://arxiv.org/abs/1312.6034): the gradient.
# * J. T. Springenberg and others: *Striving for simplicity*, 2014, [arXiv 1412.6806](https://arxiv.org/abs/1412.6806): guided
#   backpropagation.
# * R. R. Selvaraju and others: *Grad-CAM: visual explanations from deep networks via gradient-based localization*, 2017,
#   [arXiv 1610.02391](https://arxiv.org/abs/1610.02391).
# * M. Sundararajan, A. Taly, Q. Yan: *Axiomatic attribution for deep networks*, 2017,
#   [arXiv 1703.01365](https://arxiv.org/abs/1703.01365): integrated gradients.
# * J. Yosinski and others: *How transferable are features in deep neural networks?*, 2014,
#   [arXiv 1411.1792](https://arxiv.org/abs/1411.1792): what is general and what is particular, measured.
