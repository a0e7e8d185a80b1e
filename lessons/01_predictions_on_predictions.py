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
# # 01 · Predictions on predictions
#
# *Minutes: 25 teaching, 20 exercises.* In the full edition, without a graphics card, waiting comes on top.
#
# Somebody has already taught a network to see. It names teapots, sports cars and mushrooms, and nobody ever asked it
# *your* question. In this lesson you ask it: **cat or dog?** You will not teach it to see. You will listen to what it says.
#
# When you are through, you will be able to
#
# * ask a **pretrained** network (one that has already learnt) what it sees in a picture, and read its answer with care;
# * build a **classifier** (a thing that sorts pictures into classes) on top of another classifier's predictions;
# * cut off a network's head and use what lies beneath, at any depth;
# * say what a better network is worth to you, counted in pictures;
# * fine-tune the top of a network, and say what it cost and what it brought;
# * recognise a common and silent mistake from its symptoms.
#
# You need some Python. You need to know nothing about neural networks: new words are **bold** where they first appear.

# %% [markdown]
# ## Which pictures, which network?
#
# The course comes in two editions. The *pocket* edition was installed with the course and needs no connection to the
# internet. The *full* edition uses photographs, and the network VGG16. The next cell says which one runs here, why, and how
# to switch. Everything you read below is true of both; what differs is printed by the cells.
#
# A network that somebody else has trained is called a **giant** in this course: you are going to stand on its shoulders.

# %%
from collections import Counter

import numpy as np

from shoulders import backbones, comparison, cutting, editions, exercises, features, heads, plots, training, widgets

edition = editions.choose("01")
pictures, network = edition.pictures, edition.backbone
exercise = exercises.lesson_01(edition)
print(edition)

# %% [markdown]
# The pictures come in two parts. What you build on the network may learn from the **training** part. The **validation**
# part is for judging it: no picture there is ever learnt from.

# %%
pictures.counts()

# %% [markdown]
# Look at them before any machine does, cropped and shrunk to what the network takes in. What would *you* use to tell the
# two apart? Ears? Noses? The floor?

# %%
some = np.random.default_rng(1).choice(len(pictures.train), 12, replace=False)
plots.show_pictures(
    [network.transform.cropped(pictures.train.paths[i]) for i in some],
    [pictures.classes[pictures.train.labels[i]] for i in some],
    heading="Twelve of the training pictures, as the network sees them",
)

# %% [markdown]
# ## Predict before you run
#
# The network below has never heard our question. Suppose we only *listen* to its answers, and learn which answers go with
# cats and which with dogs. Of 100 new pictures, how many will be named correctly? Guessing blindly gives 50. Write your
# guess down, as a number from 0 to 100, before you go on.

# %%
my_guess = 75  # write yours here

# %% [markdown]
# ## Step 1: ask it about one picture
#
# A network of this kind is a long chain of **layers**. The last one, its **head**, gives one number for each thing it can
# name: the larger the number, the more the picture looks like that thing to the network. These numbers are called
# **scores**. What a network has learnt is stored in many other numbers inside it, its **weights**.

# %%
place = len(pictures.valid) * 86 // 100  # any number below len(pictures.valid) will do
one = pictures.valid.paths[place]
animal = pictures.classes[pictures.valid.labels[place]]  # what it really shows
scores = features.look(network, [one], "classes")["classes"][0]
print(f"{network.name} gives {len(scores)} scores, from {scores.min():.1f} to {scores.max():.1f}")

# %% [markdown]
# ### Exercise 1: from scores to probabilities
#
# Scores may be negative and add up to anything. **Softmax** turns them into probabilities: raise *e* to each score, then
# divide by the sum, so that everything is positive and adds up to one. Write it. (It must survive a score of 1,000, where
# *e* to the power of it no longer fits into a number. Shifting all scores by the same amount changes nothing; use that.)


# %%
def softmax(scores):
    ### BEGIN SOLUTION
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.softmax.check(softmax(np.array([-5000.0, 999.0, 1000.0])))

