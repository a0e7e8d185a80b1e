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
# *Minutes: 24 teaching, 18 exercises.*
#
# Somebody has taught a network to see. It names teapots, sports cars and mushrooms, and nobody ever asked it *your*
# question: **cat or dog?** You will not teach it to see. You will listen to what it says, and learn what its words are worth
# to you. Then you cut off its head, count the pictures that a better network saves you, and find a silent mistake.
#
# You need some Python, and to know nothing about neural networks: new words are **bold**, and [Words](glossary.ipynb) has a
# line for each.

# %% [markdown]
# ## Which pictures, which network?
#
# A network that somebody else has trained is called a **giant** here: you stand on its shoulders. The next cell loads the
# libraries (5 to 20 seconds), and says which edition of the course runs: *pocket*, with what came with it, or *full*, with
# photographs. What you read is true of both.

# %%
from collections import Counter

import numpy as np

from shoulders import backbones, comparison, editions, exercises, features, guesses, heads, plots, recall, training, widgets
from shoulders.results import verdict

edition = editions.choose("01")
pictures, network = edition.pictures, edition.backbone
exercise = exercises.lesson_01(edition)
print(edition)

# %% [markdown]
# Here are twelve pictures, as the network gets them. What would *you* use to tell the two apart?

# %%
some = np.random.default_rng(1).choice(len(pictures.train), 12, replace=False)
plots.show_pictures(
    [network.transform.cropped(pictures.train.paths[i]) for i in some],
    [pictures.classes[pictures.train.labels[i]] for i in some],
    heading="Twelve of the pictures, as the network sees them",
)

# %% [markdown]
# ## Predict before you run
#
# The giant has never heard our question. Suppose that we only *listen* to its answers, and learn which ones go with cats and
# which with dogs. Of 100 new pictures, how many will be named correctly? Guessing blindly gives 50.

# %%
my_guess = guesses.keep("01 new pictures", None)

# %% [markdown]
# ## Step 1: predictions on top of predictions
#
# The giant gives each picture one number for each thing that it can name, the **scores**: the larger, the more the picture
# looks like that thing to it. We learn from the scores of the **training** pictures, and judge by those of the **validation**
# pictures, from which nothing is learnt. The giant looks at every picture once: 3 to 30 seconds on two cores, minutes in the
# full edition.

# %%
said_train = features.extract(network, pictures.train, "classes")
said_valid = features.extract(network, pictures.valid, "classes")
print("A table of {} pictures by {} scores".format(*said_train["classes"].shape))

# %% [markdown]
# Each picture is a row of numbers now. **Logistic regression** gives each score a weight, and adds up: *dog* if the sum is
# above zero, *cat* if below. It learns the weights that fit the training rows best and stay small. Its **accuracy** is the
# share of validation pictures that it names correctly.

# %%
top = heads.fit("logistic_regression", said_train["classes"], said_train.labels)
right = top.predict(said_valid["classes"]) == said_valid.labels
print(f"{right.sum()} of {len(right)} validation pictures are named correctly.")
print(guesses.beside(my_guess, 100 * right.mean()))

# %% [markdown]
# Not one number inside the network has changed. It still has no word for *cat* and none for *dog*. All that was learnt is a
# weight for each score, and a constant that is added. (Why small ones? There are more scores than pictures, and large
# weights could learn the training rows by heart.)
#
# From here on one call does the same, and adds what an honest number needs: how many pictures it was measured on, and an
# **interval**. If we could measure on endlessly many pictures like these, the accuracy would lie inside, in 95 of 100 such
# cases. What the network looked at is remembered on disk, so nothing is waited for twice.
#
# After a restart of the notebook: in the menu bar, *Run, Run All Above Selected Cell*.

# %%
on_predictions = training.feature_extraction(network, pictures, layer="classes")
print(on_predictions)
print(exercise.above_guessing(on_predictions))

