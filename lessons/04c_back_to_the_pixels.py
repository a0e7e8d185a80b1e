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
# # 04c · Back to the pixels, by hand
#
# *Minutes: 15 teaching, 25 exercises.* For the curious: nothing later needs it.
#
# How does one activation come back to the pixels that made it? In 04a a deconvnet did it for you. Here you do it on paper, in
# three ways that differ by one line, and find out what can go wrong.
#
# When you are through, you will be able to
#
# * send an activation back through filter, ReLU and pooling, by hand;
# * say what [gradient](glossary.ipynb), [deconvnet](glossary.ipynb) and **guided backpropagation** have in common, and which
#   line tells them apart;
# * find a fault in a deconvnet by asking it for nothing, and for twice as much;
# * read **integrated gradients**, and say how fine the patterns are that the first filters answer to.
#
# You need 04a and 04b. After a restart: Run, Run All Above Selected Cell; the training is remembered.

# %% [markdown]
# ## Step 1: by hand
#
# The next cell loads the libraries (2 to 15 s). The one after it shows a network in its smallest form: a picture of 4 × 4
# pixels and one filter. The filter lays its four weights over every 2 × 2 spot of the picture, multiplies and adds up: it
# answers where the right side is brighter than the left.
#
# Then comes a [ReLU](glossary.ipynb), and a max-[pooling](glossary.ipynb) that takes the largest of each 2 × 2 window of the
# map *in steps of one*: its windows overlap.

# %%
import torch
import torch.nn.functional as F
from torch import nn

from shoulders import backbones, cutting, editions, exercises, plates, recall, training, visualize

edition = editions.choose("04")
pictures, network = edition.pictures, edition.backbone
exercise = exercises.lesson_04(edition)
print(edition)

# %%
picture = torch.tensor([[0.0, 1, 4, 5], [3, 3, 4, 5], [2, 4, 2, 0], [3, 4, 4, 3]])
weights = torch.tensor([[-1.0, 1], [-1, 1]])
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
# Suppose that later layers send back `[[2, 1], [-1, 3]]`: how much they care about each of the four pooled values. Take these
# down to the pixels in three steps, the network's own steps turned around.
#
# 1. **Unpool**: put each value back at its switch, zeros elsewhere. What meets in one place is added.
# 2. **Rectify**: keep some of the values, and set the others to 0. Here three methods differ, and only here.
# 3. **Filter** with the filter turned around: each value of the map paints the filter, times itself, onto the spot of the
#    picture from which it came. Paintings add up.
#
# | rule | what it keeps at the ReLU (“up” is the way of the picture, “down” the way back) |
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
# Unpooled: `[[0, 3, 0], [0, 3, 0], [-1, 0, 0]]`, because 2 and 1 meet at the same switch. *gradient* drops the 3 in the
# middle (there the map was not above zero), *deconvnet* drops the -1, *guided* drops both. Then paint:
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
# Now the machine. First the way up: `visualize.switches` pools and notes the places, as you did.

# %%
convolution, pooling = nn.Conv2d(1, 1, 2, bias=False), nn.MaxPool2d(2, stride=1)
convolution.requires_grad_(False).weight[:] = weights
image = picture[None, None].requires_grad_()
signal = F.relu(convolution(image))
pooled, switches = visualize.switches(signal, pooling)

# %% [markdown]
# Then the way down, with the three steps that the course uses everywhere. **autograd**, PyTorch's own machinery for gradients,
# must agree with the first rule. `above` are the four values that were sent back.

# %%
above = torch.tensor([[[[2.0, 1], [-1, 3]]]])
unpooled = visualize.unpool(above, switches, signal.shape[2:])
back = {"unpooled": unpooled}
for rule, rectify in visualize.RULES.items():
    back[rule] = visualize.transposed(rectify(signal, unpooled), convolution, (4, 4))
by_autograd = torch.autograd.grad(pooled, image, above)[0]
print("autograd agrees:", torch.equal(by_autograd, back["gradient"]))
plates.numbers([pixels[0, 0] for pixels in back.values()], list(back))

