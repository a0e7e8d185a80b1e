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
# *Minutes: 26 teaching, 15 exercises.* In the full edition, without a graphics card, waiting comes on top.
#
# Can a network that never saw your question answer it? In lesson 01 you listened to one. Now you take it apart, and put
# three ways to a new question side by side: use what the network has learnt as it is, let a part of it learn on, or learn
# everything anew.
#
# When you are through, you will be able to
#
# * do **feature extraction**, **fine-tuning** and training **from scratch** in a few lines each, and say what learns;
# * compare them by what they bring *and* by what they cost;
# * ask a network which pictures it finds alike;
# * recognise three faults of tutorials that no error message tells.
#
# You need lesson 01. New words are **bold**; the others lie on the [page of words](glossary.ipynb).

# %% [markdown]
# ## Which pictures, which network?
#
# A widely read [tutorial](https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html) teaches transfer
# learning with photographs of bees and ants. The full edition takes the very same photographs, the pocket edition bees and
# ants of felt.
#
# Two giants come with them: `network`, the large one, and `small`, the small one of lesson 01. What you do by hand you do
# with `small`, because it is quick.
#
# The next cell loads the libraries: 5 to 20 s. After a restart, choose *Run*, *Run All Above Selected Cell* where you were:
# what the networks said about the pictures is remembered, and so are the networks that were trained.

# %%
import copy
import tempfile
from dataclasses import replace

import numpy as np
import torch
import torchvision
from torch import nn

from shoulders import backbones, cutting, datasets, editions, exercises, features, guesses, heads, plots, recall, training
from shoulders.results import verdict

edition = editions.choose("02")
pictures, network = edition.pictures, edition.backbone
small = edition.other or network  # where there is no other giant, the one takes both places
exercise = exercises.lesson_02()
print(edition)

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
# The three ways differ in two things: where the weights start, and which of them learn.
#
# | way | the weights start as | what learns |
# |---|---|---|
# | feature extraction | somebody else's training left them | a new head |
# | fine-tuning | somebody else's training left them | a new head and the last blocks |
# | from scratch | random numbers | everything |
#
# All three see the same training pictures. How many of 100 new pictures will each name correctly? Guessing blindly gives
# 50. (From scratch takes the small giant's [layout](glossary.ipynb): the large one's would need minutes.)

# %%
my_guess = guesses.keep(
    "02 three ways",
    {
        "feature extraction": None,
        "fine-tuning": None,
        "from scratch, small": None,
    },
)

# %% [markdown]
# ## Step 1: feature extraction
#
# Cut off the head, look at every picture once, keep what comes out, put a new head on. A **batch** is a pile of pictures
# that goes through the network together. The second cell looks at all pictures, 3 to 20 s on two cores.


# %%
def batch(giant, part, positions):
    """Pictures as a giant wants them: cropped, shrunk, normalised."""
    look_at = [giant.transform.picture(part.paths[i]) for i in positions]
    return giant.transform.batch(torch.stack(look_at))


def look(headless, giant, part):
    """What a network without its head says of every picture, a row for each."""
    with torch.inference_mode():  # look, and learn nothing
        piles = np.array_split(np.arange(len(part)), 10)
        return torch.cat([headless(batch(giant, part, pile)) for pile in piles]).numpy()


# %%
headless = cutting.decapitate(small)  # cut
kept_train = look(headless, small, pictures.train)  # look once, and keep it
kept_valid = look(headless, small, pictures.valid)
print(f"{len(kept_train)} + {len(kept_valid)} pictures, {kept_train.shape[1]} numbers each")

# %%
head = heads.fit("logistic_regression", kept_train, pictures.train.labels)  # put a new head on
right = head.predict(kept_valid) == pictures.valid.labels
print(f"{right.sum()} of {len(right)} validation pictures are named correctly.")

# %% [markdown]
# The network itself has learnt nothing, so its answers can be kept, and whatever you try on top of them costs next to
# nothing. The finished call does the same, keeps the answers on disk, and adds the interval.
#
# The call takes any giant. Does the large one see more in the same pictures? It looks for 2 to 20 s on two cores, in the full
# edition up to a minute.