# %% [markdown]
# ## Step 2: what did it say?
#
# How can answers about teapots hold an answer about cats? Look at one picture of the validation part, and at its scores.

# %%
place = len(pictures.valid) * 86 // 100  # or any number below the length
one = pictures.valid.paths[place]
animal = pictures.classes[pictures.valid.labels[place]]  # what it shows
scores = features.look(network, [one], "classes")["classes"][0]
print(f"{len(scores)} scores, from {scores.min():.1f} to {scores.max():.1f}")

# %% [markdown]
# ### Exercise 1: from scores to probabilities
#
# Scores may be negative and add up to anything. **Softmax** turns them into probabilities: raise *e* to each score, then
# divide by the sum, so that everything is positive and adds up to one. Write this function. It must survive a score of 1,000,
# although *e* to the power of 1,000 fits into no number. Adding the same amount to all scores changes nothing; use that.


# %%
def softmax(scores):
    ### BEGIN SOLUTION
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.softmax.check(softmax)

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
# Now the answer can be read. Here are the five things that the network finds likeliest. Would *you* call them wrong, or
# beside the point? (The cell uses the course's own `heads.softmax`. Put yours in its place.)

# %%
shares = heads.softmax(scores)
likeliest = shares.argsort()[::-1][:5]
plots.guesses(
    network.transform.cropped(one),
    [network.classes[i] for i in likeliest],
    shares[likeliest],
    heading=f"What {network.name} sees in one of our {animal}",
)

# %% [markdown]
# The giant can only choose among the things that it was taught: kinds of cat, kinds of dog, and what people make. A new
# picture is described in the words of an old world.
#
# What does it say most often? The cell counts its first guesses about the training pictures.

# %%
first_guesses = said_train["classes"].argmax(1)
for number, name in enumerate(pictures.classes):
    these = first_guesses[said_train.labels == number]
    said = Counter(network.classes[i] for i in these)
    words = (f"{word} ({count})" for word, count in said.most_common(3))
    print(f"{name}:", ", ".join(words))

# %% [markdown]
# Some words may be plainly wrong, but the two lines are not the same. Who hears them often enough learns what they mean here.
#
# Which words go with which animal? The cell takes, for each thing that the network can name, its mean score in pictures of
# dogs, less that in pictures of cats. The unit is the **spread** of this score over all training pictures (its
# [standard deviation](glossary.ipynb)). Before you run it: which things do you expect on the side of *cat*, which on that of
# *dog*?

# %%
said, dog = said_train["classes"], said_train.labels == 1
gap = (said[dog].mean(0) - said[~dog].mean(0)) / said.std(0)
words = "difference of the mean scores, in spreads"
plots.votes(network.classes, gap, pictures.classes, xlabel=words)

# %% [markdown]
# Does a thing stand on the wrong side? Does it share no more with the animal than a pointed shape or a fur? The name of a
# score says what it was taught for. What it brings to *our* question is how it rises and falls with our pictures.

# %% [markdown]
# ## Step 3: cut off its head
#
# A network is a long chain of **layers**, several of which make a **block**. What the layers have learnt are their
# **weights**. The last layer, the **head**, makes the scores, from what goes *into* it: the **hidden features**. Cut there,
# and what is left is called a **backbone**. Your logistic regression is a new head.
#
# On the way the picture becomes **maps**. Each says how strongly one pattern shows at each place. Further on there are
# more maps, and smaller ones. The table has, for each size of maps, the last block that gives it. Blocks are counted from the
# picture on.

# %%
exercise.places(network)

# %% [markdown]
# The scores are made from the hidden features, and cannot know more than these. Do they know less? The same logistic
# regression, on the hidden features (2 to 20 seconds on two cores):

# %%
on_hidden = training.feature_extraction(network, pictures, layer="hidden")
print(on_hidden)
print(verdict(("Hidden features", "predictions"), on_hidden, on_predictions))