# %% [markdown]
# Stuck? Every exercise has three hints, each stronger than the one before: `exercise.softmax.hint()`, then
# `exercise.softmax.hint(2)` and `exercise.softmax.hint(3)`.
#
# <details><summary>Solution</summary>
#
# ```python
# def softmax(scores):
#     powers = np.exp(scores - scores.max())
#     return powers / powers.sum()
# ```
#
# </details>
#
# Now the answer can be read. Look at the five things that the network finds likeliest. Do they make sense? Would *you*
# call them wrong, or beside the point? (The cell uses the course's own `heads.softmax`, so that it runs in any case. Put
# yours in its place.)

# %%
shares = heads.softmax(scores)
likeliest = shares.argsort()[::-1][:5]
plots.guesses(
    network.transform.cropped(one),
    [network.classes[i] for i in likeliest],
    shares[likeliest],
    heading=f"What {network.name} sees in a picture of one of our {animal}",
)

# %% [markdown]
# Whatever it said, it could only choose among the things it was taught. It may have named a breed, or a toy: kinds of cat
# and kinds of dog are among its words, and so are things that people make. But it has no word for *cat* and none for *dog*,
# and nobody told it that the kinds belong together. A new picture is described in the words of an old world. That is not a
# defect: it is the whole idea of this lesson. What looks like *a bit of poodle, a bit of teddy* can be told from what looks
# like *a bit of Egyptian cat, a bit of candle*.

# %% [markdown]
# ## Step 2: predictions on top of predictions
#
# Let it say all its scores about all pictures. Whenever the network looks at pictures you wait, and a bar shows how far it
# is: 2 to 20 seconds in the pocket edition, minutes in the full one without a graphics card. What it says is remembered on
# disk: run the cell a second time, and there is nothing to wait for. Listening at another place or to another network, as
# you will below, means one more look.

# %%
said_train = features.extract(network, pictures.train, "classes")
said_valid = features.extract(network, pictures.valid, "classes")
print("A table of {} pictures by {} scores".format(*said_train["classes"].shape))

# %% [markdown]
# What does it say most often? The cell counts its first guesses about the training pictures, for each of our classes. Does
# it know cats from dogs?

# %%
first_guesses = said_train["classes"].argmax(1)
for number, name in enumerate(pictures.classes):
    said = Counter(network.classes[i] for i in first_guesses[said_train.labels == number])
    print(f"{name}:", ", ".join(f"{word} ({count})" for word, count in said.most_common(5)))

# %% [markdown]
# None of these words answers *our* question, and some may be plainly wrong: is there a kind of dog among what it says of
# cats? But the two lines are not the same. Who hears these words often enough can learn what they mean here.
#
# So take all scores, not the first guess alone. Each picture is now a row of numbers, and telling two kinds of rows apart is
# an old problem with a good, small solution. **Logistic regression** gives each score a weight, adds everything and a
# constant up, and says *dog* if the sum is above zero, *cat* if below. Learning means: finding weights that fit the training
# rows well and stay small. With more scores than pictures, large ones could learn the rows by heart. How small is best is
# found out by leaving training pictures out, and asking about them. The share of the validation pictures that it names
# correctly is its **accuracy**.

# %%
top = heads.fit("logistic_regression", said_train["classes"], said_train.labels)
right = top.predict(said_valid["classes"]) == said_valid.labels
print(f"{right.sum()} of {len(right)} validation pictures are named correctly: {right.mean():.0%}.")
print(f"Your guess was {my_guess} %.")

# %% [markdown]
# That was the long way, once. From here on one call does the same, and adds what an honest number needs: how many
# pictures it was measured on, and the **interval** in which the accuracy would lie if we could measure on endlessly many
# pictures like these (here and everywhere: in 95 of 100 such cases).

# %%
on_predictions = training.feature_extraction(network, pictures, layer="classes")
print(on_predictions)

# %% [markdown]
# Stop here for a moment. Not one number inside the network has changed. It still has no word for *cat*, and where its first
# guess was wrong, it still is. All that was learnt is one weight for each of its scores, and a constant. What lies above 50 % was
# already in its answers.
#
# ### Which of its words go with which animal?
#
# How can it be there, when nobody asked the network for it? Look at the scores themselves. The cell takes, for each thing
# that the network can name, its mean score in the training pictures of dogs, less that in those of cats. The unit is the
# **spread** of this score over all training pictures (its standard deviation). Before you run it: which things should
# stand on the side of *cat*? Which on that of *dog*? Expect some that you did not think of.

