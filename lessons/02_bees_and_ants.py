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
# # 02 · Bees and ants
#
# *Minutes: 30 teaching, 20 exercises.* In the full edition, without a graphics card, waiting comes on top.
#
# Can a network that never saw your question answer it? In lesson 01 you listened to one. Now you take it apart, and put
# the three ways to a new question side by side: use what the network has learnt as it is, let a part of it learn on, or
# learn everything anew.
#
# When you are through, you will be able to
#
# * do **feature extraction**, **fine-tuning** and training **from scratch** in a few lines each, and say which numbers learn;
# * compare them by what they bring *and* by what they cost;
# * look up *how* a classifier errs: whom it confuses, where it is too sure, and which pictures it finds alike;
# * recognise faults that are common in tutorials, and of which no error message tells.
#
# You need lesson 01: its words are used here. New ones are **bold**.

# %% [markdown]
# ## Which pictures, which network?
#
# A widely read [tutorial](https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html) teaches transfer
# learning (to carry over to one question what was learnt for another) with photographs of bees and ants. The full edition
# takes its pictures from the very same set. The pocket edition has bees and ants of felt, rendered for this course.
#
# Two giants come with them. `network` is the large one. `small` is the small one of step 4 in lesson 01, with the layout of
# VGG16. What you do by hand you do with `small`, because it is quick. The finished calls take `network`.

# %%
import copy
import tempfile
from collections import Counter

import numpy as np
import torch
import torchvision
from torch import nn

from shoulders import backbones, cutting, datasets, editions, exercises, features, heads, plots, training

edition = editions.choose("02")
pictures, network = edition.pictures, edition.backbone
small = edition.other or network  # where there is no other giant, the one takes both places
exercise = exercises.lesson_02(edition)
print(edition)

# %% [markdown]
# Where an animal is cut off, it is so for the network too.

# %%
some = np.random.default_rng(1).choice(len(pictures.train), 12, replace=False)
plots.show_pictures(
    [network.transform.cropped(pictures.train.paths[i]) for i in some],
    [pictures.classes[pictures.train.labels[i]] for i in some],
    heading=f"Twelve of {len(pictures.train)} training pictures, as the network sees them",
)

# %% [markdown]
# ## Predict before you run
#
# At heart the three ways differ in two things: where the weights of the network start, and which of them learn. (From
# scratch also gets a smaller network, more epochs and some help; step 3 says why and which.)
#
# | way | the weights start as | what learns |
# |---|---|---|
# | feature extraction | somebody else's training left them | a new head |
# | fine-tuning | somebody else's training left them | a new head and the last blocks |
# | from scratch | random numbers | everything |
#
# All three see the same training pictures. How many of 100 new pictures will each name correctly? Guessing blindly gives
# 50. Which way takes longest?

# %%
my_guess = {"feature extraction": 80, "fine-tuning": 80, "from scratch, small": 80}  # write yours here

# %% [markdown]
# ## Step 1: feature extraction
#
# Cut off the head, look at every picture once, keep what comes out, put a new head on. By hand, with the small giant, this
# takes a few lines. A **batch** is a pile of pictures that goes through the network together.


# %%
def batch(part, positions):
    """Pictures as the small giant wants them: cropped, shrunk, normalised."""
    look_at = [small.transform.picture(part.paths[i]) for i in positions]
    return small.transform.batch(torch.stack(look_at))


# %%
headless = cutting.decapitate(small)  # cut


def look(part):
    with torch.inference_mode():  # look, and learn nothing
        piles = np.array_split(np.arange(len(part)), 10)
        return torch.cat([headless(batch(part, pile)) for pile in piles]).numpy()


# %%
kept_train, kept_valid = look(pictures.train), look(pictures.valid)  # look once, and keep it
print(f"{len(kept_train)} + {len(kept_valid)} pictures, {kept_train.shape[1]} numbers each")

# %%
head = heads.fit("logistic_regression", kept_train, pictures.train.labels)  # put a new head on
right = head.predict(kept_valid) == pictures.valid.labels
print(f"{right.sum()} of {len(right)} validation pictures are named correctly.")

# %% [markdown]
# The network itself has learnt nothing, and never will: its answers can be kept, and whatever you try on top of them costs
# next to nothing. The finished call does the same, keeps the answers on disk, and adds the interval. (It may differ by a
# picture or two: where the processor can, it computes with numbers of 16 instead of 32 bits.)
#
# And it takes any giant. What will the large one make of the same pictures? You wait 2 to 20 seconds in the pocket edition,
# in the full one without a graphics card up to a minute.