# %% [markdown]
# The second sentence looks only at pictures that one of the two names correctly and the other does not. If both were equally
# good, each would win half of these, like heads and tails. *More than luck* means: so uneven a result comes by luck in fewer
# than 5 of 100 cases. (Which pictures were learnt from is luck, too; of that the sentence knows nothing.)
#
# ### How deep should you cut?
#
# You can cut anywhere: average each map of a block over the picture, and fit the same new head. The first blocks have seen
# only small spots of the picture. What could they know about cats? The network looks once more, at all these places
# together: 5 to 40 seconds on two cores.

# %%
layers = exercise.places(network)["in the code"]
features.extract(network, pictures.train, list(layers))
features.extract(network, pictures.valid, list(layers))
by_depth = {
    place: training.feature_extraction(network, pictures, layer=layer)
    for place, layer in layers.items()
}

# %%
heading = "Accuracy by depth: first blocks above, last below"
print(exercise.by_depth(by_depth))
plots.accuracies(list(by_depth), list(by_depth.values()), heading, chance=0.5)

# %% [markdown]
# Early layers find lines and colours, late ones parts of things ([Zeiler and Fergus](https://arxiv.org/abs/1311.2901);
# lesson 04 looks). Where your question is far from what the network was taught, the best place may lie before the last. But
# who chooses a place by this plot has chosen by the validation pictures, and the accuracy there is no longer an honest one.
#
# ### Is it really what the network *learnt*?
#
# Perhaps any large machine full of numbers would do. So take the same [layout](glossary.ipynb) with **random weights**: a
# network that never saw a picture. Same pictures, same logistic regression, another 2 to 20 seconds.

# %%
blank = backbones.load(network.name, weights="random")
on_random = training.feature_extraction(blank, pictures, layer="hidden")
print(verdict(("Learnt weights", "random ones"), on_hidden, on_random))

# %% [markdown]
# What lies between the two is owed to the training, and not to the size.
#
# ### Exercise 2: how few pictures are enough?
#
# `training.feature_extraction(network, pictures, per_class=5)` learns from five pictures of each class only. Try the
# numbers 1, 2, 5, 10, 20 and 50. What is the smallest with which the accuracy is at most five points below
# `on_hidden.accuracy`, that of *all* training pictures? Put it into `enough`; if none of the six will do, put `"all"`.

# %%
### BEGIN SOLUTION
few = {
    n: training.feature_extraction(network, pictures, per_class=n).accuracy
    for n in (1, 2, 5, 10, 20, 50)
}
print(*(f"{n}: {100 * accuracy:.1f} %" for n, accuracy in few.items()), sep=", ")
good = [n for n in few if few[n] >= on_hidden.accuracy - 0.05]
enough = good[0] if good else "all"
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
# good = [n for n in few if few[n] >= on_hidden.accuracy - 0.05]
# enough = good[0] if good else "all"
# ```
#
# (With another [seed](glossary.ipynb), `seed=1`, you draw other pictures, and the number may change. One draw is an
# anecdote: step 4 makes ten.)
#
# </details>
#
# ### Exercise 3: no learning at all
#
# A head need not have weights. **Nearest neighbours** keeps the training features and lets the most similar pictures vote,
# at most five of them. Make it: same call as for `on_hidden`, another `head`. (`heads.HEADS` lists the names.) Put the result
# into `neighbours`, and print how it stands against `on_hidden`, as `verdict` says it.

# %%
### BEGIN SOLUTION
neighbours = training.feature_extraction(
    network, pictures, head="nearest_neighbours"
)
print(verdict(("Nearest neighbours", "learnt weights"), neighbours, on_hidden))
### END SOLUTION
### BEGIN LEARNER
# neighbours = None  # your answer goes here
### END LEARNER
exercise.neighbours.check(neighbours)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# neighbours = training.feature_extraction(
#     network, pictures, head="nearest_neighbours"
# )
# print(verdict(("Nearest neighbours", "learnt weights"), neighbours, on_hidden))
# ```
#
# </details>