# %%
by_small = training.feature_extraction(small, pictures)
extracted = training.feature_extraction(network, pictures)
print(f"{small.name}: {by_small}", f"{network.name}: {extracted}", sep="\n")
print(verdict(("The large giant's features", "the small one's"), extracted, by_small))

# %% [markdown]
# But is it what the giant has *learnt* that helps? The control of lesson 01: the same layout with random weights, and a new
# head on it. Another 2 to 20 s.

# %%
control = training.feature_extraction(backbones.load(network.name, weights="random"), pictures)
print(verdict(("Learnt weights", "random ones"), extracted, control))

# %% [markdown]
# ## Step 2: fine-tuning
#
# Now weights inside the network are to learn. A network learns in **steps**: show a batch, measure the loss (how wrong the
# answers are), find for every weight in which direction it would lower the loss (its **gradient**), and move each a little
# that way. How far they move is set by the **learning rate**. The loop below does this, and no more. ([Adam](glossary.ipynb)
# sets the size of each weight's move, [cross-entropy](glossary.ipynb) is the loss. `train()` tells the network that it is
# learning: remember it.)


# %%
def teach(model, images, labels, steps=5):
    learning = [weights for weights in model.parameters() if weights.requires_grad]
    optimiser = torch.optim.Adam(learning, lr=5e-4)  # lr: the learning rate
    model.train()
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(images), labels)
        loss.backward()  # the gradients
        optimiser.step()  # a small move
        optimiser.zero_grad()
        print(f"loss {loss:.3f}")


# %% [markdown]
# We take the small giant with a new head. Everything is **frozen** (it does not learn) but the head and the last block. The
# head starts with random numbers; a [seed](glossary.ipynb) makes them the same every time.

# %%
torch.manual_seed(0)
body = cutting.freeze(cutting.decapitate(small))
for layer in cutting.blocks(body.network)[-1]:
    body.network.get_submodule(layer).requires_grad_(True)  # it learns
model = nn.Sequential(body, nn.Linear(body.out_features, len(pictures.classes)))

# %% [markdown]
# A network keeps its weights in tables, one or two for each layer. We take five steps with one batch of sixteen pictures. How
# many tables will have changed, and which?

# %%
chosen = pictures.train.sample(8)  # eight of each class
images, labels = batch(small, pictures.train, chosen), torch.tensor(pictures.train.labels[chosen])
before = copy.deepcopy(model)
teach(model, images, labels)

# %%
tables = list(zip(before.parameters(), model.parameters()))
changed = [now.requires_grad for then, now in tables if not torch.equal(then, now)]
print(f"{len(changed)} of {len(tables)} tables of weights have changed.")
print(f"{changed.count(False)} of them are frozen ones.")

# %% [markdown]
# What is frozen is what it was, to the last bit.
#
# ### Exercise 1: what really learns?
#
# In the notebooks of a well-known book the line that lets the layers learn was absent, as [a reader
# saw](https://github.com/fchollet/deep-learning-with-python-notebooks/issues/257): what was called fine-tuning was feature
# extraction. No error tells you, so count. Write `learnt(model)`: how many numbers of a network learn? (Each of
# `model.parameters()` is a table of weights, and its `.numel()` says how many numbers it holds.)


# %%
def learnt(model):
    ### BEGIN SOLUTION
    return sum(weights.numel() for weights in model.parameters() if weights.requires_grad)
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.learnt.check(learnt)
print("Numbers that learn in our network:", learnt(model))

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
# Now the finished call with the large giant: all training pictures, first the head alone for two [epochs](glossary.ipynb),
# then with the last two blocks for four. What the frozen blocks say is computed once for each picture. `recall.trained` keeps
# what comes out: after a restart it is back in a second. Wait 5 to 60 s on two cores, in the full edition minutes.

# %%
tuned = recall.trained(training.fine_tune, network, pictures)
print(tuned, exercise.curve(tuned), sep="\n")
print(verdict(("Blocks that learn on", "frozen ones"), tuned, extracted))
plots.history(tuned)

# %% [markdown]
# An accuracy at its ceiling hides who is better. The loss still tells: it says how *sure* the right answers are.
#
# ## Step 3: from scratch
#
# Random numbers as weights, and nothing frozen. By hand it is the loop that you have. A network that knows nothing gives
# both classes the same probability, and its loss is then 0.693, the logarithm of 2. How far down will five steps bring it?