# %%
by_small = training.feature_extraction(small, pictures)
extracted = training.feature_extraction(network, pictures)
print(f"{small.name}: {by_small}", f"{network.name}: {extracted}", sep="\n")

# %% [markdown]
# Does the large one make no mistake at all, or hardly any? Read its interval all the same. So many right answers in a row
# are also what a classifier would give that errs now and then, and the lower end says how often that may be. And an accuracy
# at its ceiling has a price: no other way can be seen to be better.
#
# ## Step 2: fine-tuning
#
# Now weights inside the network are to learn. Learning by examples goes in **steps**: show a batch, measure the loss, find
# for every weight in which direction it would lower the loss (its **gradient**), and move each a little that way. How far
# is the **learning rate**. That is all there is in this loop. (`train()` tells the network that it is learning,
# `eval()` that it only answers. Remember them: near the end of the lesson they will matter.)


# %%
def teach(model, images, labels, steps=5):
    learning = [weights for weights in model.parameters() if weights.requires_grad]
    optimiser = torch.optim.Adam(learning, lr=5e-4)  # says how far each weight moves; lr: the learning rate
    model.train()
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(images), labels)  # how wrong it is
        loss.backward()  # the gradients
        optimiser.step()  # a small move
        optimiser.zero_grad()
        print(f"loss {loss:.3f}")


# %% [markdown]
# First the small giant with a new head, everything frozen but that head and the last block. (The head starts with random
# numbers. A **seed** fixes what is drawn at random, so that it is the same whenever you run the cell.)

# %%
torch.manual_seed(0)
body = cutting.freeze(cutting.decapitate(small))
for layer in cutting.blocks(body.network)[-1]:
    body.network.get_submodule(layer).requires_grad_(True)
model = nn.Sequential(body, nn.Linear(body.out_features, len(pictures.classes)))

# %% [markdown]
# Then five steps with one batch of sixteen pictures. Which weights will have changed?

# %%
chosen = pictures.train.sample(8)  # eight of each class
images, labels = batch(pictures.train, chosen), torch.tensor(pictures.train.labels[chosen])
before = copy.deepcopy(model.state_dict())
teach(model, images, labels)
changed = [name for name, now in model.state_dict().items() if not torch.equal(now, before[name])]
print("changed:", *changed, sep="\n  ")

# %% [markdown]
# If the loss has fallen, that says little: it is measured on the same sixteen pictures. (If the two classes are
# guessed at even odds, the loss is 0.693, the logarithm of 2.) Everything that is not in the list is what it was, to the
# last bit.
#
# ### Exercise 1: what really learns?
#
# In the notebooks of a well-known book the line that lets the layers learn was absent, as [a reader
# saw](https://github.com/fchollet/deep-learning-with-python-notebooks/issues/257): what was called fine-tuning was feature
# extraction. Nothing fails when that happens, so count. Write `learnt(model)`: how many numbers of a network learn? (Each of
# `model.parameters()` is a table of weights, and its `.numel()` says how many there are in it.)


# %%
def learnt(model):
    ### BEGIN SOLUTION
    return sum(weights.numel() for weights in model.parameters() if weights.requires_grad)
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.learnt.check(learnt(model))

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def learnt(model):
#     return sum(weights.numel() for weights in model.parameters() if weights.requires_grad)
# ```
#
# </details>
#
# Now the finished call, and the large giant: all training pictures, first the head alone for two epochs, then with the last
# two blocks for four. Below these blocks nothing changes, so what comes out there is computed once for each picture (and for
# its mirror image, which counts as another picture). The epochs run only what lies above. You wait 5 to 60 seconds in the
# pocket edition, in the full one without a graphics card minutes.

# %%
tuned = training.fine_tune(network, pictures)
print(tuned)
plots.history(tuned)