# %% [markdown]
# ## Step 4: bigger shoulders
#
# Giants are not all of one size. The course brings a *small* one as well. It takes in smaller pictures, and was taught far
# fewer things. Here it is beside yours.

# %%
giants = {giant.name: giant for giant in (edition.other, network) if giant}
for name, giant in giants.items():
    card, side = giant.card, giant.transform.crop
    print(f"{name}: {card.parameters:,} weights, takes in {side} × {side} pixels,")
    print(f"    trained on {card.trained_on}")

# %% [markdown]
# Same pictures, same head: only the giant differs. Let the small one learn from *all* pictures. With how many of each class
# does the larger one reach the same accuracy? And does their distance grow or shrink, the more pictures you have?

# %%
my_saving = guesses.keep(
    "01 pictures of each class", None, low=1, high=150, unit="pictures of each class"
)

# %% [markdown]
# A head learns from 1, 2, 5, … pictures of each class, ten random [draws](glossary.ipynb) of each number. The small giant
# looks at all pictures first: 5 to 30 seconds in all on two cores. (In the figure the axis of the pictures is
# [logarithmic](glossary.ipynb).)

# %%
counts = (1, 2, 5, 10, 20, 50, None)  # None: all of them
rows = comparison.rows_of_each(
    pictures, giants.values(), per_class=counts, seeds=10
)
print(exercise.saving(rows, my_saving))
plots.comparison(rows)

# %% [markdown]
# Go from the right-hand end of the lower curve straight to the left, to the upper one: there you read the same from the
# figure. That is what a giant saves you, pictures that you need not collect and name. (It does not say *why*: the two differ
# in weights, in the size of their pictures, and in what they were taught.)
#
# ## Step 5: fine-tune the top
#
# Until now the network stayed as it was. **Fine-tuning** lets its last blocks learn too: first the new head alone, then the
# head together with the last two blocks, the lower one in smaller steps (Howard and Ruder, below). All other blocks are
# **frozen**: not one byte of them changes. An **epoch** is one look at every training picture; the progress bar runs twice,
# for two epochs of the head alone and four with the blocks. It takes 5 to 60 seconds on two cores, minutes in the full
# edition. `recall.trained` keeps what comes out on this machine: after a restart it is back in a second.

# %%
tuned = recall.trained(training.fine_tune, network, pictures, blocks=2)
print(tuned)
print(verdict(("Fine-tuned blocks", "hidden features"), tuned, on_hidden))

# %%
ways = {"hidden features": on_hidden, "fine-tuned top": tuned}
print(exercise.bill(ways))
ways = {"random weights": on_random, "predictions": on_predictions, **ways}
heading = "Four ways with the same pictures"
plots.accuracies(list(ways), list(ways.values()), heading, chance=0.5)

# %% [markdown]
# Was it worth it? The sentence that compares says what fine-tuning brought, the bill what it cost. (The accuracy is that of
# the *last* epoch: to pick the best one by the validation part would be to learn from it.)

# %% [markdown]
# ## Step 6: look at the mistakes
#
# One number hides *which* pictures are named wrongly. Those about which a [classifier](glossary.ipynb) is *confidently* wrong
# say most.

# %%
plots.mistakes(on_hidden, network.transform)

# %% [markdown]
# A pose, a crop, the light, a thing in front? If you see it, you know which pictures to collect next.

# %% [markdown]
# ## Break it on purpose
#
# A colleague has put our classifier to work and complains: “It was fine in your notebook. With me it is much worse.”
# The weights are the same, the pictures are the same. Here is the colleague's network, and what it says after 1 to 10 seconds.

