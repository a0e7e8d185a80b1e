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
# # 06 · Hand signs
#
# *Minutes: 25 teaching, 18 exercises.* A camera is welcome and not needed.
#
# Show a machine your fist, your open hand, a thumb up. A minute later it names them, live. It is made of two parts that you
# know from lesson 01: a [giant](glossary.ipynb) without its [head](glossary.ipynb), and a new head so small that teaching it
# takes no time at all. You build it, and then you ask what such shows leave out: **why does it work for you, and fail for
# your neighbour?**
#
# When you are through, you will be able to
#
# * teach a network new classes without any training, with **nearest neighbours**;
# * say why frames of one recording must never judge what was learnt from the same recording;
# * show that a classifier has learnt the *room* instead of the sign, and do something about it;
# * say what one picture of each sign from a new person mends;
# * let a classifier answer “none of these”, and say what that costs.
#
# You need lesson 01. New words are **bold**, or lead to the [page of words](glossary.ipynb). After a restart: Run, Run All
# Above Selected Cell; what the network saw is remembered.

# %% [markdown]
# ## Which hands, which network?
#
# The next cell loads the libraries (5 to 20 s) and says what runs here. In the full edition, the hands are photographs: pupils
# of a school in Ankara sign the digits from 0 to 9. The pocket edition has felt gloves, rendered for this course, that make
# eight signs. Each glove has its own size, yarn and sleeve, and its own room: think of a glove as a person at home.
# Steps 2 to 5 use recordings of one such glove, in both editions.

# %%
import numpy as np
import pandas as pd

from shoulders import backbones, comparison, editions, exercises, features, guesses, heads, intervals, plots
from shoulders.heads.neighbours import Examples
from shoulders.support.words import bounds, share
from shoulders.widgets import camera

edition = editions.choose("06")
pictures, network = edition.pictures, edition.backbone
exercise = exercises.lesson_06(edition)
print(edition)

# %% [markdown]
# Below, four people make their signs: a row for each. The first three belong to the training part, the last one to the
# validation part. **No person is in both**: who judges a [classifier](glossary.ipynb) must not have taught it. Where a set
# does not say who is who, the line below the figure tells you so.

# %%
exercise.people(edition)

# %% [markdown]
# ## Predict before you run
#
# Twenty pictures of each sign, from people in the training part; a head like that of lesson 01. Of 100 pictures of *other*
# people's hands, how many signs will be named correctly? Guessing blindly gives 12 or 13 where there are eight signs, and 10
# where there are ten.

# %%
my_guess = guesses.keep("06 other people's signs", None)

# %% [markdown]
# ## Step 1: the nearest neighbour, by hand
#
# The network was trained on photographs of terriers, teapots and a thousand things more. It has no word for a fist. So we do
# not ask for its words: we cut off its head, as in lesson 01, and take what goes *into* the head, the **hidden features**.
#
# Above in the figure: the network as it came. From block to block its [maps](glossary.ipynb) become more and smaller, and the
# head makes of them the scores of its classes. Below: the same network, headless. Whatever you teach sits where the head was.

# %%
exercise.decapitated(network)

# %% [markdown]
# Now each picture is a row of numbers. Two pictures that the network finds alike have rows that point in nearly the same
# direction. The **cosine** of the angle between them says how nearly: 1 for the same direction, 0 for nothing in common.
# Bring each row to length one, and the cosine is a sum of products.
#
# That is all one needs. To name a new picture, find the training picture whose row is most like its own, its **nearest
# neighbour**, and take over its sign. Nothing is trained: to *teach* is to remember. (First the network looks at all
# pictures: 2 to 20 s on two cores, and 20 to 60 s for all photographs of the full edition.)

# %%
seen, asked = features.extract(network, pictures.train), features.extract(network, pictures.valid)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


one = 33 % len(pictures.valid)  # any number below len(pictures.valid) will do
alike = unit(seen["hidden"]) @ unit(asked["hidden"][one])
nearest = alike.argsort()[::-1][:5]
plots.show_pictures(
    [network.transform.cropped(path) for path in (pictures.valid.paths[one], *(pictures.train.paths[i] for i in nearest))],
    ["who am I?", *(f"{pictures.classes[seen.labels[i]]}\n{alike[i]:.2f}" for i in nearest)],
    heading="A new picture, its five nearest neighbours, and the cosines",
)