# %%
torch.manual_seed(0)
blank = cutting.decapitate(backbones.load(small.name, weights="random"))
untaught = nn.Sequential(blank, nn.Linear(blank.out_features, len(pictures.classes)))
teach(untaught, images, labels)

# %% [markdown]
# Compare with the five steps of step 2: a loss that stays near 0.693 says that nothing has been learnt. For years networks of
# such a depth could hardly be trained from nothing. What helps is **BatchNorm**, a layer that brings each map to mean 0 and
# spread 1 *over the batch*, so that the next layer never gets numbers that are far too large or too small.
#
# The finished call puts BatchNorm behind every convolution, and shows each picture turned, enlarged and lit a little
# differently in every epoch: a fair chance. Everything learns, so nothing can be kept: 5 to 60 s on two cores.

# %%
scratch = recall.trained(training.from_scratch, small, pictures, epochs=8, helped=True)
print(scratch, exercise.curve(scratch), sep="\n")
print(verdict(("All layers from scratch", "the small giant's kept features"), scratch, by_small))

# %% [markdown]
# ## Step 4: what they bring and what they cost
#
# Two fair pairs, one for each layout: the first two lines, and the last two. Look at the intervals first, then at the
# seconds and at the numbers that learnt, both on **logarithmic** axes: equal steps mean equal factors. (*Remembered*: the
# look at the pictures was made in an earlier run, and is missing from the bill.)

# %%
ways = {"feature extraction": extracted, "fine-tuning": tuned}
ways |= {"from scratch, small": scratch, "feature extraction, small": by_small}
for way, guess in my_guess.items():
    print(f"{way}: {guesses.beside(guess, 100 * ways[way].accuracy)}")
plots.costs(ways, my_guess)

# %% [markdown]
# ## Step 5: what does it find alike?
#
# The small giant makes more mistakes, so it has more to show. To its head a picture is a row of hidden features, and two
# pictures are alike when their rows are close. Which training pictures lie *nearest* to a mistake? (Above the pictures on the
# right, blue is the class of the picture on the left, red another.)

# %%
rows_train = features.extract(small, pictures.train)
rows_valid = features.extract(small, pictures.valid)
plots.nearest(by_small, rows_train, rows_valid, small.transform)

# %% [markdown]
# What do the neighbours share with the picture on the left: the animal, or the pose, the floor, the light? That is what this
# network sees in it. Neighbours of the class that was named make a mistake plausible. Neighbours of the right class do not
# explain it: the head weighs the features, the distance treats all alike.
#
# And has the giant really never seen your question? Ask the large one what *it* calls the validation pictures, in its own
# words: 2 to 20 s.

# %%
said = features.extract(network, pictures.valid, "classes")
print(exercise.own_words(said, network.classes, extracted))

# %% [markdown]
# The features know what the words do not say. But where your class is among its words, the network was taught to name it:
# the question was not new to it, however rarely the word falls here.
#
# It is worse when a network has seen the very *pictures*: then every accuracy on them flatters. The tutorial calls its
# photographs “a very small subset of imagenet”, and ImageNet is what most networks are trained on. Test on pictures that you
# took yourself. (No network has seen our felt before.)
#
# ## What goes wrong in tutorials
#
# ### The best of 25 epochs
#
# The tutorial looks at its 153 validation pictures after each of 25 epochs, and keeps the epoch that was best *on them*. What
# its [page](https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html) printed when we read it (every build
# of the page prints other numbers), and what [a rerun](https://aryanj10.github.io/posts/Transfer-Learning) got:
#
# | way | best epoch | last epoch | best epoch, rerun |
# |---|---|---|---|
# | fine-tuning | 94.1 % (page) | 92.2 % (page) | 94.1 % (rerun) |
# | feature extraction | 96.1 % (page) | 92.8 % (page) | 91.5 % (rerun) |
#
# The two ways change places, and choosing the epoch brought up to 3.3 points (96.1 − 92.8). Pictures that have chosen the
# winner cannot judge it: an accuracy wobbles from epoch to epoch, and who reports the best of 25 reports the wobble too.
#
# ### Exercise 2: how much does it flatter?
#
# `history` has a row for each epoch, and each row has an `"accuracy"`. Write `flattery(history)`: the accuracy of the best
# epoch minus that of the last, as a share between 0 and 1.