# %%
theirs = exercise.colleague(network)
seen_by_them = features.extract(theirs, pictures.valid, "hidden")
right = on_hidden.model.predict(seen_by_them["hidden"]) == seen_by_them.labels
print(f"With us {100 * on_hidden.accuracy:.1f} % right,", end=" ")
print(f"with the colleague {100 * right.mean():.1f} %.")

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
# The same weights no longer give the same answer about the same picture (compare with step 2), so the network must be
# *given* something else. The picture beside the bars does not show it: that is *our* crop. A **transform** is what is done
# to a picture before the network sees it, and it ends in numbers. Look at these.

# %%
for who, transform in {"us": network.transform, "them": theirs.transform}.items():
    got = transform.batch(transform.picture(one)[None])
    print(f"with {who}: numbers from {got.min():.2f} to {got.max():.2f}")

# %% [markdown]
# ### Exercise 4: find it
#
# The cell prints *our* transform, field by field. The shorter side of the picture is brought to `resize` pixels by
# `interpolation`, and the middle `crop` of them are kept (this is what `fit = crop` says). Then `mean` is taken away, and the
# rest is divided by `std`. The colleague's differs in one field. Which one could shrink everything like that? Put its name,
# as a string, into `culprit`.

# %%
for name, value in vars(network.transform).items():
    print(f"{name} = {value}")
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
# Upload one, or choose a sample, and press the button (it needs a running notebook). The picture stays on the machine on
# which this notebook runs.


# %%
def answer(source):
    return exercises.name_it(source, network, on_hidden.model, pictures.classes)


samples = {f"sample {n}": path for n, path in enumerate(pictures.valid.paths[::37], 1)}
widgets.ask(answer, samples)

# %% [markdown]
# Try something that is neither, such as a teapot. The classifier will call it one of the two, and may be very sure: it
# answers the question that it was taught, whatever you show it.

# %% [markdown]
# ## Key points
#
# * A network that never heard your question can still help to answer it: train a small head on what it says.
# * The scores are made from the features below the head, and cannot know more. Cut there first, and choose another place
#   only with pictures that you do not judge by.
# * Compare with random weights of the same layout: what lies above that is owed to the training, not to the size.
# * Choose your giant with care: a better one saves pictures of yours.
# * The transform belongs to the weights. A wrong one raises no error.
# * An accuracy without the number of pictures and an interval is a rumour.
#
# ## What these numbers show, and what they do not
#
# They show that, on these pictures, these features separate these two classes. They do not show that the classifier
# looks at the animal rather than at the floor, that it works with your camera, or that fine-tuning is better or worse in
# general: that takes many draws of pictures. The giant's own training held many cats and dogs, so this question lies
# close to what it knows. And photographs found on the web may have been among those on which a network was trained, which
# flatters every number of the full edition.
#
# ## Where to go next
#
# [Lesson 02](02_bees_and_ants.ipynb) takes the network apart, and asks about bees and ants. For a question of your own, put
# the pictures of each class into a folder of its own, and run in a terminal, in the course's folder,
# `.venv/bin/shoulders compare FOLDER` (Windows: `.venv\Scripts\shoulders`).
#
# ## References
#
# * M. Tan, Q. Le: *EfficientNet: rethinking model scaling for convolutional neural networks*, 2019,
#   [arXiv 1905.11946](https://arxiv.org/abs/1905.11946): the family of the pocket edition's network.
# * K. Simonyan, A. Zisserman: *Very deep convolutional networks for large-scale image recognition*, 2014,
#   [arXiv 1409.1556](https://arxiv.org/abs/1409.1556): the layout VGG16, of the full edition and of the small giant.
# * A. S. Razavian and others: *CNN features off-the-shelf: an astounding baseline for recognition*, 2014,
#   [arXiv 1403.6382](https://arxiv.org/abs/1403.6382): what you did in step 3, for many questions.
# * J. Howard, S. Ruder: *Universal language model fine-tuning*, 2018, [arXiv 1801.06146](https://arxiv.org/abs/1801.06146):
#   smaller steps for lower layers.
# * E. B. Wilson, 1927, JASA 22: the interval. Q. McNemar, 1947, Psychometrika 12: the sentence that compares two.