# %% [markdown]
# Do the neighbours show the same sign? Or do they share something else with the picture: a colour, a wall, the way the arm
# lies? Change `one` and run the cell again, a few times. You will meet both, and the rest of the lesson is about the two.

# %% [markdown]
# ### Exercise 1: a vote
#
# One neighbour may be a bad one. Let the *k* nearest vote: the class that comes most often wins. If two come equally often,
# the one whose first neighbour is nearer wins. `labels` are the classes of the neighbours as numbers, the nearest first.


# %%
def vote(labels, k):
    ### BEGIN SOLUTION
    counts = np.bincount(labels[:k])
    return next(label for label in labels[:k] if counts[label] == counts.max())
    ### END SOLUTION
    ### BEGIN LEARNER
    # return None  # your answer goes here
    ### END LEARNER


exercise.vote.check(vote if vote(np.array([2, 0, 0]), 1) is not None else None)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def vote(labels, k):
#     counts = np.bincount(labels[:k])
#     return next(label for label in labels[:k] if counts[label] == counts.max())
# ```
#
# </details>

# %% [markdown]
# ## Step 2: your camera
#
# Here is the whole machine. Choose your camera and allow the page to use it. Hold the button of a sign for two seconds while
# you make the sign: five frames a second are looked at and remembered. When two signs have some, the machine starts to
# answer, and shows **the pictures of the neighbours that voted**. Ten pictures of each sign will do to begin with.
#
# The pictures stay on the machine on which this notebook runs. You see yourself mirrored; what the network gets is not
# mirrored. The signs are those of the recordings: rename them, or add your own.
#
# No camera? Choose a recording where you choose the camera: room a first. (It needs a running notebook.)

# %% tags=["this-machine"]
signs = exercise.rooms["a"].classes
look = features.looker(network, threads=1)
examples = Examples(signs)
camera.Camera(examples, look, exercise.recordings)

# %% [markdown]
# Try to fool it. Turn your hand. Move it to the other side of the picture. Put on a glove. Let somebody else try, and stand
# somewhere else. What is the first thing that makes it fail?
#
# From here on the cells use the recordings, so that everybody sees the same numbers.

# %% [markdown]
# ## Step 3: which pictures may judge?
#
# One felt glove made eight signs in three rooms, a, b and c: of each sign a short recording of eight frames. We teach the first
# five frames of each, five neighbours vote, and we ask about the other three: of the *same* recording, as most people do it,
# and of a *second* recording, in another room.

# %%
rooms = {name: features.extract(network, held) for name, held in exercise.rooms.items()}
frame = np.concatenate([np.arange(8)] * len(signs))  # in each run, the order in which they were taken
taught, judged = frame < 5, frame >= 5


def neighbours_say(rows, labels, new):
    """The answers of five nearest neighbours, as in the exercise."""
    learnt = Examples(signs)
    for row, label in zip(rows, labels):
        learnt.add(row, signs[label])
    return np.array([signs.index(learnt.answer(row).label) for row in new])


# %%
right = {}
for home, known in rooms.items():
    for away, new in rooms.items():
        said = neighbours_say(known["hidden"][taught], known.labels[taught], new["hidden"][judged])
        right[home, away] = said == new.labels[judged]
        print(exercise.told(f"taught in {home}, asked in {away}", right[home, away]))
print(exercise.flattery(right))

# %% [markdown]
# The same hand, the same glove, the same signs. Most shows stop where the two letters are the same, and announce that number.
# But frames that follow each other within a second are *near copies*. They ask whether the network remembers, not whether it
# has understood. **Validate by a second recording, never by frames of the same one.**

# %% [markdown]
# ## Step 4: the trap
#
# It happens easily: you collect half of the signs today, and the rest tomorrow in another place. We teach the first four signs
# in room b, the other four in room c. We ask first about later frames of exactly these recordings; then with **the rooms
# swapped**: the first four signs in room c, the others in room b. Nothing else changes. Of 100 frames with the rooms swapped,
# how many will be named correctly? Guessing blindly gives 12 or 13.

# %%
my_bet = guesses.keep("06 rooms swapped", None)

# %%
early = rooms["b"].labels < 4  # the first four signs; the runs of b and c lie in the same order


def half_and_half(b, c, which):
    """Rows and labels: the first four signs from one room, the others from the other."""
    rows = np.concatenate([b[which & early], c[which & ~early]])
    labels = rooms["b"].labels
    return rows, np.concatenate([labels[which & early], labels[which & ~early]])