# %%
said, dog = said_train["classes"], said_train.labels == 1
gap = (said[dog].mean(0) - said[~dog].mean(0)) / said.std(0)
plots.votes(network.classes, gap, pictures.classes, xlabel="difference of the mean scores, in spreads")

# %% [markdown]
# These are the things whose score differs most between our two classes. Are some relatives of the animals? Do others share
# a shape or a surface with them, such as a point or a fur?
#
# Does one stand on the wrong side, such as a small dog with pointed ears on that of the cats? The name of a score says what
# it was taught for. What it brings to *our* question is how it rises and falls with our pictures. (The weights of the
# logistic regression need not have this order: where scores rise and fall together, one may get its weight only to correct
# another.)

# %% [markdown]
# ## Step 3: cut off its head
#
# The head was built to name *its* classes. The scores are computed from what goes *into* it, the **hidden features**, so
# they cannot know more than these, and may know less. A network that is cut there is headless, and what is left of it is a
# **backbone**.
#
# These are the last layers of ours. *output* is the shape of what a layer hands on: channels, height, width (each channel
# is a **map**: how strongly one pattern shows at each place), or how many numbers, where height and width are gone.
# *parameters*: how many weights it has learnt. Of the *kind* you need only this: Conv2d looks for small patterns, ReLU (and
# ReLU6) sets what is negative to zero, pooling averages or takes the largest, Linear weighs and adds. A layer may hold
# others, whose names begin with its own and a dot: they stand above it, and are counted in its parameters once more.

# %%
cutting.layers(network).drop(columns="runs").tail(8)

# %%
headless = cutting.decapitate(network)
print(f"With its head, {network.name} gives {len(network.classes)} scores.")
print(f"Without, it gives {headless.out_features} features.")

# %% [markdown]
# Where there are many more features than scores, the head must drop something. Where there are about as many, it may only
# have rearranged it, and the two ways should come out alike. The same logistic regression as before, on the hidden features
# (`feature_extraction` cuts by itself):

# %%
on_hidden = training.feature_extraction(network, pictures, layer="hidden")
print(on_hidden)

# %% [markdown]
# Compare the two. If each accuracy lies inside the other's interval, make little of the difference. (The interval tells of
# the luck of *these* validation pictures. It knows nothing of the luck of which pictures were learnt from.)
#
# ### How deep should you cut?
#
# You can cut anywhere. A network halves its picture's height and width several times on the way. We take the last layer
# at each size, average each of its maps over the picture, and fit the same small logistic regression on that. All layers
# are read in one look: 3 to 30 seconds in the pocket edition. (In the plot, the size of its maps, height × width, stands
# behind the name of a layer. A name such as blocks.3.0.bn1 is an address, counted from 0: in group 3, in its block 0, the
# layer bn1.)
#
# A question before you run it: the first layers have seen only small spots of the picture. What could they know about
# cats?

# %%
depths = cutting.last_at_each_size(network)
features.extract(network, pictures.train, depths)
features.extract(network, pictures.valid, depths)
by_depth = [training.feature_extraction(network, pictures, layer=layer) for layer in depths]

# %%
shapes = cutting.layers(network)["output"]
sizes = ["{}, {} × {}".format(layer, *shapes[layer][1:]) for layer in depths]
plots.accuracies(
    [*sizes, "hidden (into the head)", "classes (out of the head)"],
    [*by_depth, on_hidden, on_predictions],
    "Accuracy by depth: first layers above, last layers below",
    chance=0.5,
)

# %% [markdown]
# Studies of such networks find lines and colours in the early layers, and parts of things in the late ones. Where your
# question differs most from the network's own, the best place to cut may not be the last. Do these intervals allow you to
# name a best one here? (And if you choose a depth by this plot, its accuracy is no longer an honest one: you have chosen
# it by the validation pictures. If the network averages its last maps by itself, *hidden* repeats the row above it.)
#
# ### Is it really what the network *learnt*?
#
# A fair doubt: perhaps any large machine full of numbers would do. So take the same layout with **random weights**: a
# network that never saw a picture. Same pictures, same logistic regression.