# %% [markdown]
# Compare the two curves on the left. As long as both fall, what is learnt holds for pictures that were not learnt from. Look
# at the trend: a step up and down again, here or in the accuracy, may be a few pictures, and one step of bad luck. (Mind how
# they are measured: the training loss is the mean over an epoch, while the network still learns. The validation loss is taken
# at its end, and may so be the lower one.) Where the accuracy is at 100 %, the loss goes on telling: how *sure* the right
# answers are.
#
# ## Step 3: from scratch
#
# Random numbers as weights, and nothing frozen. Every picture goes through every layer, forwards and backwards, in every
# epoch. With the large giant's layout this takes minutes on two cores, so this way gets the small one's. By hand it is the
# loop that you have:

# %%
torch.manual_seed(0)
blank = cutting.decapitate(backbones.load(small.name, weights="random"))
teach(nn.Sequential(blank, nn.Linear(blank.out_features, len(pictures.classes))), images, labels)

# %% [markdown]
# Does the loss hardly leave 0.693? For years networks of such a depth could hardly be trained from nothing. What helps is
# **BatchNorm**, a layer that brings each map of a batch to the same mean and the same spread, so that no layer receives
# numbers that are far too large or too small. The finished call puts it behind every convolution (the layers that look for
# small patterns), unless the network has it already, and shows each picture turned, enlarged and lit a little differently in
# every epoch. So the way gets a fair chance. (`helped=False` leaves both out.) Everything learns, so nothing can be computed
# once and kept: on two processor cores the next cell takes 5 to 60 seconds. (With a graphics card, or patience, put
# `network` in the place of `small`.)

# %%
scratch = training.from_scratch(small, pictures, epochs=8, helped=True)
print(scratch)
plots.history(scratch)

# %% [markdown]
# Is the validation loss still falling at the right-hand end of the *left* plot? Then more epochs might help, and you would
# wait longer. Does it rise while the training loss falls? Then the network may be beginning to learn by heart; but one or two
# small steps are no trend yet, least of all while the accuracy still grows. (And an accuracy of exactly 50 % says that at that
# time the network called every picture the same.) Lesson 03 gives it more time and asks how many pictures it would need.
#
# ## Step 4: what they bring and what they cost
#
# Accuracy alone is half a comparison, and 50 % is not the only thing to compare with. First the control of lesson 01: a new
# head on a network of the same layout that has learnt nothing at all. It looks at all pictures: 2 to 20 seconds.

# %%
control = training.feature_extraction(backbones.load(network.name, weights="random"), pictures)
print(f"A new head on random weights: {control}")

# %% [markdown]
# Now the three ways, and a fourth line: feature extraction with the small giant, whose layout from scratch has. So there are
# two fair pairs, the first two lines and the last two. Two of the axes are **logarithmic**: equal steps along them mean equal
# factors.

# %%
ways = {"feature extraction": extracted, "fine-tuning": tuned}
ways |= {"from scratch, small": scratch, "feature extraction, small": by_small}
plots.costs(ways, my_guess)

# %% [markdown]
# Look at the intervals first. Where two of them overlap widely, these pictures do not tell you which way is better, and
# where one lies clear of the other, they do. Only then look at the seconds and at the count of numbers. (Where *remembered*
# stands behind the seconds, the look at the pictures was made in an earlier run, and is missing from the bill.) How far off
# were your guesses?
#
# So, can it? Compare feature extraction with a new head on random weights. Where its interval lies clear above, what was
# learnt from other pictures helps to answer a new question. Where the two overlap, these pictures do not show that it
# does. And where from scratch comes out clearly ahead of the line below it, these pictures taught more than what was learnt
# elsewhere. That happens, and then it is the result.
#
# ## Step 5: look at the mistakes
#
# We stay with feature extraction, and go back to the small giant: who makes more mistakes has more to show. (For the large
# one's, put `extracted` and `network` in the place of `by_small` and `small`.) The table of who is taken for whom is called a
# **confusion matrix**.

# %%
plots.confusion(by_small)

# %%
plots.mistakes(by_small, small.transform)

# %% [markdown]
# ### What does it find alike?
#
# To the head, a picture is a row of hidden features, and two pictures are alike when their rows are close. So ask: which
# training pictures lie *nearest* to a mistake? The distance is the ordinary one (square root of the sum of the squared
# differences). The answers come from disk: the network has looked at these pictures before. (Above the pictures on the
# right, blue is the class of the picture on the left, orange is the other.)

# %%
rows_train, rows_valid = (features.extract(small, part) for part in (pictures.train, pictures.valid))
plots.nearest(by_small, rows_train, rows_valid, small.transform)