def trap(b, c):
    learnt = half_and_half(b, c, taught)
    for name, asked_in in {"where it was taught": (b, c), "with the rooms swapped": (c, b)}.items():
        rows, labels = half_and_half(*asked_in, judged)
        right = neighbours_say(*learnt, rows) == labels
        print(exercise.told(f"asked {name}", right))
    return right


# %%
swapped = trap(rooms["b"]["hidden"], rooms["c"]["hidden"])
print(exercise.against_guessing(swapped, len(signs)))
print(guesses.beside(my_bet, 100 * swapped.mean()))

# %% [markdown]
# Look at who voted: one frame of each sign with the rooms swapped, and beside it its nearest neighbour.

# %%
learnt, _ = half_and_half(rooms["b"]["hidden"], rooms["c"]["hidden"], taught)
new, _ = half_and_half(rooms["c"]["hidden"], rooms["b"]["hidden"], judged)
closest = (unit(new[::3]) @ unit(learnt).T).argmax(1)
in_b, in_c = (np.array(exercise.rooms[room].paths) for room in "bc")
paths = [*in_b[taught & early], *in_c[taught & ~early]]
there, beside = [*in_c[judged & early], *in_b[judged & ~early]][::3], [paths[i] for i in closest]
plots.show_pictures(
    [network.transform.cropped(path) for pair in zip(there, beside) for path in pair],
    [f"{what}: {path.parent.name}" for pair in zip(there, beside) for what, path in zip(("asked", "nearest"), pair)],
    heading="Each frame, and beside it its nearest neighbour",
    columns=8,
    words=exercise.company(there, beside),
)

# %% [markdown]
# Who looks alike stands in the same *room*. In what we taught, the room told each sign apart from half of the others, and
# features hold a room as well as a hand: nobody said which of the two we meant. No error, no warning, and an excellent number
# on the frames by which most people would judge.

# %% [markdown]
# ## Step 5: remedies
#
# **Take the room away.** What all frames of a room have in common is their mean. Subtract from each row the mean of its own
# room: that needs no names of signs, just some frames from there. What is left says more about the hand. Is it enough?

# %%
centred = {name: held["hidden"] - held["hidden"].mean(0) for name, held in rooms.items()}
without_room = trap(centred["b"], centred["c"])
print(exercise.versus(("Without the room", "with it"), without_room, swapped))

# %% [markdown]
# **Show every sign in every room.** Better is to leave nothing to be learnt but the sign. Now we teach all eight signs in both
# rooms, every other frame of each: as many pictures as before. Then the same question about the same frames, and one about a
# third room.

# %%
in_turn = [taught & (frame % 2 == 0), taught & (frame % 2 == 1)]
rows = np.concatenate([rooms[room]["hidden"][which] for room, which in zip("bc", in_turn)])
labels = np.concatenate([rooms[room].labels[which] for room, which in zip("bc", in_turn)])
new, truly = half_and_half(rooms["c"]["hidden"], rooms["b"]["hidden"], judged)
in_both = neighbours_say(rows, labels, new) == truly
print(exercise.versus(("Taught in both rooms", "each sign in one"), in_both, swapped))
away = rooms["a"]
elsewhere = neighbours_say(rows, labels, away["hidden"][judged]) == away.labels[judged]
print(exercise.told("The same, asked in room a", elsewhere))

# %% [markdown]
# The first line says what is left of the trap, the second what that is worth elsewhere: two rooms are not the world. The frames
# are few and the intervals wide: they can show that there is a trap, and not how deep it is in your house.
#
# With a camera: move while you hold the button, turn to the window and away from it, and teach every sign at every place.

# %% [markdown]
# ## Step 6: another person
#
# One hand in three rooms was the easy part. Back to the many people, of whom some only judge. Does it help to replace the
# neighbours with a head that *learns* which features matter, the [logistic regression](glossary.ipynb) of lesson 01? We teach
# both with 1, 5, 20 and all pictures of each sign, five [draws](glossary.ipynb) of each (10 to 40 s on two cores, and in the
# full edition 1 to 3 minutes).

# %%
counts = (1, 5, 20, None)  # None: all of them
kinds = {"nearest neighbours": "nearest_neighbours", "logistic regression": "logistic_regression"}
rows = {
    name: comparison.rows(pictures, network, per_class=counts, seeds=5, head=head) for name, head in kinds.items()
}
means = {name: intervals.summary(found).set_index("pictures")["mean"] for name, found in rows.items()}
for count in (1, 20):
    print(exercise.heads_compared(rows, count))