# %% [markdown]
# In *deconvnet*, the middle of the picture is strong although the filter found nothing there: on its way down this rule does
# not ask what the map said on its way up. Only the switches tell it anything about the picture. Keep that in mind.
#
# **A common mistake.** Where windows overlap, their values can meet at one switch. PyTorch's own `max_unpool2d` does not add
# them: one overwrites the other, and a part of the signal is gone, without a warning. (In the paper's network and in
# [AlexNet](glossary.ipynb), after which it was built, the windows overlap. In VGG's they do not.)

# %%
overwritten = F.max_unpool2d(above, switches, 2, stride=1, output_size=(3, 3))
plates.numbers([unpooled[0, 0], overwritten[0, 0]], ["added", "overwritten"])

# %% [markdown]
# ## Step 2: three rules, one activation
#
# The map of 04a's step 2: of block 4, the one with the strongest answer of all (the search takes 3 to 20 s on two cores in
# the pocket edition, minutes with a large network). The rows differ by the one line that you worked out on paper.

# %%
pool, large = exercises.pool(edition), exercises.larger(network)
block_4 = cutting.last_at_each_size(network)[3]
tops = visualize.top_activations(large, pool, block_4)
strongest = int(tops.values[:, 0].argmax())

# %%
some, places = pool.take(tops.indices[strongest, :5].tolist()), tops.positions[strongest, :5]
rows = [visualize.project(large, some, block_4, strongest, rule, places) for rule in visualize.RULES]
plates.projections(rows, [large.transform.picture(path) for path in some.paths])

# %% [markdown]
# The gradient is the noisiest. The other two drop what is below zero on the way down, and look cleaner. Is what looks cleaner
# also truer? Lesson 05 puts that to the test.
#
# ## Step 3: break it on purpose
#
# A colleague has written a deconvnet of their own. The same network, the same map, the same four pictures: the upper row of
# projections is ours, the lower one theirs. “Mine is livelier. It even shows something for maps that did not answer at all!”
# (This runs on `vgg16_tiny` in both editions.)

# %%
tiny = backbones.load("vgg16_tiny")
layer, four = cutting.last_at_each_size(tiny)[2], pictures.valid.take(pictures.valid.sample(2))
fourth_best = visualize.top_activations(tiny, four, layer, k=4).values[:, -1]
one = int(fourth_best.argmax())  # a map that answers to all four
ours, theirs = visualize.project(tiny, four, layer, one), exercise.colleague(tiny, four, layer, one)
images = [tiny.transform.picture(path) for path in four.paths]
plates.projections([ours, theirs], images, labels=["ours", "theirs"])

# %% [markdown]
# ### Exercise 3: find it
#
# A deconvnet has no opinion of its own: it only moves and mixes what you give it. A `strength` of 2 doubles the activation
# before it is sent back, and 0 deletes it. The cell prints for each the size of what comes out. Which of the three steps is
# wrong? Put `"unpool"`, `"rectify"` or `"filter"` into `culprit`.

# %%
for strength in (0, 1, 2):
    made = [way(tiny, four, layer, one, strength) for way in (exercises.by_hand, exercise.colleague)]
    print("strength {}: ours {:.3f}, theirs {:.3f}".format(strength, *(one.pixels.norm() for one in made)))
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
# ## Step 4: integrated gradients
#
# 04b asked which parts of a picture the answer hangs on. **Integrated gradients** (Sundararajan and others 2017) takes the
# *gradient* of step 1 at many pictures between plain grey and this one, averages, and multiplies by the difference. Its
# pixels should add up to what the score gained on the way from grey to the picture. The cell prints by how much they miss:
# the gap. A gain below zero means that plain grey scored higher. (First the training of 04b: remembered, or 3 to 20 s on two
# cores in the pocket edition.)

# %%
tuned = recall.trained(training.fine_tune, network, pictures, blocks=2, curve=False)
after = visualize.retrained(network, tuned)
thirty = pictures.valid.take(pictures.valid.sample(15))

