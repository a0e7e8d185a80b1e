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
# *Minutes: 25 teaching, 20 exercises.*
#
# Somebody has already taught a network to see. It names cups, cars and mushrooms, and nobody ever asked it *your*
# question. In this lesson you ask it: **cat or dog?** You will not teach it to see. You will listen to what it says.
#
# When you are through, you will be able to
#
# * ask a pretrained network what it sees in a picture, and read its answer with care;
# * build a classifier on top of another classifier's predictions;
# * cut off a network's head and use what lies beneath, at any depth;
# * fine-tune the top of a network, and say what it cost and what it brought;
# * recognise the most common mistake in this craft from its symptoms.
#
# You need some Python. You need to know nothing about neural networks: new words are **bold** where they first appear.

# %% [markdown]
# ## Which pictures, which network?
#
# The course comes in two editions. The *pocket* edition has everything in the box and needs no network connection. The
# *full* edition uses photographs and a large network. The next cell says which one runs here, why, and how to switch.
# Everything you read below is true of both; what differs is printed by the cells.

# %%
import numpy as np

from shoulders import backbones, cutting, editions, exercises, features, heads, plots, training, widgets

edition = editions.choose("01")
pictures, network = edition.pictures, edition.backbone
exercise = exercises.lesson_01(edition)
print(edition)

# %% [markdown]
# The pictures come in two parts. The network's new top may learn from the **training** part. The **validation** part is
# for judging it: no picture there is ever learnt from.

# %%
pictures.counts()

# %% [markdown]
# Look at them before any machine does. What would *you* use to tell the two apart? Ears? Noses? The floor?

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
# The network below has never heard our question. Suppose we only *listen* to it, and draw one line between what it says
# about cats and what it says about dogs. Of 100 new pictures, how many will come out on the right side? Guessing blindly
# gives 50. Write your guess down, as a number from 0 to 100, before you go on.

# %%
my_guess = 75

# %% [markdown]
# ## Step 1: ask it about one picture
#
# A network of this kind is a long chain of **layers**. The last one, its **head**, gives one number for each thing it can
# name: the larger the number, the more the picture looks like that thing to the network. These numbers are called
# **scores**.

# %%
one = pictures.valid.paths[4]
scores = features.look(network, [one], "classes")["classes"][0]
print(f"{network.name} gives {len(scores)} scores; the first five are {scores[:5].round(1)}")

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


exercise.softmax.check(softmax(np.array([1.0, 2.0, 1000.0])))

# %% [markdown]
# Stuck? `exercise.softmax.hint()` gives a first hint, `exercise.softmax.hint(2)` a stronger one, then there is one more.
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
# call them wrong, or beside the point?

# %%
shares = heads.softmax(scores)
likeliest = shares.argsort()[::-1][:5]
plots.guesses(
    network.transform.cropped(one),
    [network.classes[i] for i in likeliest],
    shares[likeliest],
    heading=f"What {network.name} sees in a picture of one of our {pictures.classes[pictures.valid.labels[4]]}",
)

# %% [markdown]
# Whatever it said, it could only choose among the things it was taught. A new picture is described in the words of an old
# world. That is not a defect: it is the whole idea of this lesson. A thing that looks like *a bit of teddy bear, a bit of
# lion cub* may well be told from a thing that looks like *a bit of sheepdog, a bit of mop*.

# %% [markdown]
# ## Step 2: predictions on top of predictions
#
# Let it say all its scores about all pictures. This is the only step in which the network works, so it is the only wait:
# a bar shows how far it is. What it says is remembered on disk. Run the cell a second time, and there is nothing to wait
# for.

# %%
said = features.extract(network, pictures.train, "classes")
said_later = features.extract(network, pictures.valid, "classes")
print(f"A table of {said['classes'].shape[0]} pictures by {said['classes'].shape[1]} scores")

# %% [markdown]
# Each picture is now a row of numbers, and telling two kinds of rows apart is an old problem with a good, small solution.
# **Logistic regression** gives each score a weight, adds everything up, and says *dog* if the sum is above zero, *cat* if
# below. Learning means: finding the weights that fit the training rows best.

# %%
top = heads.fit("logistic_regression", said["classes"], said.labels)
right = top.predict(said_later["classes"]) == said_later.labels
print(f"{right.sum()} of {len(right)} validation pictures are told rightly: {right.mean():.0%}. Your guess was {my_guess} %.")

# %% [markdown]
# That was the long way, once. From here on one call does the same, and adds what an honest number needs: how many
# pictures it was measured on, and the **interval** in which the accuracy would lie if we could measure on endlessly many
# pictures like these (here and everywhere: in 95 of 100 such cases).