pd.DataFrame(means).rename(index=int).T.map(share)

# %% [markdown]
# In the columns: pictures of each sign. Neighbours weigh all features alike, wall and sleeve among them. Logistic regression
# gives weight to those that go with the sign *across people*. The more people it has met, the better it can tell which.
#
# Two controls, at twenty pictures a sign: the same layout with [random weights](glossary.ipynb), and no network at all, only
# how often each colour occurs. What should the second one reach, if no colour gives a sign away? (2 to 20 s on two cores.)

# %%
blank = backbones.load(network.name, weights="random")
groups = {name: [row for row in found if row["per_class"] == 20] for name, found in rows.items()}
groups["random weights"] = comparison.rows(pictures, blank, per_class=[20], seeds=5)
groups["colours alone"] = [exercises.on_colours(pictures, 20, seed) for seed in range(5)]
plots.runs(groups, "Other people's signs, twenty pictures of each", chance=1 / len(pictures.classes), guess=my_guess)
print(exercise.controls(groups, 1 / len(pictures.classes)))
print(guesses.beside(my_guess, 100 * np.mean([row["accuracy"] for row in groups["logistic regression"]])))

# %% [markdown]
# Colours should reach little more than guessing: five fingers show more of a hand than a fist, and that is no knowledge of
# signs. Keep their number in mind when you read the others. Random weights hand on something of an outline. What lies above
# both, the giant has brought from its terriers and teapots.

# %% [markdown]
# ### Exercise 2: one picture from the new person
#
# Your neighbour sits down before your machine. Ask for **one** picture of each sign, add it to all that you have, and fit the
# head again. How many of the neighbour's *next* pictures are right?
#
# The next cell says who is asked: the new people of the set, or felt gloves, where nobody in the set made a sign twice. `whose`
# says for each of their pictures whose it is, and `first` whether it is that person's first of its sign. `known` holds what
# the network says of the training pictures, `met` what it says of theirs.
#
# Go through the people, one by one. Teach all of the training part and *this* person's first pictures; ask about this
# person's other pictures; collect in `right` for each of these whether it was named correctly. Take `"ridge"` as the head:
# **ridge regression** is a quicker relative of logistic regression.

# %%
new = exercise.newcomers
print(new)
whose, first = new.whose, new.first
known, met = features.extract(network, new.pictures.train), features.extract(network, new.pictures.valid)
without = heads.fit("ridge", known["hidden"], known.labels).predict(met["hidden"]) == met.labels
print(exercise.told("Without a picture of the new person", without[~first]))
right = []
### BEGIN SOLUTION
for person in np.unique(whose):
    more, left = (whose == person) & first, (whose == person) & ~first
    rows = np.concatenate([known["hidden"], met["hidden"][more]])
    head = heads.fit("ridge", rows, np.append(known.labels, met.labels[more]))
    right += list(head.predict(met["hidden"][left]) == met.labels[left])
### END SOLUTION
### BEGIN LEARNER
# for person in np.unique(whose):
#     pass  # your answer goes here
### END LEARNER
exercise.mended.check(float(np.mean(right)) if right else None)
if right:
    print(exercise.told("With one picture of each sign", right))

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# for person in np.unique(whose):
#     more, left = (whose == person) & first, (whose == person) & ~first
#     rows = np.concatenate([known["hidden"], met["hidden"][more]])
#     head = heads.fit("ridge", rows, np.append(known.labels, met.labels[more]))
#     right += list(head.predict(met["hidden"][left]) == met.labels[left])
# ```
#
# </details>
#
# One picture of each sign is less than a minute of somebody's time. Such a machine works for the one who holds the button
# because it has met *you*. Say so when you show a number: *people it has met*, or *people it has not*.

# %% [markdown]
# ## Step 7: none of these
#
# A classifier answers the question that it was taught, whatever you hold before it: a teapot becomes a fist. Neighbours offer
# a way out. Where even the *nearest* training picture is little like the new one, refuse to answer.
#
# The cell finds for each picture of the validation part how alike its nearest training picture is: the cosine of step 1. It
# finds the same for **strangers**: things of felt that are no signs. (In the full edition they are easy, since the hands there
# are not of felt.)