# %%
blank = backbones.load(network.name, weights="random")
on_random = training.feature_extraction(blank, pictures, layer="hidden")
print(f"Random weights: {on_random}")
print(f"Learnt weights: {on_hidden}")

# %% [markdown]
# If the second line is clearly higher, that is what somebody else's training adds to the bare layout. If the intervals
# overlap, these pictures cannot show it. Where the first line lies near 50 %, hardly anything that tells the two apart has
# come through the random layers. Where it lies above, do not be surprised: even they hand on something of colour and coarse
# shape.
#
# ### Exercise 2: how few pictures are enough?
#
# `training.feature_extraction(network, pictures, per_class=5)` learns from five pictures of each class only. Try the
# numbers 1, 2, 5, 10, 20 and 50. What is the smallest with which the accuracy is at most five points below
# `on_hidden.accuracy`, that of *all* training pictures? Put it into `enough`; if none of the six will do, put `"all"`.
# (The check runs the same fits, so it takes as long as yours. `exercise.few.hint()` helps.)

# %%
### BEGIN SOLUTION
few = {
    n: training.feature_extraction(network, pictures, per_class=n).accuracy
    for n in (1, 2, 5, 10, 20, 50)
}
print({n: f"{accuracy:.1%}" for n, accuracy in few.items()})
enough = next((n for n, accuracy in few.items() if accuracy >= on_hidden.accuracy - 0.05), "all")
### END SOLUTION
### BEGIN LEARNER
# enough = None  # your answer goes here
### END LEARNER
exercise.few.check(enough)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# few = {
#     n: training.feature_extraction(network, pictures, per_class=n).accuracy
#     for n in (1, 2, 5, 10, 20, 50)
# }
# enough = next((n for n, accuracy in few.items() if accuracy >= on_hidden.accuracy - 0.05), "all")
# ```
#
# (With another `seed=` you draw other pictures, and the number may change. One draw is an anecdote: step 4 makes ten.)
#
# </details>
#
# ### Exercise 3: no learning at all
#
# A head need not have weights. **Nearest neighbours** keeps the training features and lets the most similar pictures vote,
# at most five of them. Make it: same call as for `on_hidden`, another `head`. (`heads.HEADS` lists the names.) Put the result
# into `neighbours`, and print it: is its interval far from that of `on_hidden`?

# %%
### BEGIN SOLUTION
neighbours = training.feature_extraction(network, pictures, head="nearest_neighbours")
print(neighbours)
### END SOLUTION
### BEGIN LEARNER
# neighbours = None  # your answer goes here
### END LEARNER
exercise.neighbours.check(neighbours)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# neighbours = training.feature_extraction(network, pictures, head="nearest_neighbours")
# ```
#
# </details>

# %% [markdown]
# ## Step 4: bigger shoulders
#
# Giants are not all of one size. The layout VGG16 was among the largest of its time, 2014, and became the workhorse of those
# who carried what a network had learnt over to a question of their own. The course brings a *small* giant in this layout: it
# takes in small pictures, and was taught far fewer things. Here it is beside yours.

# %%
giants = {giant.name: giant for giant in (edition.other, network) if giant}
for name, giant in giants.items():
    card, side = giant.card, giant.transform.crop
    print(f"{name}: {card.parameters:,} weights, takes in {side} × {side} pixels,")
    print(f"    trained on {card.trained_on}")

# %% [markdown]
# (If only one is printed, there is no other on this machine, and the plot below has one line.)
#
# Same question, same pictures, same head: the giant is all that differs. Which will need fewer pictures of yours? And will
# the distance between the two become smaller or larger, the more pictures you have? Guess before you run the cell.
#
# A new head learns from 1, 2, 5, … pictures of each class, as in exercise 2, but from ten draws of each number. The small
# giant looks at all pictures first: 2 to 20 seconds in all.

# %%
counts = (1, 2, 5, 10, 20, 50, None)  # None: all of them
rows = comparison.rows_of_each(pictures, giants.values(), per_class=counts, seeds=10)
plots.comparison(rows)