# %% [markdown]
# What do the neighbours share with the picture on the left: the animal, or the pose, the background, the light? What they
# share is what this network sees in it. Look at the walls and floors behind the animals, too.
#
# And count. If most neighbours are of the class that was named, they make the mistake plausible. If not, they do not
# explain it: the head weighs the features, and the distance treats all of them alike.
#
# ## What goes wrong in tutorials
#
# ### The best of 25 epochs
#
# The tutorial trains for 25 epochs, looks at the validation pictures after each, and keeps the epoch that was best *on
# them*. Its page prints, for 153 validation pictures:
#
# | way | best epoch | last epoch | difference |
# |---|---|---|---|
# | fine-tuning | 94.1 % | 92.2 % | 3 pictures |
# | feature extraction | 96.1 % | 92.8 % | 5 pictures |
#
# Pictures that have chosen the winner cannot judge it. An accuracy wobbles from epoch to epoch by a few pictures, and who
# reports the best of 25 reports the wobble too.
#
# ### Exercise 2: how much does it flatter?
#
# `history` is a list with a row for each epoch, and each row has an `"accuracy"`. Write `flattery(history)`: the accuracy
# of the best epoch minus that of the last, as a share between 0 and 1.


# %%
def flattery(history):
    ### BEGIN SOLUTION
    accuracies = [row["accuracy"] for row in history]
    return max(accuracies) - accuracies[-1]
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.flattery.check(flattery([{"accuracy": share} for share in (0.6, 0.9, 0.85, 0.8)]))

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def flattery(history):
#     accuracies = [row["accuracy"] for row in history]
#     return max(accuracies) - accuracies[-1]
# ```
#
# </details>
#
# One run is an anecdote. So we train the tutorial's kind of head, 25 epochs long, with six seeds (they fix the first
# weights of the head and the order of the pictures), on the small giant: where nearly every answer is right, nothing
# wobbles. Below the head everything is computed once, so this takes 5 to 30 seconds. By how many points will the best epoch
# flatter, on average?

# %%
settings = {"blocks": 0, "head_epochs": 0, "epochs": 25}  # nothing but the head
runs = [training.fine_tune(small, pictures, seed=seed, **settings) for seed in range(6)]
flattered = [flattery(run.history) for run in runs]
points = [f"{100 * share:.1f}" for share in flattered if share is not None]
print("Your flattery of the six runs, in points:", ", ".join(points) or "not written yet")

# %%
plots.best_epochs(runs)

# %% [markdown]
# The best epoch is never below the last: it cannot be. Is its head really better than the last one? These pictures cannot
# say, because they have chosen it. To be allowed to choose, you need a third part of pictures, a **test** part, that is
# looked at once, at the end. Without one, fix the number of epochs beforehand and report the last.
#
# And the order of the two ways in the table above? [A published rerun](https://aryanj10.github.io/posts/Transfer-Learning)
# with the same pictures has it the other way round: 94.1 % for fine-tuning, 91.5 % for feature extraction. With 153
# pictures one picture is 0.65 points, and three or four of them decide nothing.
#
# ### A file that is no picture
#
# Among the tutorial's ants lies a GIF that says that the image was not found. Such placeholders are left behind when a
# collection is gathered from the web. Here is a folder with a few of our pictures and two placeholders among the ants:
# one with the ending `.gif`, and one that calls itself `.jpg`.

# %%
with tempfile.TemporaryDirectory() as folder:
    exercise.folder_with_placeholders(pictures, folder)
    theirs = torchvision.datasets.ImageFolder(folder)  # as the tutorial reads it
    ours = datasets.load(folder)
print(f"The tutorial's reader takes {len(theirs)} files.")
print(f"The course's reader takes {len(ours.train) + len(ours.valid)}.")
ours.report().drop(columns="part")

# %% [markdown]
# The tutorial's reader goes by the ending of the name. So it passes over the one without a word, and would teach the other
# as an ant. Ours looks into the file, and says what it left out. What did it find in the set of this lesson?

# %%
pictures.report()

# %% [markdown]
# (An empty table: nothing. In the full edition it names the tutorial's placeholder.)
#
# ### Pictures that it has seen before
#
# “A network that never saw your question”: is that so? The cell says what each giant was trained on, and which of the
# classes that it was taught bear the names of ours.