# %%
strangers = features.extract(network, exercise.strangers)
alike_known = exercises.likeness(asked["hidden"], seen["hidden"])
alike_strangers = exercises.likeness(strangers["hidden"], seen["hidden"])
for name, values in {"signs": alike_known, "no signs": alike_strangers}.items():
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    print(f"{name}: the nearest is alike by {middle:.2f} in the middle, nine of ten from {low:.2f} to {high:.2f}")

# %% [markdown]
# ### Exercise 3: the price of a threshold
#
# Refuse what lies below a **threshold**. Choose it so that 5 % of the known signs are refused: the numbers are `alike_known`.
# How many strangers still get in?

# %%
### BEGIN SOLUTION
threshold = float(np.quantile(alike_known, 0.05))
### END SOLUTION
### BEGIN LEARNER
# threshold = None  # your answer goes here
### END LEARNER
exercise.threshold.check(threshold)
if threshold is not None:
    let_in = alike_strangers >= threshold
    low, high = intervals.wilson(int(let_in.sum()), len(let_in))
    print(f"Of {len(let_in)} strangers, {share(let_in.mean(), 0)} still get in (95 % interval {bounds(low, high, 0)}).")

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# threshold = float(np.quantile(alike_known, 0.05))
# ```
#
# </details>
#
# You pay at both ends: some signs are refused, some strangers may get in. Strictly, the threshold should be chosen on pictures
# that are not reported; and the strangers you will meet are not felt teapots. The camera above has two remedies: the slider,
# which is the threshold, and a class called *nothing* that you teach like any other, by showing what is there without a hand.

# %% [markdown]
# ## When a mirror lies
#
# Many recipes double their pictures by mirroring each of them. For these signs that is harmless: a mirrored fist is the fist
# of the other hand. Does it help? (2 to 10 s on two cores, and in the full edition 10 to 60 s.)

# %%
mirrored = features.extract(network, pictures.train, flip=True)
rows = np.concatenate([seen["hidden"], mirrored["hidden"]])
plain = heads.fit("logistic_regression", seen["hidden"], seen.labels)
doubled = heads.fit("logistic_regression", rows, np.tile(seen.labels, 2))
named = [head.predict(asked["hidden"]) == asked.labels for head in (doubled, plain)]
print(exercise.versus(("With mirrored pictures", "without"), *named))

# %% [markdown]
# Ask “left hand or right hand?”, or read letters, arrows and clocks, and every
# mirrored picture is a lie with a label. Before you mirror, ask whether a person would give the mirrored picture the same name.

# %% [markdown]
# ## Key points
#
# * A headless giant and nearest neighbours learn a new sign the moment you show it: teaching is remembering.
# * Frames of one recording are near copies. Judge by a second recording, in another place, by another person.
# * Whatever differs between your classes can be learnt instead of them: the room, the light, the day. Show every class in
#   every room, and look at *which* neighbours voted.
# * A number belongs to the people it was measured on. One picture of each sign from a new person mends much of the gap.
# * “None of these” has a price at both ends; choose it with pictures that you do not report.
# * What the camera cannot know: whether you meant your hand or your wallpaper.
#
# ## Where to go next
#
# Save what you collected (the button below the camera asks for a folder). Then make a second recording, in another place, and
# save it in another folder. In a terminal, in the course's folder, `.venv/bin/shoulders compare FIRST --valid SECOND` (Windows:
# `.venv\Scripts\shoulders`) teaches the one and judges by the other.
#
# ## References
#
# * A. Mavi: *A new dataset and proposed convolutional neural network architecture for classification of American Sign Language
#   digits*, 2020, [arXiv 2011.08927](https://arxiv.org/abs/2011.08927): the photographs, by pupils of the Ayrancı Anadolu High
#   School in Ankara, under the Apache licence 2.0. Who signed is taken from the files' numbers: see `shoulders.datasets.signers`.
# * Y. Wang and others: *SimpleShot: revisiting nearest-neighbor classification for few-shot learning*, 2019,
#   [arXiv 1911.04623](https://arxiv.org/abs/1911.04623): neighbours on a giant's features, with the mean taken away.
# * M. Carney and others: *Teachable Machine: approachable web-based tool for exploring machine learning classification*, 2020,
#   [doi 10.1145/3334480.3382839](https://doi.org/10.1145/3334480.3382839): the show that this lesson takes apart.
# * R. Geirhos and others: *Shortcut learning in deep neural networks*, 2020,
#   [arXiv 2004.07780](https://arxiv.org/abs/2004.07780): the room instead of the sign, and many brothers.
# * E. B. Wilson, 1927, JASA 22: the interval.