# %%
on_predictions = training.feature_extraction(network, pictures, layer="classes")
print(on_predictions)

# %% [markdown]
# ### Who votes for what?
#
# The weights can be read. Before you run the next cell: which of the things that a network can name should speak for
# *cat*? Which for *dog*? Expect some that you did not think of.

# %%
plots.votes(network.classes, heads.weights(on_predictions.model)[1], pictures.classes)

# %% [markdown]
# Some of these voters are what you hoped for. Others are strange, and they vote all the same, because in *these* training
# pictures their score happens to go along with one of the two classes. A network is not asked *why* a score helps.

# %% [markdown]
# ## Step 3: cut off its head
#
# The head throws things away. It was built to name *its* classes; what does not help with those never reaches the scores.
# What goes *into* the head is richer: the **hidden features**. Networks that are cut there are called headless, and what
# is left of them is a **backbone**. These are its last layers; *output* is the shape of what a layer hands on (channels,
# height, width), or how many numbers, where there is no height and width left.

# %%
cutting.layers(network).tail(8)

# %%
headless = cutting.decapitate(network)
print(f"With its head, {network.name} gives {len(network.classes)} scores; without, {headless.out_features} features.")

# %%
on_hidden = training.feature_extraction(network, pictures, layer="hidden")
print(on_hidden)

# %% [markdown]
# Compare the two intervals. If they overlap widely, this many pictures cannot tell which is better, and neither can you.
#
# ### How deep should you cut?
#
# You can cut anywhere. A network halves its picture's height and width several times on the way; we take the last layer
# at each size, average each of its maps over the picture, and fit the same small logistic regression on that. All layers
# are read in one pass.
#
# A question before you run it: the first layers have seen only small spots of the picture. What could they know about
# cats?

# %%
depths = cutting.last_at_each_size(network)
features.extract(network, pictures.train, depths)
features.extract(network, pictures.valid, depths)
by_depth = [training.feature_extraction(network, pictures, layer=layer) for layer in depths]
plots.accuracies(
    [*depths, "hidden (into the head)", "classes (out of the head)"],
    [*by_depth, on_hidden, on_predictions],
    "Accuracy by depth: first layers above, last layers below",
    chance=0.5,
)

# %% [markdown]
# Early layers know lines and colours, late ones know parts of things. Where your question differs most from the network's
# own, the best place to cut may not be the last one: here you see where it is for these pictures.
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
# The difference between these two lines is what somebody else's training is worth to you.
#
# ### Exercise 2: how few pictures are enough?
#
# `training.feature_extraction(network, pictures, per_class=5)` learns from five pictures of each class only. Try the
# numbers 1, 2, 5, 10, 20 and 50. What is the **smallest** with which the accuracy is at most five points below that of
# *all* training pictures? Put that number into `enough`.

# %%
### BEGIN SOLUTION
few = {n: training.feature_extraction(network, pictures, per_class=n).accuracy for n in (1, 2, 5, 10, 20, 50)}
print({n: f"{accuracy:.0%}" for n, accuracy in few.items()})
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
# few = {n: training.feature_extraction(network, pictures, per_class=n).accuracy for n in (1, 2, 5, 10, 20, 50)}
# enough = next((n for n, accuracy in few.items() if accuracy >= on_hidden.accuracy - 0.05), "all")
# ```
#
# (With another `seed=` you draw other pictures, and the number may change. One draw is an anecdote: lesson 03 draws many.)
#
# </details>
#
# ### Exercise 3: no learning at all
#
# A head need not have weights. **Nearest neighbours** keeps the training features and lets the five most similar pictures
# vote. Make it: same call, another `head`. (`heads.HEADS` lists the names.) Put the result into `neighbours`.

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
# ## Step 4: fine-tune the top
#
# Until now the network stayed exactly as it was. **Fine-tuning** lets its last layers learn too: first the new head alone,
# then the head together with the last two **blocks** (groups of layers between two halvings, or one module of a modern
# network). The lower layers are **frozen**: not one byte of them changes.
#
# An **epoch** is one look at every training picture. This takes longer than anything above, because the pictures now go
# through the network once in every epoch: some seconds with a small network, minutes with a large one and no graphics
# card. The table grows by one line per epoch.

# %%
tuned = training.fine_tune(network, pictures, blocks=2)
print(tuned)

# %%
plots.history(tuned)

# %% [markdown]
# Look at the two loss curves. Where the training loss goes on falling and the validation loss does not, the network has
# begun to learn its training pictures by heart. The accuracy we report is always that of the *last* epoch: to pick the
# best one by looking at the validation part would be to learn from it.