# %%
def flattery(history):
    ### BEGIN SOLUTION
    accuracies = [row["accuracy"] for row in history]
    return max(accuracies) - accuracies[-1]
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.flattery.check(flattery)

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
# One run is an anecdote. So we train the tutorial's kind of head for 25 epochs, with six seeds, on the small giant. By how
# many validation pictures will the best epoch be better than the last, on average? The runs take 5 to 30 s on two cores.

# %%
my_flattery = guesses.keep("02 best of 25 epochs", None, high=len(pictures.valid), unit="pictures")

# %%
settings = {"blocks": 0, "head_epochs": 0, "epochs": 25}  # nothing but the head
runs = [recall.trained(training.fine_tune, small, pictures, seed=seed, **settings) for seed in range(6)]
yours = np.array([flattery(run.history) for run in runs], float)
print("Your flattery of the six runs:", yours.round(3))

# %%
print(exercise.best_of(runs, my_flattery))
plots.best_epochs(runs)

# %% [markdown]
# To be allowed to choose, you need a third part of pictures, a **test** part, that is looked at once, at the end. Without
# one, fix the number of epochs beforehand and report the last.
#
# ### A file that is no picture
#
# Among the tutorial's ants lies a GIF that says that the image was not found. Here is a folder with a few of our pictures and
# two such placeholders among the ants: one ends in `.gif`, the other calls itself `.jpg`.

# %%
with tempfile.TemporaryDirectory() as folder:
    exercise.folder_with_placeholders(pictures, folder)
    by_ending = torchvision.datasets.ImageFolder(folder)  # as the tutorial reads it
    by_content = datasets.load(folder)
print(f"The tutorial's reader takes {len(by_ending)} files.")
print(f"The course's reader takes {len(by_content.train) + len(by_content.valid)}.")
by_content.report()[["file", "action", "problem"]]

# %% [markdown]
# The tutorial's reader goes by the ending: it would teach the second placeholder as an ant. Ours looks into the file, and
# says what it left out. `pictures.report()` says it of this lesson's set.

# %% [markdown]
# ## Break it on purpose
#
# A colleague has our fine-tuned network: the same file, the same pictures, the same transform. The colleague goes through the
# validation folder in its order, eight pictures at a time. Of 100 pictures, how many does the colleague's copy name correctly?

# %%
my_colleague = guesses.keep("02 the colleague's copy", None)

# %% [markdown]
# The copy answers for 2 to 20 s on two cores. (Where the large giant has no BatchNorm, the network from scratch stands in.)


# %%
def ask(model, piles):
    """What a trained network says of the pictures of each pile, as probabilities."""
    with torch.inference_mode():
        scores = torch.cat([model(batch(model, pictures.valid, pile)) for pile in piles])
    return scores.softmax(1).numpy()