# %% [markdown]
# Go from the right-hand end of the lower curve straight to the left, to the upper one. There you read how many pictures the
# better giant needs for what the other gets from all of them. That is what a giant saves you: pictures that you need not
# collect and name. Where the bars of the two overlap, the draws do not tell you which is better.
#
# This does not say *why*. The two differ in several things at once: in how many weights they have, in the size of the
# pictures that they take in, and in what they were taught.
#
# ## Step 5: fine-tune the top
#
# Until now the network stayed exactly as it was. **Fine-tuning** lets its last layers learn too: first the new head alone,
# then the head together with the last two **blocks** (a block is a group of layers: those between two halvings, or one module
# of a modern network). The lower a block lies, the smaller the steps in which it learns (Howard & Ruder, below).
# What is not in these blocks is **frozen**: not one byte of it changes. (“Top” says where they lie, not how small they are:
# late blocks may hold most of a network's numbers.)
#
# An **epoch** is one look at every training picture. This takes longer than anything above: what lies below the blocks is
# computed once for each picture and its mirror image, but every epoch runs the blocks, forwards to answer and backwards to
# learn. In the pocket edition you wait 5 to 60 seconds, in the full one without a graphics card some minutes. The bar of
# the training runs twice: two epochs of the head alone, then four with the blocks.

# %%
tuned = training.fine_tune(network, pictures, blocks=2)
print(tuned)

# %%
plots.history(tuned)

# %% [markdown]
# **Loss** measures how wrong the network is, counting confident errors most: lower is better. Where the training loss goes
# on falling and the validation loss rises for several epochs, the network has begun to learn its training pictures by
# heart. (The training loss is the mean over an epoch, while the network still learns. The validation loss is measured at
# its end, and may so be the lower one.)
#
# The accuracy that we report is always that of the *last* epoch: to pick the best one by looking at the validation part
# would be to learn from it.

# %%
plots.accuracies(
    ["random weights", "predictions on predictions", "hidden features", "fine-tuned top"],
    [on_random, on_predictions, on_hidden, tuned],
    "Four ways with the same pictures",
    chance=0.5,
)

# %%
for name, result in {"hidden features": on_hidden, "fine-tuned top": tuned}.items():
    note = " (its look was remembered)" if result.cached else ""
    print(f"{name}: {result.trained_parameters:,} numbers learnt", end=", ")
    print(f"{result.seconds['total']:.1f} s here{note}")

# %% [markdown]
# Was fine-tuning worth it? Look at the intervals before you answer, then at the seconds and at how many numbers were
# learnt. (The seconds of the hidden features hold the network's one look at the pictures. If it was remembered from an
# earlier run, the line says so, and the comparison is unfair.)

# %% [markdown]
# ## Step 6: look at the mistakes
#
# One number hides *which* pictures are named wrongly. Those about which a classifier is *confidently* wrong often say most.
# Look for what they have in common.

# %%
plots.mistakes(on_hidden, network.transform)

# %% [markdown]
# A pose, a crop, the light, a thing in front? If you see it, you know which pictures to collect next.

# %% [markdown]
# ## Break it on purpose
#
# A colleague has put our classifier to work and complains: “It was fine in your notebook. With me it is much worse.”
# The weights are the same, the pictures are the same. Here is the colleague's network, and what it says.

# %%
theirs = exercise.colleague(network)
seen_by_them = features.extract(theirs, pictures.valid, "hidden")
right = on_hidden.model.predict(seen_by_them["hidden"]) == seen_by_them.labels
print(f"With us {on_hidden.accuracy:.0%} right, with the colleague {right.mean():.0%}.")

# %%
scores = features.look(theirs, [one], "classes")["classes"][0]
likeliest = scores.argsort()[::-1][:5]
plots.guesses(
    network.transform.cropped(one),
    [network.classes[i] for i in likeliest],
    heads.softmax(scores)[likeliest],
    heading="The same picture, the same weights, at the colleague's",
)

# %% [markdown]
# The same weights no longer give the same answer about the same picture (compare with step 1), so the network must be
# *given* something else. The picture beside the bars does not show it: that is *our* crop. So look at the numbers that
# arrive. A **transform** is what is done to a picture before the network sees it, and it ends in numbers.