# %%
shown = thirty.take([0, 1, len(thirty) - 2, len(thirty) - 1])
found = visualize.integrated_gradients(after, shown, shown.labels.tolist(), steps=64)
for total, gap in zip(found.pixels.sum((1, 2, 3)), found.gap):
    print(f"the score gained {total - gap:.3f}, the pixels add up to {total:.3f}: a gap of {gap:+.3f}")
plates.heat(found, [after.transform.picture(path) for path in shown.paths])

# %% [markdown]
# The sums nearly agree. Orange squares speak for the class, violet ones against it. Does this agree with covering? The test of
# 04b, on its thirty pictures (10 to 60 s on two cores in the pocket edition).

# %%
block_5 = cutting.last_at_each_size(network)[4]
asked = exercise.covered(after, thirty, block_5)
given = visualize.integrated_gradients(after, thirty, thirty.labels.tolist(), steps=16)
agree = [exercise.as_covering(one, values.sum(0)) for one, values in zip(asked, given.pixels)]
print(exercise.agreement("Integrated gradients and covering", agree))

# %% [markdown]
# ## Step 5: how fine are the first filters?
#
# In 04a you looked at them. The curve says how fine the patterns are that they answer to: left, broad areas; right, stripes
# as fine as the pixels allow. A **cycle** is once light and once dark. The **power** is how much of the filters' contrast has
# this fineness. First our network, then the giant of lesson 01, if it is on this machine.

# %%
plates.first_filters(visualize.first_filters(network))

# %%
giant = backbones.load() if backbones.on_disk(backbones.DEFAULT) else network
plates.first_filters(visualize.first_filters(giant))

# %% [markdown]
# In the pocket edition our network answers most to fine stripes, and the giant to broad areas. The giant's filters move by two
# pixels at a time. Such a [stride](glossary.ipynb) steps over the finest stripes, and takes them for broader ones: **aliases**.
#
# One more thing that changes pictures without any error. Where the giant halves the picture, it lays more zeros to the *right*
# and *below* than on the other sides (**SAME padding**, TensorFlow's). So what a place sees is not centred on the spot that
# it stands for. By how much?

# %%
for one in {net.name: net for net in (network, giant)}.values():
    for layer in cutting.last_at_each_size(one)[2:5]:
        seen = visualize.receptive_field(one, layer).rows
        aside = (seen.first + seen.last) / 2 - (seen.jump - 1) / 2  # its middle, less its spot's
        print(f"{one.name}, {layer}: a spot of {seen.jump:.0f} pixels, seen {aside:+.1f} pixels aside")

# %% [markdown]
# In the giant, the shift is nearly half of the spot that a place stands for. Whoever stretches its last map over the picture,
# as Grad-CAM does, draws the glow half a spot beside the thing, up and to the left. Our network has no such shift.
#
# ## Key points
#
# * Every step of a network can be turned around, though not undone: unpool with the switches, rectify, filter with the filter
#   turned around. Gradient, deconvnet and guided backpropagation differ by one line, at the ReLU.
# * Test a tool with nothing, and with twice as much, before you look at what it draws.
# * Whether windows overlap, and on which side zeros are laid, changes pictures without any error.
#
# ## What these pictures show, and what they do not
#
# They show that the sums are right: what you did on paper, what the course does, and what PyTorch's `autograd` does are the
# same. They do not show that a projection says what a map means: a deconvnet's picture owes much to the switches, and so to
# the patch itself, whatever was learnt. Lesson 05 measures how much.
#
# ## References
#
# * M. Zeiler, R. Fergus: *Visualizing and understanding convolutional networks*, 2013, [arXiv
#   1311.2901](https://arxiv.org/abs/1311.2901).
# * K. Simonyan, A. Vedaldi, A. Zisserman: *Deep inside convolutional networks*, 2013, [arXiv
#   1312.6034](https://arxiv.org/abs/1312.6034): the gradient.
# * J. T. Springenberg and others: *Striving for simplicity*, 2014, [arXiv 1412.6806](https://arxiv.org/abs/1412.6806): guided
#   backpropagation.
# * M. Sundararajan, A. Taly, Q. Yan: *Axiomatic attribution for deep networks*, 2017, [arXiv
#   1703.01365](https://arxiv.org/abs/1703.01365): integrated gradients.