# %%
ours = tuned if exercise.normalises(tuned.model) else scratch
theirs = exercise.colleague(ours.model)
eights = np.array_split(np.arange(len(pictures.valid)), len(pictures.valid) // 8)
at_theirs = replace(ours, probabilities=ask(theirs, eights))
print(verdict(("Our answers", "the colleague's"), ours, at_theirs))
print(guesses.beside(my_colleague, 100 * at_theirs.accuracy))

# %% [markdown]
# What happened? Take the first picture that the colleague's copy alone gets wrong, and put it into twelve batches. In the
# first six its seven companions are of its own class, in the last six of another.

# %%
one, rng = (ours.right & ~at_theirs.right).argmax(), np.random.default_rng(0)
kind = pictures.valid.labels[one]
own = np.flatnonzero(pictures.valid.labels == kind)
other = np.flatnonzero(pictures.valid.labels != kind)
batches = [[one, *rng.choice(companions, 7)] for companions in [own] * 6 + [other] * 6]
there = [ask(theirs, [eight])[0, kind] for eight in batches]
here = [ask(ours.model, [eight])[0, kind] for eight in batches]
plots.company(there, here, pictures.classes[kind])

# %% [markdown]
# ### Exercise 3: mend it
#
# With us, one picture has one answer. At the colleague's it depends on the company it is in! Which layer looks at more than
# one picture at a time? What did the colleague forget to say to the network? Mend `theirs`, and put it into `mended`.

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
# BatchNorm has two modes. In *train* mode it uses the mean and the spread of the batch in front of it. Among eight ants,
# what all eight have in common counts as ordinary, and is taken away: the ant itself. In *eval* mode it uses an average of the
# batches that it met in train mode, and looks at nobody else. The tutorial itself once
# [forgot](https://github.com/pytorch/tutorials/issues/203) to say `eval()` where it shows its predictions.
#
# </details>
#
# ### The same switch, more quietly
#
# BatchNorm keeps a slow average of the mean and the spread of the batches that it meets in train mode (after `train()`): its
# **running statistics**. While the colleague asked, these followed, batch by batch; `eval()` stops that, and does not undo
# it. They are not weights, so [requires_grad](glossary.ipynb) does not hold them. And a training loop says `train()` in every
# epoch; the tutorial's does so even where it calls the network frozen.
#
# Below, the large giant of step 1 looks at twenty batches of four training pictures, as in such a loop, and learns nothing:
# once frozen as in tutorials, once by `cutting.freeze`, which keeps BatchNorm in eval mode. Then the head of step 1 is asked
# again. It takes 5 to 30 s on two cores.


# %%
def after_looking(frozen, looks=20):
    rng = np.random.default_rng(0)
    for _ in range(looks):
        with torch.inference_mode():
            frozen.train()(batch(network, pictures.train, rng.choice(len(pictures.train), 4)))
    rows = look(frozen.eval(), network, pictures.valid)
    return replace(extracted, probabilities=heads.probabilities(extracted.model, rows))


# %%
careless = after_looking(cutting.decapitate(network).requires_grad_(False))
careful = after_looking(cutting.freeze(cutting.decapitate(network)))
names = "The answers after cutting.freeze", "those after requires_grad = False"
print(verdict(names, careful, careless))

# %% [markdown]
# Not one weight has changed: only the running statistics have drifted. A head that is trained along with them gets used to it.
# But features that were kept before the drift do not fit the network that is kept after it.

# %% [markdown]
# ## Key points
#
# * Three ways: a new head on features that are kept; a head and the last blocks; everything from random weights. Count what
#   learns.
# * Compare them on the same pictures, with intervals, and with a new head on random weights. Beside the accuracy put the
#   seconds and the numbers learnt.
# * The best epoch on the validation pictures is no result. Report the last one, or keep a test part.
# * Look into the files, not at their names. Ask what the network was taught, and on which pictures.
# * Say `eval()` before you ask. Frozen means: no gradient *and* eval mode.
#
# ## What these numbers show, and what they do not
#
# They show what each way did in one run, with these training pictures and settings, and how sure one can be of the accuracy
# on pictures like the validation ones. They do not show which way is better in general: another draw of training pictures
# gives other numbers, from scratch got few epochs and a small layout, and the seconds are those of this machine. Nor do they
# show that the animal was looked at: see the neighbours.
#
# ## Where to go next
#
# Lesson 03 makes the comparison as it should be made: many draws, from one picture per class to all of them. With pictures
# of your own you can do so in a terminal, in the course's folder:
# `.venv/bin/shoulders compare FOLDER --per-class 1,5,20,all --seeds 10` (Windows: `.venv\Scripts\shoulders`).
#
# ## References
#
# * S. Chilamkurthy: [Transfer learning for computer vision tutorial](https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html),
#   PyTorch.
# * S. Ioffe, C. Szegedy: *Batch normalization*, 2015, [arXiv 1502.03167](https://arxiv.org/abs/1502.03167).
# * J. Yosinski and others: *How transferable are features in deep neural networks?*, 2014,
#   [arXiv 1411.1792](https://arxiv.org/abs/1411.1792): layers frozen and tuned, one depth after the other.
# * S. Kornblith, J. Shlens, Q. Le: *Do better ImageNet models transfer better?*, 2019,
#   [arXiv 1805.08974](https://arxiv.org/abs/1805.08974): feature extraction, fine-tuning and from scratch on twelve sets.
# * A. Kumar and others, 2022, [arXiv 2202.10054](https://arxiv.org/abs/2202.10054): why the head learns first.
# * E. B. Wilson, 1927, JASA 22: the interval. Q. McNemar, 1947, Psychometrika 12: two runs on the same pictures.