# %%
both = {"with us": network.transform, "with the colleague": theirs.transform}
for who, transform in both.items():
    received = transform.batch(transform.picture(one)[None])
    print(f"{who}: numbers from {received.min():.2f} to {received.max():.2f}")

# %% [markdown]
# ### Exercise 4: find it
#
# The cell prints *our* transform, field by field. The shorter side of the picture is brought to `resize` pixels by
# `interpolation`, and the middle `crop` of them are kept. Then `mean` is taken away, and the rest is divided by `std`. The
# colleague's differs in one field. Which one could shrink everything like that? Put its name, as a string, into `culprit`.

# %%
print(*(f"{name} = {value}" for name, value in vars(network.transform).items()), sep="\n")
### BEGIN SOLUTION
culprit = "std"
### END SOLUTION
### BEGIN LEARNER
# culprit = None  # your answer goes here
### END LEARNER
exercise.culprit.check(culprit)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# culprit = "std"
# ```
#
# `print(theirs.transform)` shows it. The brightness of each colour is shifted by a *mean* and divided by a *std* before the
# network sees it, with the very numbers with which it was trained. With others, nothing fails: there is no error message,
# only a worse answer. Tutorials are not safe from it: [a reader found](https://github.com/keras-team/keras/issues/5492) that
# a widely read one scales its pictures to 0 to 1, where the network's own code subtracts a mean. In this course the
# transform always comes with the weights.
#
# </details>

# %% [markdown]
# ## A picture of your own
#
# Upload one, or choose a sample, and press the button. (What you chose last is asked about. The button needs a running
# notebook.) The picture stays on the machine on which this notebook runs.


# %%
def answer(source):
    return exercises.name_it(source, network, on_hidden.model, pictures.classes)


samples = {f"sample {n}": path for n, path in enumerate(pictures.valid.paths[::37], 1)}
widgets.ask(answer, samples)

# %% [markdown]
# Try something that is neither, such as a picture of a teapot. The classifier has no word for it, so it will call it one
# of the two, and may be very sure: it answers the question that it was taught, whatever you show it.

# %% [markdown]
# ## Key points
#
# * A network that never heard your question can still help to answer it: train a small head on what it says.
# * The scores are made from the features below the head, and cannot know more. Cut there first, try one or two places below,
#   and choose with pictures that you do not judge by.
# * Compare with random weights of the same layout: what lies above that is owed to the training, not to the size.
# * Choose your giant with care: a better one saves pictures of yours.
# * The transform belongs to the weights. A wrong one raises no error.
# * An accuracy without the number of pictures and an interval is a rumour.
#
# ## What these numbers show, and what they do not
#
# They show that, on these pictures, these features separate these two classes. They do not show that the classifier
# looks at the animal rather than at the floor, that it works with your camera, or that fine-tuning is better or worse in
# general: that takes many draws of pictures. The networks' own lessons held many cats and dogs, so this question lies
# close to what they know, and a farther one may gain less. And photographs found on the web may have been among those on
# which a network was trained, which flatters every number of the full edition.
#
# ## Where to go next
#
# Ask a question of your own. Put the pictures of each class into a folder of its own, and run in a terminal, in the
# course's folder, `.venv/bin/shoulders compare FOLDER` (Windows: `.venv\Scripts\shoulders`).
#
# ## References
#
# * K. Simonyan, A. Zisserman: *Very deep convolutional networks for large-scale image recognition*, 2014,
#   [arXiv 1409.1556](https://arxiv.org/abs/1409.1556): the layout VGG16.
# * M. Tan, Q. Le: *EfficientNet: rethinking model scaling for convolutional neural networks*, 2019,
#   [arXiv 1905.11946](https://arxiv.org/abs/1905.11946): the family of the pocket edition's network.
# * A. S. Razavian and others: *CNN features off-the-shelf: an astounding baseline for recognition*, 2014,
#   [arXiv 1403.6382](https://arxiv.org/abs/1403.6382): what you did in step 3, for many questions.
# * J. Howard, S. Ruder: *Universal language model fine-tuning*, 2018, [arXiv 1801.06146](https://arxiv.org/abs/1801.06146):
#   learning rates that differ by depth.
# * E. B. Wilson, 1927, JASA 22: the interval.