# %%
for giant in (network, small):
    print(f"{giant.name} was trained on {giant.card.trained_on}.")
    for name in pictures.classes:
        same = [own for own in giant.classes if own in (name, name.removesuffix("s"))]
        print(f"    {name}: {same or 'no such class'}")

# %% [markdown]
# Where a name is found, the network was taught that very thing, and the question is less new to it than it seems. Part of a
# lead that one giant has over another may be just this. But to have a word is one thing, to use it is another. What does the
# large giant say first when it sees our validation pictures? (It looks once more, 2 to 20 seconds: nobody has asked for its
# own words yet.)

# %%
said = features.extract(network, pictures.valid, "classes")
first_guesses = said["classes"].argmax(1)
for number, name in enumerate(pictures.classes):
    words = Counter(network.classes[i] for i in first_guesses[said.labels == number])
    print(f"{name}:", ", ".join(f"{word} ({count})" for word, count in words.most_common(5)))

# %% [markdown]
# Is the right word among them? Where it is not, our animals do not look to the giant like those that it was taught. And yet
# its features tell them apart, as well as step 1 says.
#
# It is worse when a network has seen the very *pictures*. The tutorial calls its photographs “a very small subset of
# imagenet”, and ImageNet is what most networks are trained on. If its validation pictures were among them, every accuracy on
# them flatters, whichever way you go. (The felt animals were rendered for this course, so no network has seen them before.)
# Nobody can repair this afterwards. What you can do is to say it, and to test on pictures that you took yourself.

# %% [markdown]
# ## Break it on purpose
#
# A colleague has the small network that we trained from scratch: the same file, the same pictures, the same transform. The
# colleague asks about eight pictures at a time, and complains: “Whenever I ask again, it says something else.”


# %%
def answers(model, images):
    with torch.inference_mode():
        return model(images).softmax(1).numpy()