# %%
plots.accuracies(
    ["random weights", "predictions on predictions", "hidden features", "fine-tuned top"],
    [on_random, on_predictions, on_hidden, tuned],
    "Four ways with the same pictures",
    chance=0.5,
)

# %%
for name, result in {"hidden features": on_hidden, "fine-tuned top": tuned}.items():
    print(f"{name}: {result.trained_parameters:,} numbers learnt, {result.seconds['total']:.1f} s here")

# %% [markdown]
# Was fine-tuning worth it? Look at the intervals before you answer, then at the seconds and at how many numbers were
# learnt. (The seconds of the hidden features are short because the network's one look at the pictures was remembered.)

# %% [markdown]
# ## Step 5: look at the mistakes
#
# One number hides who is taken for whom. And the pictures about which a network is *confidently* wrong teach more than a
# hundred that are right.

# %%
plots.confusion(on_hidden)

# %%
plots.mistakes(on_hidden, network.transform)

# %% [markdown]
# What have these in common? A pose, a crop, the light, a thing in front? If you see it, you know which pictures to collect
# next.

# %% [markdown]
# ## Break it on purpose
#
# A colleague has put our classifier to work and complains: “It was fine in your notebook. With me it is little better than
# a coin.” The weights are the same, the pictures are the same. Here is the colleague's network, and what it says.

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
# The same weights name quite other things in the same picture, so the network must be *given* something else.
#
# ### Exercise 4: find it
#
# Print `network.transform` and `theirs.transform`, which say what is done to a picture before the network sees it, and
# compare them. Which field is wrong? Put its name, as a string, into `culprit`.

# %%
print(network.transform)
print(theirs.transform)
### BEGIN SOLUTION
culprit = next(name for name in vars(network.transform) if getattr(network.transform, name) != getattr(theirs.transform, name))
### END SOLUTION
### BEGIN LEARNER
# culprit = None  # your answer goes here
### END LEARNER
exercise.culprit.check(culprit)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# culprit = next(name for name in vars(network.transform)
#                if getattr(network.transform, name) != getattr(theirs.transform, name))
# ```
#
# The brightness of each colour is shifted by a *mean* and divided by a *std* before the network sees it, with the very
# numbers with which it was trained. With others, nothing fails: there is no error message, only a worse answer.
# Published tutorials have got this wrong. In this course the transform always comes with the weights.
#
# </details>

# %% [markdown]
# ## A picture of your own
#
# Upload one, or choose a sample, and press the button. The picture stays on the machine on which this notebook runs.


# %%
def answer(source):
    return exercises.name_it(source, network, on_hidden.model, pictures.classes)


samples = {f"sample {n}": path for n, path in enumerate(pictures.valid.paths[::37], 1)}
widgets.ask(answer, samples)

# %% [markdown]
# Try something that is neither. The classifier has no word for it, so it will call it one of the two, and may be very
# sure: it answers the question that it was taught, whatever you show it.

# %% [markdown]
# ## Key points
#
# * A network that never heard your question can still help to answer it: train a small head on what it says.
# * The features below the head usually know more than the scores. Cut there first, and try one or two places below.
# * With random weights the same machine does far worse: the worth lies in the training, not in the size.
# * The transform belongs to the weights. A wrong one raises no error.
# * An accuracy without the number of pictures and an interval is a rumour.
#
# ## What these numbers show, and what they do not
#
# They show that, on these pictures, these features separate these two classes. They do not show that the classifier
# looks at the animal rather than at the floor (lesson 04 looks), that it works with your camera, or that fine-tuning is
# better or worse in general: that takes many draws (lesson 03). Photographs found on the web may also have been among
# those on which a network was trained, which flatters every number of the full edition.
#
# ## Where to go next
#
# Ask a question of your own. Put the pictures of each class into a folder of its own, and run in a terminal
# `shoulders compare FOLDER`.
#
# ## References
#
# * K. Simonyan, A. Zisserman: *Very deep convolutional networks for large-scale image recognition*, 2014,
#   [arXiv 1409.1556](https://arxiv.org/abs/1409.1556): the layout VGG16.
# * A. S. Razavian and others: *CNN features off-the-shelf: an astounding baseline for recognition*, 2014,
#   [arXiv 1403.6382](https://arxiv.org/abs/1403.6382): what you did in step 3, for many questions.
# * J. Howard, S. Ruder: *Universal language model fine-tuning*, 2018, [arXiv 1801.06146](https://arxiv.org/abs/1801.06146):
#   learning rates that differ by depth.
# * E. B. Wilson, 1927, JASA 22: the interval.