# %%
theirs = exercise.colleague(scratch.model)
order = np.random.default_rng(0).permutation(len(pictures.valid))
eights = np.array_split(order, len(order) // 8)
said = np.concatenate([answers(theirs, batch(pictures.valid, eight)) for eight in eights]).argmax(1)
right = said == pictures.valid.labels[order]
print(f"With us {scratch.right.sum()} of {len(right)} are right, with the colleague {right.sum()}.")

# %% [markdown]
# The count tells you little: it may be lower than ours, the same, or by luck higher. So look closer: take *one* picture
# (the one about which our network is least sure), put it into twelve batches, each time with seven others, and ask.

# %%
one, rng = scratch.probabilities.max(1).argmin(), np.random.default_rng(0)
batches = [batch(pictures.valid, [one, *rng.choice(len(pictures.valid), 7)]) for _ in range(12)]
at_theirs = [answers(theirs, eight)[0, 1] for eight in batches]
with_us = [answers(scratch.model, eight)[0, 1] for eight in batches]
plots.company(at_theirs, with_us, pictures.classes[1])

# %% [markdown]
# ### Exercise 3: mend it
#
# With us, one picture has one answer. At the colleague's it depends on the company it is in! Which layer of the
# network looks at more than one picture at a time? What did the colleague forget to say to the network? Mend `theirs`, and
# put it into `mended`.

# %%
### BEGIN SOLUTION
mended = theirs.eval()
### END SOLUTION
### BEGIN LEARNER
# mended = None  # your answer goes here
### END LEARNER
exercise.mended.check(mended)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# mended = theirs.eval()
# ```
#
# </details>
#
# BatchNorm has two modes. In *train* mode it uses the mean and the spread of the batch in front of it, and lets its
# **running statistics** (a slow average of these) follow. In *eval* mode it uses the running statistics, and looks at
# nobody else. A network that answers belongs in eval mode. The tutorial itself once
# [forgot it](https://github.com/pytorch/tutorials/issues/203) where it shows its predictions.
#
# `eval()` ends the wobble. It does not bring our network back: while the colleague asked, the running statistics followed,
# batch by batch. Ask the colleague's network once more about the same picture in the same twelve batches, in eval mode.
# Will the two lines be one?

# %%
now = copy.deepcopy(theirs).eval()
after = [answers(now, eight)[0, 1] for eight in batches]
plots.company(after, with_us, pictures.classes[1])

# %% [markdown]
# The company no longer matters. If the colleague's line lies at another height, that is what asking has done to the
# network. To have ours again, load the file again.
#
# ### The same switch, more quietly
#
# The running statistics are not weights. They have no gradient, and no `requires_grad` holds them. A training loop says
# `train()` in every epoch; the tutorial's does so in feature extraction, too, where the network is called frozen. Below,
# two copies of our network from scratch, without the head, look at ten batches of four pictures, as in such a loop. One
# is frozen as in tutorials, the other with the course's `cutting.freeze`, which keeps BatchNorm in eval mode whatever is
# said. After every batch both are asked about the same eight pictures. By how much will the features that they give have
# changed after ten?

# %%
careless = copy.deepcopy(scratch.model[0]).requires_grad_(False)
careful = cutting.freeze(copy.deepcopy(scratch.model[0]))
watched = batch(pictures.valid, order[:8])


# %%
def moved(body, looks=10):
    rng, start, changes = np.random.default_rng(0), body.eval()(watched), [0.0]
    for _ in range(looks):
        body.train()(batch(pictures.train, rng.choice(len(pictures.train), 4)))  # a look
        changes.append(float((body.eval()(watched) - start).norm() / start.norm()))
    return changes


# %%
plots.drift({"requires_grad = False": moved(careless), "cutting.freeze": moved(careful)})

# %%
weights = zip(careless.parameters(), scratch.model[0].parameters())
whole = nn.Sequential(careless, scratch.model[1]).eval()
said = answers(whole, batch(pictures.valid, np.arange(len(pictures.valid)))).argmax(1)
print(f"Weights that differ: {sum(not torch.equal(now, then) for now, then in weights)}")
right = said == pictures.valid.labels
print(f"Right before: {scratch.right.sum()} of {len(said)}; after: {right.sum()}")

# %% [markdown]
# Not one weight has changed, and the network is another one. That need not show in the accuracy: a head that is trained
# along with the drift gets used to it, and statistics of *your* pictures may even suit them better. But features that were
# kept before no longer belong to the network that is kept after, and “frozen” was not true. In steps 1 and 2 it was:
# the network looked in eval mode, and what lies below the blocks stayed as it was.

# %% [markdown]
# ## Key points
#
# * Three ways: a new head on features that are kept; a head and the last blocks; everything from random weights. They differ
#   in where the weights start and in what learns. Count what learns.
# * Compare them on the same pictures, with intervals, and with a new head on random weights. Beside the accuracy put the
#   seconds and the numbers learnt.
# * The best epoch on the validation pictures is no result. Report the last one, or keep a test part.
# * Look into the files, not at their names. Ask what the network has been taught, and on which pictures.
# * Say `eval()` before you ask. Frozen means: no gradient *and* eval mode.
#
# ## What these numbers show, and what they do not
#
# They show what each way did in one run with these training pictures and these settings, and how sure one can be of the
# accuracy on pictures like the validation ones. They do not show which way is better in general: another draw of training
# pictures gives other numbers, from scratch got few epochs and a small layout, and the seconds are those of this machine.
# Nor do they show that the animal was looked at: see the neighbours.
#
# ## Where to go next
#
# Lesson 03 makes the comparison as it should be made: many draws, from one picture per class to all of them, the same
# draws for each way. With pictures of your own you can do so in a terminal, in the course's folder:
# `.venv/bin/shoulders compare FOLDER --per-class 1,5,20,all --seeds 10` (Windows: `.venv\Scripts\shoulders`).
#
# ## References
#
# * S. Chilamkurthy: [Transfer learning for computer vision tutorial](https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html),
#   PyTorch. The two rows of its table are those that its page printed when we read it; each new build of the page prints others.
# * S. Ioffe, C. Szegedy: *Batch normalization*, 2015, [arXiv 1502.03167](https://arxiv.org/abs/1502.03167).
# * J. Yosinski and others: *How transferable are features in deep neural networks?*, 2014,
#   [arXiv 1411.1792](https://arxiv.org/abs/1411.1792): layers frozen and tuned, one depth after the other.
# * S. Kornblith, J. Shlens, Q. Le: *Do better ImageNet models transfer better?*, 2019,
#   [arXiv 1805.08974](https://arxiv.org/abs/1805.08974): feature extraction, fine-tuning and from scratch on twelve sets.
# * A. Kumar and others, 2022, [arXiv 2202.10054](https://arxiv.org/abs/2202.10054): why the head learns first.
# * E. B. Wilson, 1927, JASA 22: the interval.
